"""Marks: the piece of a text around what was looked for, as HTML in which nothing but `<mark>` is markup."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from search.words import parts, written

LENGTH, BEFORE = 200, 60
SAME, ENDING = 4, 3


class Marker:
    """Shows where the words of one search stand in its hits; a word that was weighed once is not weighed again."""

    def __init__(self, words: Sequence[str], prefix: str = "") -> None:
        self._words, self._prefix = words, prefix
        self._known: dict[str, tuple[tuple[int, int], ...]] = {}
        # In ASCII folding is lower case alone, so what may match there is found without a look at every word.
        stems = {re.escape(each) for each in (*(word[:SAME] for word in words), prefix) if each and each.isascii()}
        self._likely = re.compile(f"(?<![a-z0-9])(?:{'|'.join(stems) or '(?!)'})[a-z0-9]*", re.IGNORECASE)

    def snippet(self, text: str) -> str:
        """About LENGTH characters around the first match, escaped; each match in `<mark>`, `…` where it goes on."""
        marked = self._marked(text)
        first = next(marked, None)
        start = _begin(text, first[0]) if first else 0
        end = _end(text, start + LENGTH)
        inside = [] if first is None else [first]
        for span in marked:
            if span[0] >= end:
                break
            inside.append(span)
        return ("…" if start else "") + _dressed(text, start, end, inside) + ("…" if end < len(text) else "")

    def _marked(self, text: str) -> Iterator[tuple[int, int]]:
        for place, word in self._candidates(text):
            if (found := self._known.get(word)) is None:
                found = self._known[word] = self._weighed(word)
            for start, end in found:
                yield place + start, place + end

    def _candidates(self, text: str) -> Iterator[tuple[int, str]]:
        if text.isascii():
            return ((found.start(), found.group()) for found in self._likely.finditer(text))
        return written(text)

    def _weighed(self, word: str) -> tuple[tuple[int, int], ...]:
        return tuple((start, end) for start, end, part in parts(word) if matches(part, self._words, self._prefix))


def matches(folded: str, words: Sequence[str], prefix: str = "") -> bool:
    """Whether a folded word is one that was looked for, begins as the unfinished one does, or differs in its ending."""
    if prefix and folded.startswith(prefix):
        return True
    return any(folded == word or _kin(folded, word) for word in words)


def _kin(one: str, other: str) -> bool:
    """Whether two words differ in their endings only, as `glaze` and `glazing` do."""
    if one[:SAME] != other[:SAME] or len(one) < SAME:
        return False
    same = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))
    same = min(same, len(one), len(other))
    return len(one) - same <= ENDING and len(other) - same <= ENDING


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
