"""Rights that were revoked in one process end in another: within 2 s, and within 10 s without Redis."""

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from providers.embedded import EmbeddedValkey
from tests.realtime.apart import apart
from tests.realtime.clients import Client, connected
from tests.waiting import until
from tests.webapp import Web
from tests.world import World

PROMISED, PROMISED_WITHOUT_REDIS = 2.0, 10.0


async def processes(database: str, redis_url: str, home: Path, count: int, stack: AsyncExitStack) -> list[Web]:
    opening = [stack.enter_async_context(apart(database, redis_url, home / f"apart-{n}")) for n in range(count)]
    return [each.web for each in await asyncio.gather(*opening)]


async def ends_within(seconds: float, client: Client) -> None:
    """The client is sent away, and told to stay away, in time."""
    begun = time.monotonic()

    async def ended() -> bool:
        return bool(client.ended)

    await until(ended, within=60)
    assert "server disconnect" in client.ended[0]
    assert time.monotonic() - begun < seconds


async def revoke_everything(here: Web, there: Web, world: World, seconds: float) -> None:
    """A ban and a sign-out in one process end sockets in both of them, and nobody else's."""
    pottery = world.pottery
    async with (
        connected(there, pottery, pottery.sam, wait_timeout=10) as sam,
        connected(here, pottery, pottery.sam, wait_timeout=10) as sam_here,
        connected(there, pottery, pottery.zoe, wait_timeout=10) as zoe,
        connected(there, pottery, pottery.mia, wait_timeout=10) as mia,
    ):
        ban = f"/channels/{pottery.slug}/members/{pottery.sam.member_id}/ban"
        assert (await here.call("PUT", ban, {"reason": "spam"}, token=pottery.ana.token)).status < 300
        await asyncio.gather(ends_within(seconds, sam), ends_within(seconds, sam_here))
        assert (await here.call("POST", "/auth/sign-out", token=pottery.zoe.token)).status == 204
        await ends_within(seconds, zoe)
        assert not mia.ended


async def test_between_two_processes(database: str, valkey: EmbeddedValkey, tmp_path: Path, world: World) -> None:
    async with AsyncExitStack() as stack:
        here, there = await processes(database, valkey.redis_url, tmp_path, 2, stack)
        await revoke_everything(here, there, world, PROMISED)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP], ids=["is dead", "stands still"])
async def test_between_two_processes_while_redis(
    database: str, mortal: EmbeddedValkey, tmp_path: Path, world: World, sign: signal.Signals
) -> None:
    async with AsyncExitStack() as stack:
        here, there = await processes(database, mortal.redis_url, tmp_path, 2, stack)
        assert mortal.child is not None
        os.kill(mortal.child.pid, sign)
        try:
            await revoke_everything(here, there, world, PROMISED_WITHOUT_REDIS)
        finally:
            if sign == signal.SIGSTOP:
                os.kill(mortal.child.pid, signal.SIGCONT)


async def test_sockets_opened_before_redis_died_end_in_time_too(
    database: str, mortal: EmbeddedValkey, tmp_path: Path, world: World
) -> None:
    pottery = world.pottery
    async with AsyncExitStack() as stack:
        here, there = await processes(database, mortal.redis_url, tmp_path, 2, stack)
        async with connected(there, pottery, pottery.sam) as sam:
            assert mortal.child is not None
            os.kill(mortal.child.pid, signal.SIGKILL)
            assert (await here.call("POST", "/auth/sign-out", token=pottery.sam.token)).status == 204
            await ends_within(PROMISED_WITHOUT_REDIS, sam)
