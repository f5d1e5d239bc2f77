"""What a demo channel is made of: plain data, so that both channels have the same shape."""

from dataclasses import dataclass
from typing import Any

PASSWORD = "guildhall-demo"  # noqa: S105 - the contract publishes it; it works only in the demo, on loopback


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the demo: first name of the e-mail, name, role."""

    who: str
    name: str
    role: str

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.who}@guildhall.example"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section with its lessons: `(kind, title, Markdown)`."""

    title: str
    lessons: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A room: kind, name, topic, and how many messages it holds."""

    kind: str
    name: str
    topic: str
    messages: int


@dataclass(frozen=True, slots=True)
class Sold:
    """A batch with a price: `amount` in the smallest unit of `currency`."""

    name: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class School:
    """One demo channel, whole."""

    slug: str
    name: str
    tagline: str
    about: str
    colour: str
    time_zone: str
    people: tuple[Somebody, ...]
    landing: dict[str, Any]
    course: str
    course_slug: str
    summary: str
    outcomes: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    embed: str
    batch: str
    class_title: str
    rooms: tuple[Place, ...]
    lines: tuple[str, ...]
    hue: int
    sold: Sold | None = None
