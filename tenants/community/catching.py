"""Catching: what filters look for in a text, by rules that look at nothing else.

Words are compared as they sound to a reader: without capitals, accents, and characters that nobody sees.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from urllib.parse import urlsplit

from tenants.texts import plain

_INVISIBLE = {"Mn", "Cf"}
_FILLERS = {0x115F, 0x1160, 0x3164, 0xFFA0}
_WORD = re.compile(r"[^\W_]+")
_SPACES = re.compile(r"\s+")
# Written without spaces between words: there a word is found within a longer one.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_HREF = re.compile(r'href="([^"]*)"')
_BARE = re.compile(r"(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class _Folding(dict[int, int | None]):
    """What becomes of each character beyond ASCII, found out when it is first met."""

    def __missing__(self, point: int) -> int | None:
        gone = point in _FILLERS or unicodedata.category(chr(point)) in _INVISIBLE
        self[point] = found = None if gone else point
        return found


_FOLDING = _Folding()


class Seen:
    """The HTML of a message as filters see it; each part is found when it is first asked for."""

    def __init__(self, rendered: str) -> None:
        self._rendered = rendered

    @cached_property
    def loose(self) -> str:
        """What can be read of it, folded."""
        return _SPACES.sub(" ", fold(plain(self._rendered)))

    @cached_property
    def words(self) -> str:
        """Its words, one space around each."""
        return words_of(self.loose)

    @cached_property
    def linked(self) -> tuple[str, ...]:
        """The hosts of its links, one for each."""
        found = _HREF.findall(self._rendered) if "href=" in self._rendered else ()
        return tuple(host for host in map(_host_of, found) if host is not None)

    @cached_property
    def named(self) -> frozenset[str]:
        """The domains that its words name."""
        return frozenset(map(_ascii, _BARE.findall(self.loose))) if "." in self.loose else frozenset()

    @cached_property
    def mark(self) -> bytes:
        """The same for texts that read the same."""
        return sha256((self.words if self.words.strip() else self.loose).encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words and phrases to look for, made ready once."""

    single: frozenset[str]
    several: tuple[str, ...]
    loose: tuple[str, ...]

    @classmethod
    def of(cls, written: Iterable[str]) -> "Phrases":
        """Of words as people write them into a list."""
        single, several, loose = set(), [], []
        for each in written:
            folded = _SPACES.sub(" ", fold(each)).strip()
            words = words_of(folded)
            if not words.strip() or _UNSPACED.search(folded):
                loose.append(folded)
            elif words.count(" ") == 2:
                single.add(words.strip())
            else:
                several.append(words)
        return cls(frozenset(single), tuple(several), tuple(each for each in loose if each))

    def within(self, seen: Seen) -> bool:
        """Whether a text holds one of them, whole."""
        return (
            not self.single.isdisjoint(seen.words.split())
            or any(each in seen.words for each in self.several)
            or any(each in seen.loose for each in self.loose)
        )


def fold(text: str) -> str:
    """A text without capitals, accents, and what nobody sees."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_FOLDING)


def words_of(folded: str) -> str:
    """The words of a folded text, one space around each."""
    return f" {' '.join(_WORD.findall(folded))} "


def clean_domain(written: str) -> str | None:
    """A domain as it is compared, from a domain or an address of a page; None when it is neither."""
    typed = written.strip().lower()
    host = (_host_of(typed) if "//" in typed else _ascii(typed.split("/")[0])) or ""
    host = host.removeprefix("*.").removeprefix("www.")
    return host if _DOMAIN.fullmatch(host) else None


def leads_to(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of these domains, or below one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _host_of(href: str) -> str | None:
    """Where a link leads; empty for what cannot be read, None for one that stays here."""
    address = html.unescape(href)
    if address.startswith("mailto:"):
        return _ascii(address.partition("?")[0].rpartition("@")[2])
    try:
        parts = urlsplit(address)
        return _ascii(parts.hostname or "") if parts.scheme or parts.netloc else None
    except ValueError:
        return ""


def _ascii(host: str) -> str:
    """A host as names are resolved: in ASCII, without the dot at its end."""
    flat = unicodedata.normalize("NFKC", host).casefold().rstrip(".")
    if flat.isascii():
        return flat
    try:
        return flat.encode("idna").decode()
    except UnicodeError:
        return flat
