"""A session that has ended is gone at once: nothing of it waits for Python's garbage collector."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from realtime.engine.client import Client
from realtime.engine.connection import Connection
from realtime.engine.detached import Detached
from realtime.engine.inbox import Inbox
from tests.realtime.engine.stage import Raw, Stage, serving
from tests.waiting import until

PARTS = (Client, Connection, Detached, Inbox)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with serving() as stage:
        yield stage


@pytest.fixture
def uncollected() -> Iterator[None]:
    """The collector has found all there is to find, and looks no more."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def nothing_is_left() -> bool:
    return not any(isinstance(each, PARTS) for each in gc.get_objects())


@pytest.mark.parametrize("way", ["the client leaves", "the server says so", "it is cut"])
@pytest.mark.usefixtures("uncollected")
async def test_a_socket_that_has_ended_is_gone(stage: Stage, way: str) -> None:
    async with stage.member() as raw:
        await _talk(raw)
        assert not await nothing_is_left()
        if way == "the server says so":
            await stage.sio.eio.disconnect(stage.sio.manager.eio_sid_from_sid(raw.sid, "/"))
            await raw.ends()
        elif way == "it is cut":
            stage.sio.cut(raw.sid, "/")
            await raw.ends()
    await until(nothing_is_left)


@pytest.mark.usefixtures("uncollected")
async def test_a_session_of_polls_that_has_ended_is_gone(stage: Stage) -> None:
    sid = await stage.join()
    asking = asyncio.create_task(stage.get(sid=sid))
    await stage.post("1", sid=sid)
    await asking
    await until(nothing_is_left)


async def _talk(raw: Raw) -> None:
    await raw.say('421["message-with-ack","x"]')
    while not str(await raw.hear()).startswith("431"):
        pass
