"""Incoming webhooks in the studio: by which programs write in which room, and what was refused of one."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import Form
from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class Arrival:
    """An incoming webhook as it is listed: `trouble` says why a moderator switched it off; `posted` when it last wrote.

    It takes nothing where it is not `enabled`, where its maker no longer keeps the channel (`kept`), or where its room
    is `archived`.
    """

    id: str
    name: str
    room: str
    url: str
    enabled: bool
    trouble: str
    made_by: str
    kept: bool
    archived: bool
    posts: int
    posted: datetime | None
    form: Form


@dataclass(frozen=True, slots=True)
class Refused:
    """What came and was not taken: the answer's status and words, and the `webhook-id` that it came with."""

    at: datetime
    status: int
    said: str
    delivery: str


@dataclass(frozen=True, slots=True)
class Made:
    """A secret that was made just now, of the webhook at an address; it stands on this one answer."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class IncomingPage:
    """`studio_incoming.html`. `POST {home}/incoming`: `name`, `room`; `…/incoming/{id}`: the same, or `do` of `turn`,
    `secret`, `delete`. `rooms` are ids and names; `log` is of the webhook `chosen`.
    """

    desk: Desk
    hooks: tuple[Arrival, ...]
    rooms: tuple[tuple[str, str], ...]
    zone: ZoneInfo
    form: Form = field(default_factory=Form)
    made: Made | None = None
    problem: str = ""
    chosen: str = ""
    log: tuple[Refused, ...] = ()
