"""The reader of boxes believes nothing: broken or hostile, an MP4 file ends in a layout or in a RecordingFailure."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import films
from tests.workers.media.rooms import QUICK
from tests.workers.media.test_faststart import Memory
from workers.media.boxes import box_at
from workers.media.failures import Damaged, RecordingFailure
from workers.media.faststart import fast_start

MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film of a few kilobytes."""
    path: Path = tmp_path_factory.mktemp("small") / "small.mp4"
    return films.make_film(path, seconds=1, width=64, height=36, noise=0).read_bytes()


async def survives(data: bytes) -> None:
    """The file is taken or refused, never anything else; what is taken reads to its end."""
    try:
        layout = await fast_start(Memory(data), QUICK)
    except RecordingFailure:
        return
    if layout is not None:
        assert len(await layout.read(0, layout.size)) == layout.size


@MANY
@given(data=st.data())
async def test_a_film_with_spoilt_bytes_never_surprises(small: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(small)
    index = small.index(b"moov") - 4
    places = st.one_of(st.integers(0, 64), st.integers(index, len(small) - 4))
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        number = data.draw(st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 7, 8, 9, 2**31, 2**32 - 1])))
        struct.pack_into(">I", spoilt, place, number)
    await survives(bytes(spoilt))


@MANY
@given(data=st.data())
async def test_a_film_cut_or_patched_anywhere_never_surprises(small: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(small)))
    end = data.draw(st.integers(start, len(small)))
    await survives(small[:start] + data.draw(st.binary(max_size=64)) + small[end:])


BOX_KINDS = [b"ftyp", b"moov", b"mdat", b"trak", b"mdia", b"minf", b"stbl", b"stco", b"co64", b"free", b"mvex", b"moof"]


def wrapped(content: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Boxes of known kinds around `content`, sometimes lying about their length."""
    lies = st.sampled_from([0, 0, 0, 0, 1, -1, 8, 2**31])

    def box(kind: bytes, inside: list[bytes], lie: int) -> bytes:
        body = b"".join(inside)
        return struct.pack(">I4s", max(0, 8 + len(body) + lie) & 0xFFFFFFFF, kind) + body

    return st.builds(box, st.sampled_from(BOX_KINDS), st.lists(content, max_size=4), lies)


@MANY
@given(parts=st.lists(st.recursive(st.binary(max_size=24), wrapped, max_leaves=20), max_size=5))
async def test_a_heap_of_boxes_never_surprises(parts: list[bytes]) -> None:
    await survives(b"".join(parts))


@pytest.mark.parametrize("size", [1, 2, 4, 7])
async def test_a_box_smaller_than_its_own_head_is_damage(size: int) -> None:
    with pytest.raises(Damaged):
        box_at(struct.pack(">I4s", size, b"free") + bytes(4), 0, 1000)


async def test_boxes_in_boxes_a_million_deep_are_not_followed(small: bytes) -> None:
    deep = b"".join(struct.pack(">I4s", 8 * (100_000 - level), b"trak") for level in range(100_000))
    index = struct.pack(">I4s", 8 + len(deep), b"moov") + deep
    await survives(small[: small.index(b"moov") - 4] + index)
