"""Output and input under load: one write for many, slow readers, handlers in order and bounded, cheap leaving."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import Any

import pytest

from realtime.engine import Server, frames
from realtime.engine.tick import Tick
from tests.realtime.engine.stage import WAYS, Stage, serving, settle
from tests.waiting import until


@pytest.fixture(params=WAYS)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with serving(way=request.param) as running:
        yield running


class Outlet:
    """Something to be written to."""

    def __init__(self, tick: Tick) -> None:
        self.tick, self.out, self.written = tick, None, list[bytes]()

    out: bytes | list[bytes] | None
    fd = -1

    def add(self, frame: bytes) -> None:
        """Never."""

    def send(self, *given: bytes) -> None:
        self.out = given[0] if len(given) == 1 else list(given)
        if not self.tick.waiting:
            self.tick.begin()
        self.tick.waiting.append(self)

    def push(self, data: bytes) -> None:
        self.written.append(data)


async def test_members_with_the_same_frames_share_the_very_bytes() -> None:
    tick = Tick()
    many, other, single = [Outlet(tick) for _ in range(100)], Outlet(tick), Outlet(tick)
    first, second, third = b"first frame", b"second frame", b"third frame"
    for each in many:
        each.send(first, second)
    other.send(second, first)
    single.send(third)
    await asyncio.sleep(0)
    assert all(len(each.written) == 1 and each.written[0] is many[0].written[0] for each in many)
    assert many[0].written == [first + second]
    assert other.written == [second + first]
    assert single.written[0] is third


async def test_what_one_turn_sends_leaves_in_one_write_in_the_order_of_the_calls(stage: Stage) -> None:
    async with stage.member() as raw:
        await raw.hear()
        connection = stage.sio.manager.members.get(raw.sid, "/").connection
        writes: list[bytes] = []
        write = connection.write

        def note(data: bytes) -> None:
            writes.append(data)
            write(data)

        connection.fd, connection.write = -1, note
        await stage.sio.enter_room(raw.sid, "r")
        for n in range(50):
            await stage.sio.emit("n", n, to=("r", raw.sid, None)[n % 3])
        assert [await raw.hear() for _ in range(50)] == [f'42["n",{n}]' for n in range(50)]
        assert len(writes) == 1
        assert len(list(frames.split(writes[0]))) == 50


async def test_a_burst_is_encoded_once_whatever_the_number_of_members(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage.member() as a, stage.member() as b, stage.member() as c:
        sid = await stage.join()
        encoded: list[Any] = []
        encode = stage.sio.codec.encode

        def note(*given: Any) -> bytes:
            encoded.append(given)
            return bytes(encode(*given))

        monkeypatch.setattr(stage.sio.codec, "encode", note)
        await stage.sio.emit("once", {"x": 1})
        for raw in (a, b, c):
            assert [await raw.hear(), await raw.hear()][1] == '42["once",{"x":1}]'
        assert (await stage.get(sid=sid))[1].endswith('42["once",{"x":1}]')
        assert len(encoded) == 1


async def test_a_reader_that_stalls_is_dropped_and_nobody_else_notices(stage: Stage) -> None:
    async with stage.member() as deaf, stage.member() as alive:
        transport = deaf.socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        member = stage.sio.manager.members.get(deaf.sid, "/")
        most = 0
        for _ in range(2000):
            await stage.sio.emit("noise", "x" * 8000)
            await asyncio.sleep(0)
            most = max(most, member.connection.behind)
            if member.connection.closed:
                break

        async def gone() -> bool:
            return stage.sio.manager.members.get(deaf.sid, "/") is None and len(stage.sio.eio.sockets) == 1

        await until(gone)
        assert 1024 * 1024 - 10_000 < most < 1024 * 1024 + 10_000
        assert ("disconnect", "/", "transport error") in stage.heard
        await stage.sio.emit("end")
        while await alive.hear() != '42["end"]':
            pass
        transport.abort()  # type: ignore[union-attr]


async def test_a_polling_client_that_does_not_poll_is_dropped_too(stage: Stage) -> None:
    sid = await stage.join()
    for _ in range(200):
        await stage.sio.emit("noise", "x" * 8000)
        await asyncio.sleep(0)
    await settle()
    assert (await stage.get(sid=sid))[0] == 400


async def test_a_slow_reader_is_spared_what_is_volatile_and_misses_nothing_else(stage: Stage) -> None:
    async with stage.member() as slow:
        await slow.hear()
        transport = slow.socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        connection = stage.sio.manager.members.get(slow.sid, "/").connection
        sent = 0
        while not connection.paused:
            await stage.sio.emit("kept", [sent, "x" * 50_000])
            sent += 1
            await asyncio.sleep(0)
        await stage.sio.emit("typing", volatile=True)
        await stage.sio.emit("last")
        transport.resume_reading()  # type: ignore[union-attr]
        heard = [await slow.hear() for _ in range(sent + 1)]
        assert [each[:12] for each in heard] == [f'42["kept",[{n},'[:12] for n in range(sent)] + ['42["last"]']

        async def flowing() -> bool:
            return not connection.paused

        await until(flowing)
        await stage.sio.emit("typing", volatile=True)
        assert await slow.hear() == '42["typing"]'


async def test_handlers_begin_in_order_and_so_many_run_at_once() -> None:
    begun: list[int] = []
    go = asyncio.Event()

    async def work(sid: str, n: int) -> int:
        begun.append(n)
        await go.wait()
        return n

    async with serving() as stage, stage.member() as raw:
        await raw.hear()
        stage.sio.on("work", work)
        for n in range(1000):
            await raw.say(f'42{n}["work",{n}]')
        await settle(0.2)
        assert begun == list(range(64))
        connection = stage.sio.manager.members.get(raw.sid, "/").connection
        assert connection.inbox.congested
        go.set()
        answers = [await raw.hear() for _ in range(1000)]
        assert begun == list(range(1000))
        assert sorted(answers) == sorted(f"43{n}[{n}]" for n in range(1000))


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_one_at_a_time_where_handlers_must_not_overtake_each_other(transport: str) -> None:
    done: list[Any] = []

    async def work(sid: str, n: int) -> None:
        done.append(("begin", n))
        await asyncio.sleep(0.001 * (n % 3))
        done.append(("end", n))

    async with serving(async_handlers=False) as stage:
        stage.sio.on("work", work)
        packets = [f'42["work",{n}]' for n in range(200)]
        if transport == "polling":
            sid = await stage.join()
            assert await stage.post("\x1e".join(packets), sid=sid) == (200, "ok")
        else:
            async with stage.member() as raw:
                for packet in packets:
                    await raw.say(packet)

                async def finished() -> bool:
                    return len(done) == 400

                await until(finished)

        async def all_done() -> bool:
            return len(done) == 400

        await until(all_done)
    assert done == [(step, n) for n in range(200) for step in ("begin", "end")]


async def test_answers_are_heard_while_handlers_run() -> None:
    async with serving(async_handlers=True) as stage, stage.member() as raw:
        await raw.hear()

        async def ask_back(sid: str) -> Any:
            return await stage.sio.call("really?", to=sid, timeout=5)

        stage.sio.on("ask", ask_back)
        await raw.say('427["ask"]')
        assert await raw.hear() == '421["really?"]'
        await raw.say('431["yes"]')
        assert await raw.hear() == '437["yes"]'


def _calls(work: Callable[[], Any]) -> int:
    """How many Python functions a piece of work calls."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


