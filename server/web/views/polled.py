"""The poll of a message as a page shows it: a form to vote by, or how it was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Chosen:
    """An option, how many chose it, how many of a hundred voters that is, and whether the reader did."""

    text: str
    count: int
    share: int
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Polled:
    """A poll. `POST url`: `act` (`vote`, `withdraw`, `close`), and `option`, or `option-{n}` for each of `several`.

    Without a `url` the reader does not vote. `who_url` leads to those who chose, where names are told; `version` grows
    with each change.
    """

    options: tuple[Chosen, ...]
    voters: int
    several: bool
    anonymous: bool
    closed: bool
    ends_at: datetime | None
    version: int
    url: str = ""
    who_url: str = ""


def polled(poll: Mapping[str, Any] | None, mine: Sequence[int] = (), url: str = "", who_url: str = "") -> Polled | None:
    """A poll as a message shows it; None without one."""
    if poll is None:
        return None
    voters = poll["voters"]
    return Polled(
        options=tuple(_chosen(each, voters, mine=n in mine) for n, each in enumerate(poll["options"])),
        voters=voters,
        several=poll["several"],
        anonymous=poll["anonymous"],
        closed=poll["closed"],
        ends_at=datetime.fromisoformat(poll["ends_at"]) if poll["ends_at"] else None,
        version=poll["v"],
        url=url,
        who_url="" if poll["anonymous"] else who_url,
    )


def _chosen(option: Mapping[str, Any], voters: int, *, mine: bool) -> Chosen:
    share = round(100 * option["count"] / voters) if voters else 0
    return Chosen(option["text"], option["count"], share, mine)
