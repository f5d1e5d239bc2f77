"""Polls: what a message asks, and how it was answered so far; both stand in the message's own row.

The question is the message's body, so that all that looks at bodies looks at it. Options never change once they are
posted. Who chose what is `voting`'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from uuid import UUID

import orjson

from tenants.errors import Conflict, Invalid, Said
from tenants.scope import Scope
from tenants.statements import Scoped
from tenants.texts import clean_line

FEWEST, MOST, LONGEST = 2, 10, 200
MOST_DAYS = 30
LONGEST_RUN = timedelta(days=MOST_DAYS)
CLOSED = "This poll is closed. Its result stands."
WRITE = Scoped(
    "update messages set poll = $3 where channel_id = $1 and id = $2", ("channel_id", "message_id", "poll"), {}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A poll as its writer gives it: options, whether one may choose `several`, whether names are kept from all."""

    options: tuple[str, ...]
    several: bool = False
    anonymous: bool = False
    ends_at: datetime | None = None


def check(options: Sequence[str], *, several: bool, anonymous: bool, ends_at: datetime | None) -> Asked:
    """The poll with its options tidied; Invalid for too few or too many, and for what reads like another one.

    Its end is looked at when it is posted, so that sending it again later is no fault.
    """
    if not FEWEST <= len(options) <= MOST:
        raise Invalid.field(
            "/poll/options", "number", Said("Give %(fewest)s to %(most)s options.", fewest=FEWEST, most=MOST)
        )
    tidy = tuple(_tidied(each, n) for n, each in enumerate(options))
    seen: set[str] = set()
    for n, each in enumerate(tidy):
        if each.casefold() in seen:
            raise _refused(n, "twice", "This is there already. Write another.")
        seen.add(each.casefold())
    return Asked(tidy, several, anonymous, ends_at)


def _tidied(option: str, place: int) -> str:
    try:
        return clean_line(option, longest=LONGEST)
    except Invalid as refusal:
        raise _refused(place, refusal.code, refusal.message) from None


def _refused(place: int, code: str, words: str) -> Invalid:
    return Invalid.field(
        f"/poll/options/{place}",
        code,
        Said("Option %(place)s: %(words)s", place=place + 1, words=words if isinstance(words, Said) else Said(words)),
    )


def legible(rendered: str, options: Iterable[str]) -> str:
    """The HTML of a message with the options of its poll below it, as filters read both."""
    return rendered + "".join(f"<p>{escape(each)}</p>" for each in options)


def texts(poll: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The options of a poll as a row keeps it; none without one."""
    return tuple(each["text"] for each in poll["options"]) if poll else ()


def shown(kept: str | bytes) -> dict[str, Any]:
    """A poll as the wire shows it, of its JSON; `mine` is not in it, for everybody gets the same."""
    poll: dict[str, Any] = orjson.loads(kept)
    return {name: poll[name] for name in ("options", "voters", "several", "anonymous", "ends_at", "v")} | {
        "closed": is_closed(poll)
    }


def is_closed(poll: Mapping[str, Any]) -> bool:
    """Whether a poll takes no votes any more: it was closed, or its end is past."""
    end = poll["ends_at"]
    return poll["closed_at"] is not None or (end is not None and datetime.fromisoformat(end) <= datetime.now(UTC))


def require_open(poll: Mapping[str, Any]) -> None:
    """Pass for a poll that takes votes; Conflict `poll_closed` for one that does not."""
    if is_closed(poll):
        raise Conflict(CLOSED, "poll_closed")


def check_choice(poll: Mapping[str, Any], options: Sequence[int]) -> list[int]:
    """The places of the chosen options, ascending; Invalid for none, for one that is not there, for too many."""
    chosen = sorted(set(options))
    if not chosen:
        raise Invalid.field("/options", "none", "Choose an option, or take your vote back.")
    if chosen[0] < 0 or chosen[-1] >= len(poll["options"]):
        raise Invalid.field("/options", "no_such_option", "Choose among the options of this poll.")
    if len(chosen) > 1 and not poll["several"]:
        raise Invalid.field("/options", "too_many", "Choose one option: this poll takes one from each.")
    return chosen


async def take(scope: Scope, message_id: UUID, asked: Asked) -> str:
    """Put a poll into a message just written; its JSON. Invalid for an end that is past, or too far away."""
    now = datetime.now(UTC)
    if asked.ends_at is not None and not now < asked.ends_at <= now + LONGEST_RUN:
        raise Invalid.field(
            "/poll/ends_at", "end", Said("Let the poll end later than now, within %(days)s days.", days=MOST_DAYS)
        )
    poll = {
        "options": [{"text": each, "count": 0} for each in asked.options],
        "voters": 0,
        "several": asked.several,
        "anonymous": asked.anonymous,
        "ends_at": asked.ends_at.astimezone(UTC).isoformat(timespec="seconds") if asked.ends_at else None,
        "closed_at": None,
        # Raised by one with each change, so that counts which overtake each other can be told apart.
        "v": 0,
    }
    await scope.run(WRITE, message_id=message_id, poll=poll)
    return orjson.dumps(poll).decode()
