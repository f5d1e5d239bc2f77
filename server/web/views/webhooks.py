"""Webhooks in the studio: the endpoints, and of one what was sent to it."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import Form
from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class HookRow:
    """An endpoint as it is listed; `trouble` says why it was switched off by itself."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    trouble: str
    form: Form
    open: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the answer's status or the trouble, and both heads."""

    at: datetime
    took_ms: int
    status: int | None
    trouble: str
    request_head: str
    response_head: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery: `state` is `waiting`, `taken` or `failed`; `again` when it may be sent again."""

    id: str
    event: str
    state: str
    at: datetime
    attempts: tuple[Attempt, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class HooksPage:
    """`studio_webhooks.html`. `POST {home}/webhooks`: `name`, `url`, a field per event; `…/webhooks/{id}`: the same, or
    `do` of `turn`, `secret`, `test`, `delete`; `…/webhooks/{id}/deliveries/{delivery}`: sends it again.

    `secret` was made just now and stands on this one answer; `log` is of the endpoint `chosen`.
    """

    desk: Desk
    hooks: tuple[HookRow, ...]
    events: tuple[str, ...]
    zone: ZoneInfo
    form: Form = field(default_factory=Form)
    secret: str = ""
    problem: str = ""
    chosen: str = ""
    log: tuple[Sent, ...] = ()
