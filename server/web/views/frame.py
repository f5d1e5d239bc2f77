"""What every page knows beside its own view: whose page it is, who reads it, in which language, at which address."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChannelMark:
    """A channel where it is named: `key` (its id) draws the pennant, `colour` is `#rrggbb`, `url` its landing page."""

    key: str
    name: str
    slug: str
    url: str
    colour: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class PersonMark:
    """A person where they are named: `key` (their id) draws the tile until there is a picture.

    A `program` is none: it has a sign instead of a tile, and no page of its own.
    """

    key: str
    name: str
    picture: str | None = None
    program: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer: language, origin it was asked at (`https://host`), path, and the brand and reader if there are any.

    `nonce` is set under the studio's policy only. `said` is a sentence about what was just done, shown as a toast.
    `member` when the reader belongs to the channel; `studio` leads to their part of its studio if they have one;
    `unread` counts the notices that they have not read.
    """

    origin: str
    path: str = "/"
    language: str = "en"
    channel: ChannelMark | None = None
    reader: PersonMark | None = None
    nonce: str = ""
    said: str = ""
    demo: bool = False
    member: bool = False
    studio: str = ""
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it comes back: what was typed by field name, what is wrong by field name, what is wrong as a whole.

    `focused` puts the reader at the first field that is wrong; `of` tells which of several like it on the page it is.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    focused: bool = True
    of: str = ""

    @property
    def complaint(self) -> str:
        """All that is wrong in one line, for a page that has no place beside the fields."""
        return self.problem or " ".join(self.errors.values())
