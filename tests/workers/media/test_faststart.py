"""A film with its index moved to the front plays as before, whatever its size and shape."""

import struct
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from tests import films
from tests.workers.media.rooms import QUICK, kinds_of_boxes, packets
from workers.media.failures import Damaged, NotAVideo, TooLarge
from workers.media.faststart import fast_start
from workers.media.files import FileSource
from workers.media.layout import Layout
from workers.media.ports import BLOCK, GIB


class Memory:
    """A recording in memory, with `hole` zero bytes after its first `before`, so that it can be larger than memory."""

    fingerprint = "memory"

    def __init__(self, data: bytes, before: int = 0, hole: int = 0) -> None:
        self.data, self.before, self.hole = data, before, hole
        self.size = len(data) + hole

    async def read(self, start: int, end: int) -> bytes:
        middle = self.before + self.hole
        head = self.data[start : min(end, self.before)] if start < self.before else b""
        zeros = bytes(max(0, min(end, middle) - max(start, self.before)))
        tail = self.data[max(start, middle) - self.hole : end - self.hole] if end > middle else b""
        return head + zeros + tail

    async def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        for position in range(start, end, BLOCK):
            yield await self.read(position, min(position + BLOCK, end))


async def arranged(data: bytes) -> Layout | None:
    """The layout of a film in memory."""
    return await fast_start(Memory(data), QUICK)


async def whole(layout: Layout | None) -> bytes:
    """All bytes of a layout."""
    assert layout is not None
    return await layout.read(0, layout.size)


async def test_the_index_moves_to_the_front_and_every_packet_stays_the_same(
    film: Path, footage: bytes, tmp_path: Path
) -> None:
    assert kinds_of_boxes(footage)[-1] == b"moov"
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(await whole(await fast_start(await FileSource.of(film), QUICK)))
    assert kinds_of_boxes(moved.read_bytes())[:2] == [b"ftyp", b"moov"]
    assert packets(moved) == packets(film)
    with av.open(str(moved)) as played, av.open(str(film)) as recorded:
        shown = [bytes(frame.planes[0]) for frame in played.decode(video=0)]
        assert shown == [bytes(frame.planes[0]) for frame in recorded.decode(video=0)]
        assert len(shown) == 100


async def test_a_film_whose_index_is_in_front_already_is_not_touched(tmp_path: Path) -> None:
    fast = films.make_film(tmp_path / "fast.mp4", seconds=1, movflags="faststart")
    assert await whole(await fast_start(await FileSource.of(fast), QUICK)) == fast.read_bytes()


async def test_every_byte_can_be_read_by_itself(footage: bytes) -> None:
    layout = await arranged(footage)
    assert layout is not None
    data = await whole(layout)
    edges = {0, 1, 31, 32, 33, layout.size - 1, *(start for start in layout._starts[:-1])}
    for edge in sorted(edges):
        assert await layout.read(edge, min(edge + 70, layout.size)) == data[edge : edge + 70]


async def test_boxes_after_the_index_and_leftover_bytes_keep_their_place(
    film: Path, footage: bytes, tmp_path: Path
) -> None:
    data = footage
    moov = data.index(b"moov") - 4
    index, pictures = data[moov:], data[32:moov]
    spread = data[:32] + pictures + index + struct.pack(">I4s", 12, b"free") + b"tail" + b"\0\0\0"
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(out := await whole(await arranged(spread)))
    assert out.endswith(b"freetail\0\0\0")
    assert packets(moved) == packets(film)


async def test_a_film_beyond_four_gibibytes_gets_wide_offsets(footage: bytes) -> None:
    """The pictures lie behind a hole of five gibibytes, so their old offsets, moved, need 64 bits."""
    data = footage
    moov = data.index(b"moov") - 4
    hole = 5 * GIB
    wide_box = struct.pack(">I4sQ", 1, b"free", hole + 16)
    recorded = data[:32] + wide_box + data[32:]
    shifted = _index_with_wide_offsets(recorded[moov + 16 :], hole + 16)
    source = Memory(recorded[: moov + 16] + shifted, before=48, hole=hole)
    layout = await fast_start(source, QUICK)
    assert layout is not None
    head = await layout.read(0, len(shifted) + 100)
    assert b"stco" not in head
    (first,) = struct.unpack_from(">Q", head, head.index(b"co64") + 12)
    (before,) = struct.unpack_from(">Q", shifted, shifted.index(b"co64") + 12)
    assert await layout.read(first, first + 64) == await source.read(before, before + 64)
    assert first == before + len(shifted)


