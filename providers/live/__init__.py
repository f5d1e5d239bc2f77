"""Live classes held elsewhere: what a provider tells us by webhook, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast
from uuid import UUID

BODY_LIMIT = 256 * 1024
"""Bytes a webhook's body may have."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What every event has: the provider's id of the delivery (the same when sent again) and our class."""

    event_id: str
    class_id: UUID


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


@dataclass(frozen=True, slots=True)
class RecordingFailed(LiveEvent):
    """There will be no recording; `reason` is the provider's sentence, possibly empty."""

    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoomEnded(LiveEvent):
    """The class is over at the provider."""

    at: datetime | None


class LiveProvider(Protocol):
    """One kind of provider; holds no state and no secrets."""

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The events in a webhook, none for a type we do not know; raises SignatureRefused or PayloadRefused."""

    def make_secret(self) -> str:
        """A fresh secret of the form this provider signs with."""

    def checked_secret(self, secret: str) -> str:
        """The secret itself, when it looks right; ValueError with a sentence otherwise."""


class Adapter(Protocol):
    """A module of this package that speaks for one kind of provider."""

    def open_provider(self) -> LiveProvider:
        """The provider."""


ADAPTERS = {"generic": "providers.live.generic"}
"""Kind of a live connection → module with `open_provider`; loaded only when chosen."""


def choose(kind: str) -> LiveProvider:
    """The provider of that kind; ValueError with a sentence that names the known ones."""
    if kind not in ADAPTERS:
        raise ValueError(f"{kind!r} is no kind of live connection; known: {', '.join(ADAPTERS)}.")
    return cast(Adapter, import_module(ADAPTERS[kind])).open_provider()
