"""Limits of time that share one timer."""

import asyncio

import pytest

from server.within import Hourglass


async def sleep_within(glass: Hourglass, seconds: float) -> str:
    with glass.turned():
        await asyncio.sleep(seconds)
    return "done"


async def test_what_lasts_too_long_is_given_up_and_what_does_not_is_left_alone() -> None:
    glass = Hourglass(0.1)
    answers = await asyncio.gather(
        *(sleep_within(glass, seconds) for seconds in (0, 5, 0.01, 5, 0)), return_exceptions=True
    )
    assert [type(each) for each in answers] == [str, TimeoutError, str, TimeoutError, str]
    assert await sleep_within(glass, 0.01) == "done"


async def test_a_later_block_has_its_whole_time() -> None:
    glass, loop = Hourglass(0.2), asyncio.get_running_loop()
    first = asyncio.create_task(sleep_within(glass, 0.01))
    await asyncio.sleep(0.1)
    began = loop.time()
    with pytest.raises(TimeoutError):
        await sleep_within(glass, 5)
    assert loop.time() - began >= 0.19
    assert await first == "done"


async def test_who_is_cancelled_from_outside_is_cancelled_and_not_late() -> None:
    task = asyncio.create_task(sleep_within(Hourglass(5), 5))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_within_passes() -> None:
    with pytest.raises(ValueError, match="mine"), Hourglass(5).turned():
        raise ValueError("mine")


async def test_a_task_that_was_late_may_go_on() -> None:
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await sleep_within(Hourglass(0.02), 5)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
