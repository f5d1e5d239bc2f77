"""Puts a film's index before its pictures without touching them, so that it plays while it loads.

The index (`moov`) of an MP4 file says at which byte of the file each chunk of samples lies (`stco`, `co64`; ISO/IEC
14496-12, §8.7.5). Moving it to the front moves every chunk; only these numbers change.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workers.media.boxes import Box, children, top_boxes
from workers.media.failures import Damaged, NotAVideo, TooLarge
from workers.media.layout import Layout, Piece, Span
from workers.media.ports import Limits, Source

INSIDE = {b"moov": b"trak", b"trak": b"mdia", b"mdia": b"minf", b"minf": b"stbl", b"stbl": b""}
WIDTHS = {b"stco": "I", b"co64": "Q"}
NOT_PLAIN = {b"mvex", b"cmov", b"saio"}
FURTHEST = 2**32 - 1
AT_ONCE = 65536


async def fast_start(source: Source, limits: Limits) -> Layout | None:
    """The MP4 film in `source` with its index first; None when it is not a plain one (in fragments, compressed index,
    encrypted) and has to be written anew. Raises Damaged, NotAVideo or TooLarge.
    """
    boxes = await top_boxes(source, limits)
    if any(box.kind == b"moof" for box in boxes):
        return None
    moov = _index_of(boxes, limits)
    data = memoryview(await source.read(moov.start, moov.end))
    index = Box(moov.kind, 0, moov.body - moov.start, moov.size)
    wide = source.size + 2 * moov.size > FURTHEST
    try:
        parts = _rebuilt(data, index, wide, limits)
    except _NotPlainError:
        return None
    return Layout(source, _arranged(boxes, moov, parts), "video/mp4")


def _index_of(boxes: Sequence[Box], limits: Limits) -> Box:
    moov = next((box for box in boxes if box.kind == b"moov"), None)
    if moov is None:
        raise Damaged("The recording has no index: it was broken off before its end. Ask the provider for it again.")
    if not any(box.kind == b"mdat" for box in boxes):
        raise NotAVideo("The recording holds no pictures.")
    if moov.size > limits.index_bytes:
        raise TooLarge("The recording's index is larger than that of any film we can take in.")
    return moov


class _NotPlainError(Exception):
    """The index says that chunks are found in another way than by `stco` and `co64`."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """A table of chunk positions: big-endian numbers in `data`, of struct code `old` now and `new` once moved."""

    data: memoryview
    old: str
    new: str

    def __len__(self) -> int:
        return 16 + len(self.data) // struct.calcsize(self.old) * struct.calcsize(self.new)

    def moved(self, move: Callable[[Sequence[int]], Sequence[int]]) -> memoryview:
        """The table's box after `move`, made in small steps since a table may have millions of entries."""
        width, out = struct.calcsize(self.old), bytearray(len(self))
        count, position = len(self.data) // width, 16
        struct.pack_into(">I4sII", out, 0, len(self), b"co64" if self.new == "Q" else b"stco", 0, count)
        for first in range(0, count, AT_ONCE):
            amount = min(AT_ONCE, count - first)
            numbers = struct.unpack_from(f">{amount}{self.old}", self.data, first * width)
            struct.pack_into(f">{amount}{self.new}", out, position, *move(numbers))
            position += amount * struct.calcsize(self.new)
        return memoryview(out)


Part = memoryview | Chunks


def _rebuilt(data: memoryview, box: Box, wide: bool, limits: Limits) -> list[Part]:
    """`box` as a list of parts to be written one after another; recursion ends with the fixed path of INSIDE."""
    parts: list[Part] = []
    for child in children(data, box, limits):
        if child.kind in NOT_PLAIN:
            raise _NotPlainError
        if child.kind == INSIDE[box.kind]:
            parts += _rebuilt(data, child, wide, limits)
        elif box.kind == b"stbl" and child.kind in WIDTHS:
            parts.append(_chunks(data, child, wide))
        else:
            parts.append(data[child.start : child.end])
    size = 8 + sum(map(len, parts))
    return [memoryview(struct.pack(">I4s", size, box.kind)), *parts]


def _chunks(data: memoryview, box: Box, wide: bool) -> Chunks:
    code = WIDTHS[box.kind]
    table = data[box.body : box.end]
    count = struct.unpack_from(">I", table, 4)[0] if len(table) >= 8 else -1
    length = count * struct.calcsize(code)
    if count < 0 or len(table) - 8 < length:
        raise Damaged("The recording's index is broken: it names more chunks than it lists.")
    return Chunks(table[8 : 8 + length], code, "Q" if wide else code)


def _arranged(boxes: Sequence[Box], moov: Box, parts: Sequence[Part]) -> list[Piece]:
    """The new order: the file type, the index, all else as it was."""
    front = [box for box in boxes[:1] if box.kind == b"ftyp"]
    rest = [box for box in boxes if box not in front and box is not moov]
    size = sum(map(len, parts))
    moves = _Moves(front, rest, size)
    index = [part.moved(moves) if isinstance(part, Chunks) else part for part in parts]
    return [*(Span(box.start, box.end) for box in front), *index, *(Span(box.start, box.end) for box in _joined(rest))]


def _joined(boxes: Sequence[Box]) -> list[Box]:
    joined: list[Box] = []
    for box in boxes:
        if joined and joined[-1].end == box.start:
            joined[-1] = Box(joined[-1].kind, joined[-1].start, joined[-1].body, box.end)
        else:
            joined.append(box)
    return joined


class _Moves:
    """Where each byte of the old file lies in the new one."""

    def __init__(self, front: Sequence[Box], rest: Sequence[Box], index: int) -> None:
        self._runs = _joined(rest)
        self._starts = [run.start for run in self._runs]
        position = index + sum(box.size for box in front)
        self._shifts: list[int] = []
        for run in self._runs:
            self._shifts.append(position - run.start)
            position += run.size

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        """Each of the old positions as a new one; Damaged when one of them lies outside the pictures."""
        run = self._run_of(min(numbers))
        if max(numbers) <= self._runs[run].end:
            shift = self._shifts[run]
            return [number + shift for number in numbers]
        return [number + self._shifts[self._run_of(number)] for number in numbers]

    def _run_of(self, number: int) -> int:
        run = bisect_right(self._starts, number) - 1
        if run < 0 or number > self._runs[run].end:
            raise Damaged("The recording's index is broken: it points outside of the recording.")
        return run
