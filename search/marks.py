"""Marks: the piece of a text around what was looked for, as HTML in which nothing but `<mark>` is markup."""

from collections.abc import Iterator, Sequence
from html import escape

from search.words import spans

LENGTH, BEFORE = 200, 60
ENDING = 3


def snippet(text: str, words: Sequence[str], prefix: str = "") -> str:
    """About LENGTH characters around the first match, escaped; each match in `<mark>`, `…` where the text goes on."""
    marked = _marked(text, words, prefix)
    first = next(marked, None)
    start = _begin(text, first[0]) if first else 0
    end = _end(text, start + LENGTH)
    inside = [] if first is None else [first]
    for span in marked:
        if span[0] >= end:
            break
        inside.append(span)
    return ("…" if start else "") + _dressed(text, start, end, inside) + ("…" if end < len(text) else "")


def matches(written: str, words: Sequence[str], prefix: str = "") -> bool:
    """Whether a folded word is one that was looked for, begins as the unfinished one does, or differs in its ending."""
    if prefix and written.startswith(prefix):
        return True
    return any(written == word or _kin(written, word) for word in words)


def _kin(one: str, other: str) -> bool:
    """Whether two words differ in their endings only, as `glaze` and `glazing` do."""
    if one[:4] != other[:4] or len(one) < 4:
        return False
    same = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))
    same = min(same, len(one), len(other))
    return len(one) - same <= ENDING and len(other) - same <= ENDING


def _marked(text: str, words: Sequence[str], prefix: str) -> Iterator[tuple[int, int]]:
    return ((start, end) for start, end, word in spans(text) if matches(word, words, prefix))


def _begin(text: str, match: int) -> int:
    """A little before the match, at the beginning of a word."""
    if match <= BEFORE:
        return 0
    space = text.find(" ", match - BEFORE, match)
    return space + 1 if space >= 0 else match


def _end(text: str, end: int) -> int:
    """Not in the middle of a word, if there is a space near."""
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", end - BEFORE, end)
    return space if space >= 0 else end


def _dressed(text: str, start: int, end: int, inside: Sequence[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = start
    for begins, ends in inside:
        begins, ends = max(begins, at), min(ends, end)  # noqa: PLW2901 - spans of unspaced writing overlap
        if begins >= ends:
            continue
        parts += [escape(text[at:begins]), "<mark>", escape(text[begins:ends]), "</mark>"]
        at = ends
    return "".join(parts).replace("</mark><mark>", "") + escape(text[at:end])
