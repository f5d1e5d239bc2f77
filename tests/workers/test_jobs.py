"""Jobs: done at least once, never twice at a time, never lost with Redis, visible when they fail."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from providers.embedded import EmbeddedValkey
from tenants import relay, work
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.waiting import until
from tests.workers.shop import SECRET, make_shop
from tests.workers.traces import ask, do, row_of
from tests.world import World
from workers import steward as stewarding
from workers.queues import Dispatched, ForeignJob, Queues, check_redis, sign
from workers.registry import Workshop
from workers.steward import Chore, Steward

PREFIX = "guildhall-test"


@pytest.fixture
def shop(own: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(own, tmp_path)


async def test_a_job_that_is_done_leaves_no_row(shop: Workshop, here: World, performed: list[str]) -> None:
    ticket = await ask(shop.tenancy, here, "hello")
    await do(shop, ticket)
    assert performed == ["hello"]
    assert await row_of(shop.tenancy, ticket) is None
    assert await work.take(shop.tenancy, ticket) is None


async def test_one_worker_at_a_time_has_a_job(shop: Workshop, here: World, performed: list[str]) -> None:
    ticket = await ask(shop.tenancy, here, "hello")
    taken = await asyncio.gather(*(work.take(shop.tenancy, ticket) for _ in range(6)))
    assert sum(each is not None for each in taken) == 1


@pytest.mark.parametrize(
    ("word", "state", "error", "later"),
    [
        ("down", "waiting", "the provider sleeps", True),
        ("later", "waiting", "not yet", True),
        ("refused", "failed", "it is there already", False),
        ("bug", "failed", "RuntimeError: a bug", False),
    ],
)
async def test_what_came_of_a_job_is_written_down(
    shop: Workshop, here: World, performed: list[str], word: str, state: str, error: str, later: bool
) -> None:  # fmt: skip
    ticket = await ask(shop.tenancy, here, word)
    await do(shop, ticket)
    assert await row_of(shop.tenancy, ticket) == {"state": state, "attempts": 1, "error": error, "later": later}


async def test_a_failed_job_is_shown_and_can_be_run_again(shop: Workshop, here: World, performed: list[str]) -> None:
    ticket = await ask(shop.tenancy, here, "bug")
    await do(shop, ticket)
    assert [(each.id, each.name, each.error) for each in await relay.failed(shop.tenancy)] == [
        (ticket.job_id, "Trace", "RuntimeError: a bug")
    ]
    assert await relay.run_again(shop.tenancy, ticket.job_id)
    assert not await relay.run_again(shop.tenancy, ticket.job_id)
    assert await work.take(shop.tenancy, ticket)


async def test_due_jobs_are_sent_once_and_sent_again_when_redis_forgot_them(
    own: Tenancy, here: World, valkey: EmbeddedValkey
) -> None:
    redis = Redis.from_url(valkey.redis_url)
    redis.flushall()
    queues = Queues(redis, PREFIX, SECRET.encode())
    steward = Steward(own, queues)
    tickets = [await ask(own, here, str(number)) for number in range(5)]
    assert (await steward.send_due(), await steward.send_due()) == (5, 0)
    queue = queues.queue("default")
    assert queue.job_ids == [str(ticket.job_id) for ticket in tickets]
    await steward.send_lost(0)
    assert len(queue.job_ids) == 5
    redis.flushall()
    await steward.send_lost(0)
    assert set(queue.job_ids) == {str(ticket.job_id) for ticket in tickets}
    redis.close()


async def test_notices_left_behind_are_told_once_they_are_old_enough(own: Tenancy, here: World) -> None:
    from tenants.notices import Notice

    told: list[str] = []

    async def publish(_channel_id: object, notice: Notice) -> None:
        told.append(notice.event)

    async with own.scope(here.pottery.id, acting_system("test")) as scope:
        scope.announce(Notice("notice", {}, person_id=here.pottery.sam.person_id))
    steward = Steward(own, Queues(Redis(), PREFIX, b"x"), publish)
    assert await steward.tell_left() == 0
    async with bare(own.relay) as connection:
        assert await connection.fetchval("select count(*) from notices") == 1
    await until(steward.tell_left)
    assert (told, await steward.tell_left()) == (["notice"], 0)


async def test_jobs_are_sent_while_a_chore_hangs_and_after_one_that_failed(
    own: Tenancy, here: World, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[str] = []

    async def fail() -> None:
        began.append("fails")
        raise KeyError("a zone that nobody knows")

    async def hang() -> None:
        began.append("hangs")
        await asyncio.Event().wait()

    async def end() -> None:
        began.append("ends")

    redis = Redis.from_url(valkey.redis_url)
    redis.flushall()
    queues = Queues(redis, PREFIX, SECRET.encode())
    chores = [Chore(name, 0, work) for name, work in (("fails", fail), ("hangs", hang), ("ends", end))]
    running = asyncio.create_task(Steward(own, queues, chores=chores).run(valkey.redis_url, f"{PREFIX}-wake"))

    async def hangs() -> bool:
        return began[-1:] == ["hangs"]

    async def sent() -> bool:
        return queues.queue("default").job_ids == [str(ticket.job_id)]

    await until(hangs)
    ticket = await ask(own, here, "1")
    await until(sent)
    assert began == ["fails", "hangs"]
    monkeypatch.setattr(stewarding, "CHORE_SECONDS", 1.0)
    running.cancel()
    again = asyncio.create_task(Steward(own, queues, chores=chores).run(valkey.redis_url, f"{PREFIX}-wake"))

    async def ended() -> bool:
        return "ends" in began

    await until(ended)
    again.cancel()
    await asyncio.gather(running, again, return_exceptions=True)
    redis.close()


async def test_what_repeats_is_done_by_one_steward_at_a_time(own: Tenancy) -> None:
    assert sum(await asyncio.gather(*(relay.ticks(own, "sweep", 60) for _ in range(4)))) == 1
    assert not await relay.ticks(own, "sweep", 60)
    assert await relay.ticks(own, "sweep", 0)
    await relay.sweep(own)


def test_a_queue_calls_one_function_and_only_for_tickets_of_ours(valkey: EmbeddedValkey) -> None:
    redis = Redis.from_url(valkey.redis_url)
    forged = Dispatched.create("os.system", args=["true"], connection=redis)
    with pytest.raises(ForeignJob):
        _ = forged.func
    from workers import run

    run.HANDS[:] = [type("Hands", (), {"shop": type("Shop", (), {"secret": b"right"})})()]
    with pytest.raises(ForeignJob):
        run.perform(["channel", "x", "y"], sign(b"wrong", ["channel", "x", "y"]))
    run.HANDS.clear()
    check_redis(redis)
    redis.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(ValueError, match="noeviction"):
        check_redis(redis)
    redis.config_set("maxmemory-policy", "noeviction")
    redis.close()


def test_a_hosted_redis_that_hides_its_configuration_is_taken_at_its_word(valkey: EmbeddedValkey) -> None:
    redis = Redis.from_url(valkey.redis_url)
    redis.acl_setuser("hosted", enabled=True, passwords=["+word"], categories=["+@all"], commands=["-config"])
    hosted = Redis.from_url(valkey.redis_url, username="hosted", password="word")
    check_redis(hosted)
    redis.acl_deluser("hosted")
    for each in (hosted, redis):
        each.close()


async def test_a_worker_killed_over_a_job_loses_it_to_the_next_one(
    own: Tenancy, here: World, fresh: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    traces = tmp_path / "traces"
    traces.mkdir()
    tickets = [await ask(own, here, f"slow-{number}") for number in range(6)]
    redis = Redis.from_url(valkey.redis_url)
    redis.flushall()
    steward = Steward(own, Queues(redis, PREFIX, SECRET.encode()))
    await steward.send_due()
    first = worker_process(fresh, valkey, traces)
    await until(lambda: begun(traces, 2))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    redis.flushall()
    async with bare(own.relay) as connection:
        await connection.execute("update jobs set leased_until = now() where lease is not null")
    await steward.send_lost(0)
    second = worker_process(fresh, valkey, traces)

    async def all_gone() -> bool:
        async with bare(own.relay) as connection:
            return not await connection.fetchval("select count(*) from jobs")

    await until(all_gone, within=40)
    second.terminate()
    assert second.wait(10) is not None
    done = [path.name for path in traces.glob("*.done")]
    assert sorted(done) == sorted(f"{ticket.job_id}.done" for ticket in tickets)
    redis.close()


async def begun(traces: Path, count: int) -> bool:
    return len(list(traces.glob("*.begun"))) >= count


def worker_process(database: str, valkey: EmbeddedValkey, traces: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.workers.slow_worker", database, valkey.redis_url, PREFIX, str(traces)]
    return subprocess.Popen(command)
