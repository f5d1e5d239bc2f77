"""The boxes of which an MP4 file is made (ISO/IEC 14496-12, §4.2), read without trusting what they say."""

import struct
from dataclasses import dataclass

from workers.media.failures import Damaged
from workers.media.ports import KIB, Limits, Source

HEAD = 16
WINDOW = 64 * KIB


@dataclass(frozen=True, slots=True)
class Box:
    """A box of four-letter `kind` at [start, end), whose content begins at `body`."""

    kind: bytes
    start: int
    body: int
    end: int

    @property
    def size(self) -> int:
        """Length in bytes, header included."""
        return self.end - self.start


def box_at(head: bytes, start: int, end: int) -> Box:
    """The box whose first bytes are `head`, at `start` in a space that ends at `end`; Damaged when it cannot be."""
    if len(head) < 8:
        raise Damaged("The recording's inner order is broken: a part of it has no beginning.")
    size, kind = struct.unpack_from(">I4s", head)
    header = 8
    if size == 1 and len(head) >= HEAD:
        header, size = HEAD, struct.unpack_from(">Q", head, 8)[0]
    elif size == 0:
        size = end - start
    if size < header or start + size > end:
        raise Damaged(f"The film is cut short, or its inner order is broken at byte {start}.")
    return Box(kind, start, start + header, start + size)


def children(data: memoryview, parent: Box, limits: Limits) -> list[Box]:
    """The boxes directly inside `parent`, which lies in `data` at its own positions; Damaged beyond `limits.boxes`."""
    found: list[Box] = []
    position = parent.body
    # QuickTime closes some containers with four zero bytes.
    while parent.end - position >= 8:
        found.append(box_at(bytes(data[position : min(position + HEAD, parent.end)]), position, parent.end))
        position = found[-1].end
        if len(found) > limits.boxes:
            raise Damaged("The recording's index has more parts than any film needs.")
    return found


async def top_boxes(source: Source, limits: Limits) -> list[Box]:
    """The outermost boxes in order, up to the first film fragment; leftover bytes count as a box of kind `b""`."""
    found: list[Box] = []
    view = _Window(source)
    position = 0
    while position < source.size and not (found and found[-1].kind == b"moof"):
        head = await view.at(position)
        found.append(box_at(head, position, source.size) if len(head) >= 8 else _leftover(position, source.size))
        position = found[-1].end
        if len(found) > limits.boxes:
            raise Damaged("The recording has more parts than any film needs.")
    return found


def _leftover(start: int, end: int) -> Box:
    return Box(b"", start, start, end)


class _Window:
    """Serves many small reads in a row from few requests."""

    def __init__(self, source: Source) -> None:
        self._source, self._start, self._data = source, 0, b""

    async def at(self, position: int) -> bytes:
        end = min(position + HEAD, self._source.size)
        if not self._start <= position <= end <= self._start + len(self._data):
            self._start = position
            self._data = await self._source.read(position, min(position + WINDOW, self._source.size))
        return self._data[position - self._start : end - self._start]
