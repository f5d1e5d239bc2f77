"""Words: how text is folded, for documents and questions alike, so that `Café`, `cafe` and `CAFÉ` are one word."""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 64
LONGEST_TEXT = 60_000  # keeps a document's words below PostgreSQL's limit of 1 MB for a tsvector

# Accents, Hebrew points, Arabic vowels: written or left out as one likes. Signs of Indic scripts and Thai stay.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff]")
_SIGNS = "".join(chr(code) for code in range(0x0900, 0x1100) if unicodedata.category(chr(code))[0] == "M")
_ACCENTS_INSIDE = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
_WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{_SIGNS}])*")
_WRITTEN = re.compile(f"[^\\W_](?:[^\\W_]|[{_SIGNS}{_ACCENTS_INSIDE}])*")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]{2,}")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def fold(text: str) -> str:
    """Lower case without accents, compatibility forms resolved (NFKD)."""
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain).casefold().translate(_LETTERS)


def split(text: str) -> list[str]:
    """The folded words of a text; writing without spaces (Chinese, Japanese) becomes pairs of signs."""
    folded = fold(text[:LONGEST_TEXT])
    if not _UNSPACED.search(folded):
        return [word[:LONGEST_WORD] for word in _WORD.findall(folded)]
    found: list[str] = []
    for word in _WORD.findall(folded):
        found += _pairs(word) if _UNSPACED.search(word) else [word[:LONGEST_WORD]]
    return found


def spaced(text: str) -> str:
    """The folded words of a text with single spaces, at most LONGEST_TEXT characters."""
    return " ".join(split(text))[:LONGEST_TEXT]


def written(text: str) -> Iterator[tuple[int, str]]:
    """Where each word of a text begins, and the word as it is written there."""
    return ((found.start(), found.group()) for found in _WRITTEN.finditer(text))


def parts(word: str) -> Iterator[tuple[int, int, str]]:
    """Where what is looked for in a written word begins and ends in it, folded: all of it, or pairs that overlap."""
    if not word.isascii() and _UNSPACED.search(word):
        return ((at, at + 2, fold(word[at : at + 2])) for at in range(len(word) - 1))
    return iter([(0, len(word), fold(word))])


def _pairs(word: str) -> list[str]:
    """Pairs of neighbours where signs are written without spaces; the rest of the word as it is."""
    parts: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(word):
        parts += [word[end : run.start()][:LONGEST_WORD]] if run.start() > end else []
        signs = run.group()
        parts += [signs[place : place + 2] for place in range(len(signs) - 1)]
        end = run.end()
    return parts + ([word[end:][:LONGEST_WORD]] if end < len(word) else [])
