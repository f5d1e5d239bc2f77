"""The files of a message as a page shows them: pictures small enough to stand in the talk, sounds, rows to be saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The same numbers as in `frontend/src/lib/attached.ts`.
WIDEST, HIGHEST = 384, 320


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a message: `kind` is `image`, `audio` or `file`; `width` and `height` are those it is shown at."""

    id: str
    name: str
    kind: str
    url: str
    size: int
    width: int = 0
    height: int = 0
    thumbnail: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Linked:
    """What a link leads to: the words of its page."""

    url: str
    title: str
    description: str = ""
    site: str = ""


def linked(preview: Mapping[str, str] | None) -> Linked | None:
    """The preview as a message holds it; one that was taken away is empty."""
    return Linked(**preview) if preview else None


def attached(files: Sequence[Mapping[str, Any]]) -> tuple[Attached, ...]:
    """Files as a message holds them, pictures at the size that is kept free for them before they are there."""
    return tuple(_one(file) for file in files)


def _one(file: Mapping[str, Any]) -> Attached:
    width, height = file["width"] or 0, file["height"] or 0
    scale = min(1.0, WIDEST / width, HIGHEST / height) if width and height else 0.0
    return Attached(
        id=file["id"],
        name=file["name"],
        kind=file["kind"],
        url=file["url"],
        size=file["size"],
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        thumbnail=file["thumbnail"] or "",
        seconds=file["seconds"] or 0,
    )
