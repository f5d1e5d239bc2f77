"""Waiting: what is away is waited for together, patiently, and work goes on as soon as it is back."""

from pathlib import Path

import pytest

from providers import Deferred, LeftAlone, ProviderDown, Unusable
from providers.breaker import Breaker
from tenants import relay, work
from tenants.scope import Tenancy
from tests.databases import bare
from tests.workers.shop import make_shop
from tests.workers.traces import Trace, altered, ask, do, row_of
from tests.world import World
from workers import registry
from workers.registry import Work, Workshop


@pytest.fixture
def shop(own: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(own, tmp_path)


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