async def test_leaving_costs_as_much_as_ones_own_rooms() -> None:
    async with serving() as stage, stage.member() as leaver, stage.member() as other:
        manager = stage.sio.manager
        await stage.sio.enter_room(leaver.sid, "mine")
        member = manager.members.get(leaver.sid, "/")

        def leave_and_come_back() -> None:
            manager.members.remove(member)
            manager.members.add(member)
            manager.members.enter(member, "mine")

        few = _calls(leave_and_come_back)
        for n in range(3000):
            await stage.sio.enter_room(other.sid, f"room {n}")
        assert _calls(leave_and_come_back) == few


async def test_nothing_is_left_of_those_who_went() -> None:
    async with serving() as stage:
        for _ in range(5):
            async with stage.member() as raw:
                await stage.sio.enter_room(raw.sid, "r")
        await stage.join()
        await stage.sio.eio.disconnect()

        async def empty() -> bool:
            sio: Server = stage.sio
            members = sio.manager.members
            return not (members.by_sid or members.rooms or sio.environ)

        await until(empty)


async def test_heartbeats_share_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as stage:
        asked: list[Any] = []
        loop = asyncio.get_running_loop()
        call_at = loop.call_at
        async with stage.member(), stage.member(), stage.member():

            def note(*given: Any, **more: Any) -> asyncio.TimerHandle:
                asked.append(given)
                return call_at(*given, **more)

            monkeypatch.setattr(loop, "call_at", note)
            for connection in stage.sio.eio.sockets.values():
                for _ in range(100):
                    connection._asked = True
                    connection.receive("3")
            assert asked == []
