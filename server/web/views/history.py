"""How the words of a message came about: each version, and what was put in and taken out of the one before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal
from zoneinfo import ZoneInfo

from server.web.views.frame import PersonMark

_WORDS = re.compile(r"\s+|[^\s]+")
# Comparing costs as much as one length times the other: longer passages are shown as taken out and put in whole.
MOST_COMPARED = 250


@dataclass(frozen=True, slots=True)
class Part:
    """Words that stayed, were put in (`ins`), or were taken out (`del`)."""

    kind: Literal["same", "ins", "del"]
    words: str


@dataclass(frozen=True, slots=True)
class Version:
    """The words of one time, by how they differ from those before; `first` has none before it."""

    at: datetime
    parts: tuple[Part, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`history.html`: the latest version first; `back_url` leads to the message; a `hidden` one has no words."""

    author: PersonMark
    versions: tuple[Version, ...]
    zone: ZoneInfo
    room: str
    back_url: str
    hidden: bool = False


def story(written: Sequence[tuple[datetime, str]]) -> tuple[Version, ...]:
    """The versions, which come oldest first, as they are shown: the latest first, each compared with the one before."""
    versions = []
    for number, (at, body) in enumerate(written):
        parts = compare(written[number - 1][1], body) if number else (Part("same", body),)
        versions.append(Version(at, parts, first=not number))
    return tuple(reversed(versions))


def compare(before: str, after: str) -> tuple[Part, ...]:
    """What stayed, went and came, word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    parts = [Part("same", "".join(old[:start])), *_between(gone, come), Part("same", "".join(old[len(old) - end :]))]
    return tuple(part for part in parts if part.words)


def _between(gone: Sequence[str], come: Sequence[str]) -> list[Part]:
    if len(gone) > MOST_COMPARED or len(come) > MOST_COMPARED:
        return [Part("del", "".join(gone)), Part("ins", "".join(come))]
    parts = []
    for tag, here, there, other, last in SequenceMatcher(None, gone, come, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(Part("same", "".join(gone[here:there])))
        else:
            parts += [Part("del", "".join(gone[here:there])), Part("ins", "".join(come[other:last]))]
    return parts


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words are the same from the beginning."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (here, there) in enumerate(pairs) if here != there), min(len(one), len(other)))
