"""A person's own page: where they belong, which devices are signed in, who tried to."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from server.web.views.frame import ChannelMark


@dataclass(frozen=True, slots=True)
class Membership:
    """One channel the person belongs to, and as what (`owner`, `teacher`, `student`, …)."""

    channel: ChannelMark
    role: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """One signed-in device; `id` is posted as `device` to `/me/devices/end`. `host` is that of a channel of its own.

    `browser` may be a word of ours, `system` is unknown where empty.
    """

    id: str
    browser: str
    address: str
    seen: datetime
    current: bool = False
    phone: bool = False
    host: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in or try; `how` is in words (`password`, `link by mail`)."""

    at: datetime
    how: str
    address: str
    worked: bool


@dataclass(frozen=True, slots=True)
class MeView:
    """The page at `/me`. Ending every other device posts to `/me/devices/end-others`, signing out to `/sign-out`.

    `bounced` is why the address refuses our mail, if it does.
    """

    name: str
    email: str
    memberships: tuple[Membership, ...]
    devices: tuple[Device, ...]
    attempts: tuple[Attempt, ...]
    zone: tzinfo | None = None
    confirmed: bool = True
    bounced: str = ""
    has_password: bool = True
