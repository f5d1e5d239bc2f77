"""Live classes held elsewhere: what a provider tells us by webhook, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast
from uuid import UUID

from providers.live.credentials import Field
from providers.live.hosting import Abilities, Hosting, Token
from providers.outbound import Outbound

BODY_LIMIT = 256 * 1024
"""Bytes a webhook's body may have."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What every event has: the provider's id of the delivery (the same when sent again) and our class.

    A `str` in place of the class's id is the provider's own name of the room (`Room.ref`), where it tells no more.
    """

    event_id: str
    class_id: UUID | str


@dataclass(frozen=True, slots=True)
class ParticipantJoined(LiveEvent):
    """Somebody came in; `participant` is who we said they are when we let them in, `at` is aware."""

    participant: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ParticipantLeft(LiveEvent):
    """Somebody went out; joins and leaves may come late, twice or in any order."""

    participant: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingReady(LiveEvent):
    """A recording may be fetched from `url`; `size` in bytes is a claim, not yet a fact."""

    recording: str
    url: str
    content_type: str
    size: int | None
    started_at: datetime
    token: str = field(default="", repr=False)
    """What a fetcher says as `Authorization: Bearer`, if the provider wants that."""


@dataclass(frozen=True, slots=True)
class RecordingFailed(LiveEvent):
    """There will be no recording; `reason` is the provider's sentence, possibly empty."""

    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoomEnded(LiveEvent):
    """The class is over at the provider."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordingHint(LiveEvent):
    """There is something to be asked for: `list_recordings` knows more."""


@dataclass(frozen=True, slots=True)
class Attended(LiveEvent):
    """All comings and goings at once: `(participant, name, joined or left, at)`."""

    marks: tuple[tuple[str, str, str, datetime], ...]


class LiveProvider(Protocol):
    """One kind of provider; holds no state and no secrets.

    `secret` is what is kept sealed of a connection: its credentials as `check` returned them.
    """

    fields: tuple[Field, ...]
    abilities: Abilities

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The events in a webhook, none for a type we do not know; raises SignatureRefused or PayloadRefused.

        `headers` holds the request's path and query as `:path`; of a GET `raw` is empty.
        """

    def greeting(self, headers: Mapping[str, str], raw: bytes, secret: str) -> dict[str, str] | None:
        """The answer by which a provider wants to know us, when the webhook asks for one; raises as above."""

    def make_secret(self) -> str:
        """A fresh secret of the form this provider signs with."""

    def checked_secret(self, secret: str) -> str:
        """The secret itself, when it looks right; ValueError with a sentence otherwise."""

    def check(self, given: Mapping[str, str]) -> str:
        """The credentials in the form they are kept in; FieldRefused for the first that cannot be right."""

    def open(self, secret: str, outbound: Outbound, memory: dict[str, Token]) -> Hosting:
        """The provider as the holder of these credentials; `memory` keeps short-lived tokens for the process."""


class Adapter(Protocol):
    """A module of this package that speaks for one kind of provider."""

    def open_provider(self) -> LiveProvider:
        """The provider."""


ADAPTERS = {
    "livekit": "providers.live.livekit",
    "zoom": "providers.live.zoom",
    "bigbluebutton": "providers.live.bigbluebutton",
    "link": "providers.live.link",
    "generic": "providers.live.generic",
}
"""Kind of a live connection → module with `open_provider`; loaded only when chosen."""


def choose(kind: str) -> LiveProvider:
    """The provider of that kind; ValueError with a sentence that names the known ones."""
    if kind not in ADAPTERS:
        raise ValueError(f"{kind!r} is no kind of live connection; known: {', '.join(ADAPTERS)}.")
    return cast(Adapter, import_module(ADAPTERS[kind])).open_provider()
