"""Reasons: the few words that flags and acts choose from, and the sentence each puts into a statement of reasons."""

from tenants.errors import Invalid
from tenants.texts import clean_line

OTHER = "other"
LONGEST = 500
REASONS = {
    "spam": "It advertises, or repeats itself.",
    "abuse": "It attacks or insults people.",
    "unsafe": "It may harm people, or lead them into harm.",
    "off-topic": "It does not belong in this room.",
    OTHER: "",
}


def check(reason: str, words: str) -> str:
    """The words beside a reason, tidied; Invalid for an unknown reason, or for `other` without words."""
    if reason not in REASONS:
        raise Invalid.field("/reason", "unknown_reason", f"A reason is one of: {', '.join(REASONS)}.")
    return clean_line(words, "/words", longest=LONGEST, shortest=1 if reason == OTHER else 0)


def statement(reason: str, words: str) -> str:
    """The reasons of an act as its person reads them: the sentence of the choice, then the moderator's own words."""
    return " ".join(part for part in (REASONS[reason], check(reason, words)) if part)
