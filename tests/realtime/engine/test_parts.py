"""The small parts by themselves: frames, the wheel, the codec."""

import asyncio
from typing import Any

import pytest

from realtime.engine import frames
from realtime.engine.codec import ACK, EVENT, Codec
from realtime.engine.roles import Malformed
from realtime.engine.wheel import Wheel


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_frames_of_every_size_are_made_and_taken_apart(size: int) -> None:
    run = frames.text(b"a" * size) + frames.binary(b"b" * size) + frames.text(b"end")
    assert list(frames.split(run)) == [(True, b"a" * size), (False, b"b" * size), (True, b"end")]


def test_a_polling_body_holds_the_same_packets() -> None:
    run = frames.text("4täxt".encode()) + frames.binary(b"\x01\x02\x03\x04")
    assert frames.payload(run) == "4täxt\x1ebAQIDBA=="


class Bell:
    """Something that is rung."""

    def __init__(self) -> None:
        self.rung: list[float] = []

    def ring(self) -> None:
        self.rung.append(asyncio.get_running_loop().time())


async def test_the_wheel_rings_in_time_and_not_what_was_cleared() -> None:
    loop, wheel = asyncio.get_running_loop(), Wheel(0.01)
    bells, cleared = [Bell() for _ in range(50)], Bell()
    due = [loop.time() + 0.004 * n for n in range(50)]
    for bell, when in zip(bells, due, strict=True):
        wheel.set(bell, when)
    wheel.clear(cleared, wheel.set(cleared, loop.time() + 0.05))
    await asyncio.sleep(0.4)
    assert all(len(bell.rung) == 1 and bell.rung[0] >= when for bell, when in zip(bells, due, strict=True))
    assert cleared.rung == []


async def test_the_wheel_goes_on_when_what_it_rings_sets_itself_anew() -> None:
    loop, wheel = asyncio.get_running_loop(), Wheel(0.01)

    class Again(Bell):
        def ring(self) -> None:
            super().ring()
            if len(self.rung) < 5:
                wheel.set(self, loop.time() + 0.02)

    bell = Again()
    wheel.set(bell, loop.time())
    await asyncio.sleep(0.4)
    assert len(bell.rung) == 5


class Odd:
    """A JSON module of somebody else's."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        return f"<{value!r}>"

    @staticmethod
    def loads(text: str) -> Any:
        return ["odd", text]


def test_a_json_module_of_ones_own_is_used() -> None:
    codec = Codec(Odd)
    assert list(frames.split(codec.encode(EVENT, "/", ["x"]))) == [(True, b"42<['x']>")]
    assert codec.decode("2xyz").data == ["odd", "xyz"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (["x", 2**70], b'42["x",1180591620717411303424]'), (["x", {1: "a"}], b'42["x",{"1":"a"}]'),
        (["x", (1, 2)], b'42["x",[1,2]]'), (["x", "\ud83d"], b'42["x","\\ud83d"]'), (["x", None], b'42["x",null]'),
    ],
)  # fmt: skip
def test_what_python_has_and_json_has_not_travels_as_stock_sends_it(data: list[Any], text: bytes) -> None:
    assert list(frames.split(Codec().encode(EVENT, "/", data))) == [(True, text)]


def test_what_is_no_json_at_all_is_the_callers_fault() -> None:
    with pytest.raises(TypeError):
        Codec().encode(ACK, "/", [object()], 1)


@pytest.mark.parametrize("text", ["2" + "[" * 100_000 + "]" * 100_000, '2["x",NaN]', "2" + "9" * 100 + "[]"])
def test_hostile_json_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Codec().decode(text)
