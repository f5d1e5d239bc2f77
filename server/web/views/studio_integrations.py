"""Integrations in the studio: the keys by which programs act in the channel."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import Form
from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as it is listed: `ending` is its last four letters, `maker` whom it acts as, `scopes` as in the API."""

    id: str
    name: str
    ending: str
    maker: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """What keys may be for, by subject: `reads` and `writes` are the scopes, each also the name of a box."""

    subject: str
    reads: str
    writes: str


@dataclass(frozen=True, slots=True)
class IntegrationsPage:
    """`studio_integrations.html`. `POST {home}/keys`: `name`, a field per scope, `days` (how long it lasts, or empty);
    `…/keys/{id}/revoke`.

    `made` is the key that was just made, shown on this one answer; `api` the address of the channel's API.
    """

    desk: Desk
    keys: tuple[KeyRow, ...]
    groups: tuple[KeyGroup, ...]
    zone: ZoneInfo
    api: str
    made: str = ""
    form: Form = field(default_factory=Form)