async def test_narrow_offsets_are_widened_when_the_new_place_needs_it(
    film: Path, footage: bytes, tmp_path: Path
) -> None:
    data = footage
    tail = struct.pack(">I4sQ", 1, b"free", 5 * GIB + 16)
    source = Memory(data + tail, before=len(data) + 16, hole=5 * GIB)
    layout = await fast_start(source, QUICK)
    assert layout is not None
    front = await layout.read(0, len(data) + 4096)
    assert b"stco" not in front[: front.index(b"mdat")]
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(front[: len(data) + (layout.size - source.size)])
    assert packets(moved) == packets(film)


def _index_with_wide_offsets(moov: bytes, shift: int) -> bytes:
    """A small index with each `stco` written as `co64`, its positions moved by `shift`."""
    kinds = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}

    def rewritten(data: bytes) -> bytes:
        out, position = b"", 0
        while position < len(data):
            size, kind = struct.unpack_from(">I4s", data, position)
            body = data[position + 8 : position + size]
            if kind in kinds:
                body = rewritten(body)
            elif kind == b"stco":
                (count,) = struct.unpack_from(">I", body, 4)
                numbers = struct.unpack_from(f">{count}I", body, 8)
                kind, body = b"co64", body[:8] + struct.pack(f">{count}Q", *(each + shift for each in numbers))
            out += struct.pack(">I4s", len(body) + 8, kind) + body
            position += size
        return out

    return rewritten(moov)


async def test_a_film_in_fragments_has_to_be_written_anew(tmp_path: Path) -> None:
    parts = films.make_film(tmp_path / "parts.mp4", seconds=1, movflags="frag_keyframe+empty_moov")
    assert await arranged(parts.read_bytes()) is None
    index_alone = parts.read_bytes()
    index_alone = index_alone[: index_alone.index(b"moof") - 4] + struct.pack(">I4s", 8, b"mdat")
    assert await arranged(index_alone) is None


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
async def test_a_film_broken_off_is_damaged(footage: bytes, kept: float) -> None:
    data = footage
    with pytest.raises(Damaged):
        await arranged(data[: int(len(data) * kept)])


async def test_an_index_without_pictures_is_no_video(footage: bytes) -> None:
    data = footage
    with pytest.raises(NotAVideo):
        await arranged(data[:32] + data[data.index(b"moov") - 4 :])


async def test_offsets_outside_of_the_film_are_damage(footage: bytes) -> None:
    data = bytearray(footage)
    struct.pack_into(">I", data, data.index(b"stco") + 12, 0xFFFFFFF0)
    with pytest.raises(Damaged, match="outside"):
        await arranged(bytes(data))


async def test_a_table_that_claims_more_than_it_holds_is_damage(footage: bytes) -> None:
    data = bytearray(footage)
    struct.pack_into(">I", data, data.index(b"stco") + 8, 0xFFFFFFFF)
    with pytest.raises(Damaged, match="more chunks than it lists"):
        await arranged(bytes(data))


async def test_an_index_of_a_thousand_million_bytes_is_not_read() -> None:
    size = 2 * GIB
    data = struct.pack(">I4s", size, b"moov") + struct.pack(">I4s", 8, b"mdat")
    with pytest.raises(TooLarge, match="index"):
        await fast_start(Memory(data, before=8, hole=size - 8), QUICK)


async def test_a_film_of_endlessly_many_boxes_is_refused(footage: bytes) -> None:
    empty = struct.pack(">I4s", 8, b"free")
    with pytest.raises(Damaged, match="more parts"):
        await fast_start(Memory(empty * 200), replace(QUICK, boxes=100))
    data = footage
    index = struct.pack(">I4s", 8 + 8 * 200, b"moov") + empty * 200
    with pytest.raises(Damaged, match="more parts"):
        await fast_start(Memory(data[: data.index(b"moov") - 4] + index), replace(QUICK, boxes=100))


async def test_the_same_recording_gives_the_same_fingerprint_and_another_another(footage: bytes) -> None:
    data = footage
    first, again = await arranged(data), await arranged(data)
    source = Memory(data)
    source.fingerprint = "another"
    other = await fast_start(source, QUICK)
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.fingerprint == again.fingerprint != other.fingerprint
