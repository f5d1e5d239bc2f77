"""Hosting: what a provider does for us when we ask it, in our words; every call is bounded in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NoReturn, Protocol
from uuid import UUID

from providers import ProviderRefused


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a kind of provider can do for us.

    `joins`: gives each member a way in. `creates_rooms`: makes a room per class. `recreates`: making the same room
    again is harmless and revives it, so it is done before each way in. `records`, `polls`: keeps recordings, and can be
    asked for them. `fresh_links`: a recording's address must be asked for anew when it is fetched. `calls_roll`: can
    say who is in the room now. `reports`: can say afterwards who was there and when.
    """

    joins: bool = False
    creates_rooms: bool = False
    recreates: bool = False
    records: bool = False
    polls: bool = False
    fresh_links: bool = False
    calls_roll: bool = False
    reports: bool = False


class Part(StrEnum):
    """What somebody may do in the room."""

    TEACHER = "teacher"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class Participant:
    """Who comes in: the member's id, by which the provider reports them; `address` is a mailbox nobody reads."""

    id: UUID
    name: str
    part: Part
    address: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """A class as a provider needs to know it; `callback` is where its webhooks go."""

    class_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    callback: str


@dataclass(frozen=True, slots=True)
class Room:
    """A class's room: the provider's name of it, what it wants told again, and a sentence on what it could not do."""

    ref: str
    facts: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RoomState:
    """Whether the room is open now; `ended_at` where the provider remembers."""

    word: Literal["waiting", "open", "ended"]
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in the room now, once for each of their connections; `participant` is the one that webhooks name.

    `since` is when they came in, exactly as the webhook says it, where the provider tells.
    """

    participant: str
    name: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """One stretch that somebody was in the room; `participant` is the one that webhooks name."""

    participant: str
    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording the provider has, under the key its webhook would name; `failed` says why there will be none."""

    key: str
    url: str = ""
    content_type: str = "video/mp4"
    size: int | None = None
    started_at: datetime | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """Where a recording lies right now, and the headers that open it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A provider's token and when to ask for the next one, by the monotonic clock."""

    value: str = field(repr=False)
    until: float


class Hosting(Protocol):
    """A provider as one connection sees it. All raise ProviderDown, or ProviderRefused with what to put right."""

    async def probe(self) -> str:
        """A sentence on what stands, once the credentials have been tried."""

    async def create_room(self, meeting: Meeting) -> Room:
        """The room of a class."""

    async def join_url(self, room: Room, participant: Participant) -> str:
        """A way in for this one person."""

    async def end_room(self, room: Room) -> None:
        """Close the room; one that is gone already is closed."""

    async def room_state(self, room: Room) -> RoomState:
        """How the room stands."""

    async def list_people(self, room: Room) -> list[Present]:
        """Who is in the room now, robots aside; nobody in a room that is gone. Only of those who call the roll."""

    async def list_stays(self, room: Room, since: datetime) -> list[Stay]:
        """Who was in the room, in sittings that began at `since` or later and are over; none while it is not known."""

    async def list_recordings(self, room: Room, since: datetime) -> list[FoundRecording]:
        """The recordings of a room that began at `since` or later and are whole or failed, oldest first."""

    async def open_recording(self, room: Room, key: str, url: str) -> Download:
        """The recording of that key, `url` being where it was said to lie."""


class NoHosting:
    """Hosting for what only speaks, and cannot be asked."""

    async def probe(self) -> str:
        """There is nothing to try."""
        return "Nothing to ask here: this provider speaks by webhook alone."

    async def create_room(self, meeting: Meeting) -> Room:
        """Never."""
        cannot()

    async def join_url(self, room: Room, participant: Participant) -> str:
        """Never."""
        cannot()

    async def end_room(self, room: Room) -> None:
        """There is no room of ours to close."""

    async def room_state(self, room: Room) -> RoomState:
        """Nobody knows."""
        return RoomState("waiting")

    async def list_people(self, room: Room) -> list[Present]:
        """Never."""
        cannot()

    async def list_stays(self, room: Room, since: datetime) -> list[Stay]:
        """None that could be asked for."""
        return []

    async def list_recordings(self, room: Room, since: datetime) -> list[FoundRecording]:
        """None that could be asked for."""
        return []

    async def open_recording(self, room: Room, key: str, url: str) -> Download:
        """Where it was said to lie."""
        return Download(url)


def cannot() -> NoReturn:
    """The refusal of what a kind of provider is not able to do."""
    raise ProviderRefused("This provider cannot be asked for that.", "cannot_do", 422)
