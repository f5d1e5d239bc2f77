"""Jobs: done at least once, never twice at a time, never lost with Redis, visible when they fail."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from providers import Deferred, LeftAlone, ProviderDown, Unusable
from providers.breaker import Breaker
from providers.embedded import EmbeddedValkey
from tenants import relay, work
from tenants.errors import Conflict
from tenants.jobs import Job
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.waiting import until
from tests.workers.shop import SECRET, make_shop
from tests.world import World
from workers import registry
from workers.queues import Dispatched, ForeignJob, Queues, check_redis, sign
from workers.registry import PutOff, Work, Workshop
from workers.run import perform_leased
from workers.steward import Steward

PREFIX = "guildhall-test"


@dataclass(frozen=True, slots=True)
class Trace(Job):
    """A job that notes each time it was done."""

    word: str


@pytest.fixture
def shop(own: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(own, tmp_path)


@pytest.fixture
def performed() -> Iterator[list[str]]:
    """The words of each Trace done; a word may name the trouble to make."""
    done: list[str] = []

    async def trace(work: Work, asked: Trace) -> None:
        troubles = {
            "down": ProviderDown("the provider sleeps"), "later": PutOff("not yet", 60),
            "refused": Conflict("it is there already"), "bug": RuntimeError("a bug"), "slow": TimeoutError(),
        }  # fmt: skip
        if asked.word in troubles:
            raise troubles[asked.word]
        done.append(asked.word)

    registry.performs(Trace)(trace)
    yield done
    del registry.PERFORMANCES["Trace"]


async def ask(tenancy: Tenancy, world: World, word: str) -> work.Ticket:
    async with tenancy.scope(world.pottery.id, acting_system("test")) as scope:
        job_id = scope.enqueue(Trace(word))
    return work.Ticket(world.pottery.id, None, job_id)


async def row_of(tenancy: Tenancy, ticket: work.Ticket) -> dict[str, object] | None:
    async with bare(tenancy.relay) as connection:
        row = await connection.fetchrow(
            "select state, attempts, error, run_at > now() as later from jobs where id = $1", ticket.job_id
        )
    return dict(row) if row else None


async def do(shop: Workshop, ticket: work.Ticket) -> None:
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await perform_leased(shop, leased)


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


async def test_what_is_away_is_waited_for_and_is_no_attempt_that_failed(
    shop: Workshop, here: World, performed: list[str]
) -> None:
    ticket = await ask(shop.tenancy, here, "down")
    for _ in range(12):
        await do(shop, ticket)
        paused = await altered(shop.tenancy, "run_at = now()")
    assert 590 < paused <= 600
    assert (await row_of(shop.tenancy, ticket) or {})["state"] == "waiting"


@pytest.fixture
def together(performed: list[str]) -> list[str]:
    """Traces that all lean on one service, whose state each word is."""

    async def trace(work: Work, asked: Trace) -> None:
        troubles = {
            "spared": LeftAlone("left alone", 15), "down": ProviderDown("it sleeps"), "later": Deferred("not this one"),
            "key": Unusable("The key in MAIL is wrong."),
        }  # fmt: skip
        word = STATE.get(asked.word, asked.word)
        if word in troubles:
            raise troubles[word]
        performed.append(asked.word)

    STATE.clear()
    del registry.PERFORMANCES["Trace"]
    registry.performs(Trace, leans_on="a relay")(trace)
    return performed


STATE: dict[str, str] = {}


@pytest.mark.parametrize(("word", "longest"), [("spared", 600), ("down", 60), ("later", 600), ("key", 60)])
async def test_of_jobs_that_lean_on_one_service_only_those_that_asked_it_ask_often(
    shop: Workshop, here: World, together: list[str], word: str, longest: int
) -> None:
    ticket = await ask(shop.tenancy, here, word)
    for _ in range(12):
        await do(shop, ticket)
        paused = await altered(shop.tenancy, "run_at = now()")
    assert longest - 10 < paused <= longest


@pytest.mark.parametrize("first", ["the one that waited", "a new one"])
async def test_when_a_service_is_back_all_that_waited_for_it_are_due_at_once(
    shop: Workshop, here: World, together: list[str], first: str
) -> None:
    tickets = [await ask(shop.tenancy, here, word) for word in ("scout", "spared one", "greylisted")]
    scheduled = await ask(shop.tenancy, here, "scheduled")
    STATE.update({"scout": "down", "spared one": "spared", "greylisted": "later"})
    for ticket in tickets:
        await do(shop, ticket)
    async with bare(shop.tenancy.relay) as connection:
        await connection.execute("update jobs set run_at = now() + interval '9 minutes'")
    STATE.clear()
    if first == "a new one":
        await do(shop, await ask(shop.tenancy, here, first))
    else:
        async with bare(shop.tenancy.relay) as connection:
            await connection.execute("update jobs set run_at = now() where id = $1", tickets[0].job_id)
        shop.away.clear()
        await do(shop, tickets[0])
    due = {ticket.job_id for ticket in tickets} - ({tickets[0].job_id} if first != "a new one" else set())
    assert {each.ticket.job_id for each in await relay.claim(shop.tenancy, 10)} == due
    assert (await row_of(shop.tenancy, scheduled) or {})["later"], "what never waited keeps its hour"
    assert shop.away == set()


async def test_a_job_that_had_nothing_to_ask_hurries_nobody(shop: Workshop, here: World, together: list[str]) -> None:
    waiting = await ask(shop.tenancy, here, "spared")
    await do(shop, waiting)
    relay_breaker = Breaker("a relay", failures=1)
    with pytest.raises(ProviderDown), relay_breaker.call():
        raise ProviderDown("it sleeps")
    await do(shop, await ask(shop.tenancy, here, "nothing to ask"))
    assert await relay.claim(shop.tenancy, 10) == []


async def test_what_stays_away_for_three_days_is_given_up(shop: Workshop, here: World, performed: list[str]) -> None:
    ticket = await ask(shop.tenancy, here, "down")
    await do(shop, ticket)
    await altered(shop.tenancy, "run_at = now(), waiting_since = now() - interval '71 hours'")
    await do(shop, ticket)
    assert (await row_of(shop.tenancy, ticket) or {})["state"] == "waiting"
    await altered(shop.tenancy, "run_at = now(), waiting_since = now() - interval '72 hours'")
    await do(shop, ticket)
    assert (await row_of(shop.tenancy, ticket) or {})[
        "error"
    ] == "Given up after 3 days of waiting: the provider sleeps"
    assert await relay.run_again(shop.tenancy, ticket.job_id)
    await do(shop, ticket)
    assert (await row_of(shop.tenancy, ticket) or {})["state"] == "waiting"


async def test_a_job_over_which_workers_die_is_given_up_after_eight_attempts_whatever_it_waited(
    shop: Workshop, here: World, performed: list[str]
) -> None:
    ticket = await ask(shop.tenancy, here, "down")
    await do(shop, ticket)
    for _ in range(8):
        await altered(shop.tenancy, "run_at = now(), leased_until = now() - interval '1 second'")
        assert await work.take(shop.tenancy, ticket)
    await altered(shop.tenancy, "leased_until = now() - interval '1 second'")
    await do(shop, ticket)
    assert "Given up after 8 attempts; each time" in str((await row_of(shop.tenancy, ticket) or {})["error"])


async def test_a_job_that_takes_too_long_is_given_up_after_eight_attempts(
    shop: Workshop, here: World, performed: list[str]
) -> None:
    ticket = await ask(shop.tenancy, here, "slow")
    await do(shop, ticket)
    await altered(shop.tenancy, "run_at = now(), attempts = 7")
    await do(shop, ticket)
    assert (await row_of(shop.tenancy, ticket) or {})["error"] == "Given up after 8 attempts: it took too long"


async def altered(tenancy: Tenancy, changes: str) -> float:
    """Let time pass for the only job there is; how many seconds it would have paused."""
    async with bare(tenancy.relay) as connection:
        paused = await connection.fetchval("select extract(epoch from run_at - now()) from jobs")
        await connection.execute(f"update jobs set {changes}")
    return float(paused)


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
