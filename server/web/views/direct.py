"""Conversations among a few: the page that lists them, and the bar of one that waits to be accepted."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import Form, PersonMark


@dataclass(frozen=True, slots=True)
class TalkRow:
    """The conversation `id`: called `name`, `sign` is its icon, `unread` the reader's."""

    id: str
    name: str
    url: str
    sign: str
    at: datetime
    unread: int = 0
    mentions: int = 0
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """The conversation `id` that waits for the reader: `POST {url}/accept` or `/decline`; `read_url` shows it first."""

    id: str
    name: str
    read_url: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DirectPage:
    """`direct.html`. `POST {url}`: `m-{id}` for each of the `picked` and `found` that is ticked, `name` of a group.

    `GET {url}?q=` looks for more; `POST {url}/block` with `member` and `on` (`0`: no more) blocks. `more_url` leads
    to older conversations. `unfound` is as in `seeking.Sought`. Without `may_begin` the reader only answers.
    """

    url: str
    talks: tuple[TalkRow, ...]
    requests: tuple[Request, ...]
    blocked: tuple[PersonMark, ...]
    zone: ZoneInfo
    may_begin: bool = True
    asked: str = ""
    unfound: str = ""
    picked: tuple[PersonMark, ...] = ()
    found: tuple[PersonMark, ...] = ()
    more_url: str = ""
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class TalkBar:
    """What a direct room has beside a room of the channel; `standing` is the reader's (`in`, `asked`, …).

    `POST {url}/accept`, `/decline`, `/leave`, and `/name` with `name`; `block_url` as in `DirectPage`, for the `other`
    of a conversation of two. `waiting` until somebody accepts, and `left` of `most` messages may still wait there.
    """

    url: str
    list_url: str
    block_url: str
    standing: str
    blocked: bool = False
    other: PersonMark | None = None
    named: str = ""
    waiting: bool = False
    left: int = 0
    most: int = 0
