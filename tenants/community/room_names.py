"""What rooms are called: their names, topics and addresses."""

import re
import unicodedata
from collections.abc import Iterable

from tenants.errors import Invalid
from tenants.ids import new_id
from tenants.texts import clean_line

# Pages beside those of rooms.
PAGES = {"decisions"}


def slug_of(name: str) -> str:
    """A room's address from its name: `General chat` → `general-chat`; empty when no letter of it is Latin."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]


def slugs(name: str, position: int) -> tuple[str, ...]:
    """Addresses to try for a room of that name, the nicest first; the last one is free for certain."""
    base = slug_of(name) or "room"
    return f"{base}-room" if base in PAGES else base, f"{base}-{position}", f"{base}-{new_id().hex[-6:]}"


def clean_name(name: str) -> str:
    """The name of a room; Invalid for none, or one of more than 60 characters."""
    return clean_line(name, "/name", longest=60)


def are_one(name: str, other: str) -> bool:
    """Whether people would take two names for one and the same: by other capitals or spaces nobody tells them apart."""
    return _folded(name) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def require_free(name: str, others: Iterable[str]) -> None:
    """Pass for a name that none of the others is; Invalid at the field of the name otherwise."""
    folded = _folded(name)
    if any(_folded(other) == folded for other in others):
        raise Invalid.field(
            "/name", "taken", "There is a room of that name already. Choose another name, or rename that room first."
        )


def clean_topic(topic: str) -> str:
    """What a room is about, in at most 200 characters."""
    return clean_line(topic, "/topic", longest=200, shortest=0)
