"""Work that is begun at once: what its first step may do, and how it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from realtime.engine.inbox import Inbox
from realtime.engine.tasks import start

VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="outside")


class Reader:
    """Reads on, whatever it is told."""

    def hold(self, on: bool) -> None:
        """Never mind."""


async def ended(work: Callable[[], Awaitable[None]]) -> None:
    """Start a piece of work and wait for its end."""
    done = asyncio.Event()
    start(work(), done.set)  # type: ignore[arg-type]
    await asyncio.wait_for(done.wait(), 5)


async def test_what_needs_no_waiting_is_done_when_start_returns() -> None:
    told: list[str] = []

    async def work() -> None:
        told.append("work")

    start(work(), lambda: told.append("then"))
    assert told == ["work", "then"]


async def test_a_time_limit_begun_in_the_first_step_holds_in_the_later_ones() -> None:
    told: list[str] = []

    async def work() -> None:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            told.append("in time")
        await asyncio.sleep(0)
        told.append("goes on")

    await ended(work)
    assert told == ["in time", "goes on"]


async def test_a_group_begun_in_the_first_step_is_ended_by_a_fault_in_it() -> None:
    told: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("one of the group")

    async def work() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                await asyncio.sleep(60)
        except* ValueError:
            told.append("ended")

    await ended(work)
    assert told == ["ended"]


async def test_results_and_faults_of_what_is_waited_for_reach_the_work() -> None:
    told: list[Any] = []
    loop = asyncio.get_running_loop()
    good, bad = loop.create_future(), loop.create_future()

    async def work() -> None:
        told.append(await good)
        try:
            await bad
        except ValueError as fault:
            told.append(str(fault))

    loop.call_later(0.01, good.set_result, 7)
    loop.call_later(0.02, bad.set_exception, ValueError("broken"))
    await ended(work)
    assert told == [7, "broken"]


async def test_the_first_thing_waited_for_may_fail() -> None:
    told: list[str] = []
    first = asyncio.get_running_loop().create_future()

    async def work() -> None:
        for _ in range(2):
            try:
                await first
            except ValueError as fault:
                told.append(str(fault))
                await asyncio.sleep(0)

    asyncio.get_running_loop().call_later(0.01, first.set_exception, ValueError("broken"))
    await ended(work)
    assert told == ["broken", "broken"]


async def test_work_that_cancels_itself_in_its_first_step_is_cancelled_where_it_waits() -> None:
    told: list[str] = []

    async def work() -> None:
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    await ended(work)
    assert told == ["cancelled"]


async def test_what_work_sets_in_its_context_stays_with_it() -> None:
    told: list[str] = []

    async def work() -> None:
        VARIABLE.set("inside")
        await asyncio.sleep(0)
        told.append(VARIABLE.get())

    before = asyncio.current_task()
    await ended(work)
    assert (told, VARIABLE.get()) == (["inside"], "outside")
    assert asyncio.current_task() is before


async def test_a_fault_in_the_first_step_is_reported_and_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_exception_handler", reported.append)

    async def work() -> None:
        raise ValueError("at once")

    await ended(work)
    await asyncio.sleep(0)
    assert [str(each["exception"]) for each in reported] == ["at once"]


async def test_thousands_of_pieces_that_end_at_once_do_not_pile_up() -> None:
    told: list[int] = []
    gate = asyncio.Event()
    inbox = Inbox(1, Reader())

    async def wait() -> None:
        await gate.wait()

    async def note(number: int) -> None:
        told.append(number)

    inbox.add(wait)
    for number in range(5000):
        inbox.add(note, number)
    assert told == []
    gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert told == list(range(5000))
