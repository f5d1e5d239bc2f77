"""What is wrong with a field, in our words: a validator says what a value should be, a sentence what to give."""

from collections.abc import Mapping
from typing import Any

# By the type of pydantic's error; what stands in braces comes from its context.
WORDS: Mapping[str, str] = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field here. Leave it out.",
    "too_short": "Give at least {min_length}.",
    "too_long": "Give at most {max_length}.",
    "string_too_short": "Write at least {min_length}.",
    "string_too_long": "Write at most {max_length}.",
    "greater_than_equal": "Give {ge} or more.",
    "greater_than": "Give more than {gt}.",
    "less_than_equal": "Give {le} or less.",
    "less_than": "Give less than {lt}.",
    "multiple_of": "Give a multiple of {multiple_of}.",
    "literal_error": "Choose one of {expected}.",
    "enum": "Choose one of {expected}.",
    "string_pattern_mismatch": "Write this so that it matches {pattern}.",
    **dict.fromkeys(("string_type", "string_unicode"), "Give a text."),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "Give a whole number."),
    **dict.fromkeys(("int_parsing_size", "finite_number"), "Give a number that is not so large."),
    **dict.fromkeys(("float_type", "float_parsing"), "Give a number."),
    **dict.fromkeys(("bool_type", "bool_parsing"), "Give true or false."),
    **dict.fromkeys(("list_type", "tuple_type"), "Give a list."),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "Give an object."),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), "Give an id, which is a UUID."),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
        "Give a time with its offset, such as 2026-12-24T19:00:00Z.",
    ),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "Give a day, such as 2026-12-24.",
    ),
}
_COUNTED = frozenset({"string_too_short", "string_too_long"})
_LENGTHS = ("min_length", "max_length")


def sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """The sentence for an error of this kind; `message` itself, as a sentence, where we have no words of our own."""
    words = WORDS.get(kind)
    if words is None:
        return message.removeprefix("Value error, ").rstrip(".") + "."
    facts = {name: value for name, value in context.items() if name != "expected"}
    if kind in _COUNTED:
        facts |= {name: characters(facts[name]) for name in _LENGTHS if name in facts}
    if "expected" in context:
        choices = choices_of(str(context["expected"]))
        if len(choices) == 1:
            return f"This can only be {choices[0]}."
        facts["expected"] = ", ".join(choices)
    return words.format(**facts)


def characters(count: int) -> str:
    """A number of characters in words."""
    return "1 character" if count == 1 else f"{count} characters"


def choices_of(expected: str) -> list[str]:
    """The values in pydantic's `'off', 'daily' or 'weekly'`."""
    head, _, last = expected.rpartition(" or ")
    return [each.strip().strip("'") for each in [*head.split(", "), last] if each]
