"""Webhooks of payments: signed, taken in once, believed in nothing but that one should look, in any order one end."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants import work
from tenants.batches import batches
from tenants.billing import ledger, orders
from tenants.courses import enrollments
from tenants.scope import Record, Tenancy
from tests.standins.payments import SIGNATURE, StandIn, event
from tests.tenants.selling import Shop, make_shop
from tests.tenants.test_billing import age, is_in
from tests.webapp import Web
from tests.workers.shop import make_shop as make_workshop
from tests.world import Somebody, World
from workers import run
from workers.registry import Workshop

KINDS = (
    "checkout.completed",
    "checkout.expired",
    "payment.refunded",
    "payment.disputed",
    "checkout.async",
    "account.x",
)


@dataclass(frozen=True)
class Counter:
    """The far side, the web and a worker around one channel that sells."""

    web: Web
    shop: Shop
    workshop: Workshop

    async def post(self, raw: bytes, signature: str = SIGNATURE, provider: str = "sandbox") -> int:
        url = f"{self.web.url}/webhooks/{provider}"
        async with self.web.session.post(url, data=raw, headers={"Standin-Signature": signature}) as answer:
            return answer.status

    async def tell(self, bought: Record, kind: str = "checkout.completed", event_id: str = "", **lie: str) -> int:
        return await self.post(told_of(bought, self.shop, kind, event_id or uuid4().hex, **lie))

    async def do_jobs(self) -> int:
        """Do every job that is due, but for mails; how many."""
        done = 0
        while tickets := await self._due():
            for ticket in tickets:
                leased = await work.take(self.workshop.tenancy, ticket)
                if leased is not None:
                    await run.perform_leased(self.workshop, leased)
                    done += 1
        return done

    async def _due(self) -> list[work.Ticket]:
        sql = """select id from jobs where channel_id = $1 and state = 'waiting' and run_at <= now()
          and name <> 'SendMail' order by id limit 500"""
        async with self.workshop.tenancy.relay.connection() as connection:
            rows = await connection.fetch(sql, self.shop.school.id)
        return [work.Ticket(self.shop.school.id, None, row["id"]) for row in rows]


def told_of(bought: Record, shop: Shop, kind: str, event_id: str, **lie: str) -> bytes:
    said = {
        "account": shop.account, "channel": str(shop.school.id), "order": str(bought["id"]),
        "checkout": bought["checkout_id"], "payment": f"pi_{bought['checkout_id']}",
    }  # fmt: skip
    return event(kind, event_id, **(said | lie))


@pytest.fixture
async def counter(web: Web, tenancy: Tenancy, world: World, tmp_path: Path) -> Counter:
    shop = await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)
    return Counter(web, shop, make_workshop(tenancy, tmp_path, shop.till))


async def jobs_of(counter: Counter, name: str) -> int:
    async with counter.workshop.tenancy.relay.connection() as connection:
        sql = "select count(*) from jobs where channel_id = $1 and name = $2"
        return int(await connection.fetchval(sql, counter.shop.school.id, name))


async def test_a_paid_checkout_enrols_whoever_paid(counter: Counter) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    counter.shop.till.become(order["checkout_id"], "paid")
    assert await counter.tell(order) == 200
    assert await is_in(counter.shop, counter.shop.school.sam) is False
    await counter.do_jobs()
    assert await is_in(counter.shop, counter.shop.school.sam) is True


async def test_the_same_event_sent_again_asks_for_nothing_more(counter: Counter) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    assert [await counter.tell(order, event_id="evt_1") for _ in range(4)] == [200] * 4
    assert await jobs_of(counter, "SettleOrder") == 1


async def test_a_webhook_alone_makes_nobody_a_student(counter: Counter) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    assert await counter.tell(order) == 200
    await counter.do_jobs()
    assert await is_in(counter.shop, counter.shop.school.sam) is False


@pytest.mark.parametrize(
    ("raw", "signature", "status"),
    [(b"{}", "forged", 401), (b"", "", 401), (b"{}", SIGNATURE, 400), (b"\xff\x00", SIGNATURE, 400),
     (b"[]", SIGNATURE, 400), (b"x" * 300_000, SIGNATURE, 413),
     (event("unheard.of", "e", "a"), SIGNATURE, 200), (event("checkout.x", "e", "a"), SIGNATURE, 400),
     (event("account.x", "e", "acct_of_nobody"), SIGNATURE, 200)],
)  # fmt: skip
async def test_what_is_no_webhook_of_ours(counter: Counter, raw: bytes, signature: str, status: int) -> None:
    assert await counter.post(raw, signature) == status


async def test_another_provider_has_no_address_here(counter: Counter) -> None:
    assert await counter.post(b"{}", provider="stripe") == 404


async def test_an_event_that_claims_another_channel_or_order_moves_nothing(counter: Counter, world: World) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    counter.shop.till.become(order["checkout_id"], "paid")
    assert await counter.tell(order, channel=str(world.chess.id)) == 200
    assert await jobs_of(counter, "SettleOrder") == 0
    assert await counter.tell(order, order=str(uuid4())) == 200
    await counter.do_jobs()
    assert await is_in(counter.shop, counter.shop.school.sam) is False


async def test_a_channel_s_account_leads_to_no_other_channel_s_orders(
    counter: Counter, tenancy: Tenancy, world: World
) -> None:
    other = await make_shop(tenancy, world.chess, world.chess.otto, world.chess.otto)
    order = await counter.shop.begin(counter.shop.school.sam)
    counter.shop.till.become(order["checkout_id"], "paid")
    await counter.tell(order, account=other.account)
    await counter.tell(order, account=other.account, channel=str(world.chess.id))
    await counter.tell(order, kind="payment.refunded", account=other.account)
    await counter.do_jobs()
    assert await is_in(counter.shop, counter.shop.school.sam) is False


async def test_a_lost_webhook_costs_nothing(counter: Counter) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    await counter.do_jobs()
    counter.shop.till.become(order["checkout_id"], "paid")
    await due(counter)
    assert await counter.do_jobs() == 1
    assert await is_in(counter.shop, counter.shop.school.sam) is True
    await due(counter)
    assert await counter.do_jobs() == 0


async def test_an_order_left_behind_is_looked_after_at_1_10_60_minutes_and_ended(counter: Counter) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    waits = []
    for _ in range(3):
        waits.append(await due(counter))
        await counter.do_jobs()
    assert [wait.total_seconds() for wait in waits] == [60, 600, 3600]
    async with counter.shop.system() as scope:
        assert (await orders.read(scope, order["id"]))["state"] == "expired"
    assert await jobs_of(counter, "RecheckOrder") == 0
    assert counter.shop.till.checkouts[order["checkout_id"]].state == "expired"


async def test_slow_money_is_waited_for_and_keeps_its_seat(counter: Counter) -> None:
    batch = await counter.shop.batch(places=1)
    order = await counter.shop.begin(counter.shop.school.sam, batch)
    counter.shop.till.become(order["checkout_id"], "processing")
    for _ in range(6):
        await due(counter)
        await counter.do_jobs()
    await age(counter.shop, order, timedelta(days=2))
    with pytest.raises(Exception, match="Every seat"):
        await counter.shop.begin(counter.shop.school.zoe, batch)
    counter.shop.till.become(order["checkout_id"], "paid")
    await due(counter)
    await counter.do_jobs()
    assert await is_in(counter.shop, counter.shop.school.sam) == batch


async def test_while_the_provider_is_away_events_are_taken_in_and_caught_up(counter: Counter) -> None:
    order = await counter.shop.begin(counter.shop.school.sam)
    counter.shop.till.become(order["checkout_id"], "paid")
    counter.shop.till.away = True
    assert await counter.tell(order) == 200
    await counter.do_jobs()
    counter.shop.till.away = False
    await due(counter, "SettleOrder")
    await counter.do_jobs()
    assert await is_in(counter.shop, counter.shop.school.sam) is True


async def test_a_refused_refund_is_written_to_the_order(counter: Counter) -> None:
    batch = await counter.shop.batch(places=1)
    late = await counter.shop.begin(counter.shop.school.sam, batch)
    await age(counter.shop, late, timedelta(minutes=40))
    await counter.shop.buy(counter.shop.school.zoe, batch)
    counter.shop.till.become(late["checkout_id"], "paid")
    counter.shop.till.refuses = {"refund"}
    await counter.tell(late)
    await counter.do_jobs()
    async with counter.shop.system() as scope:
        row = await orders.read(scope, late["id"])
    assert (row["state"], row["problem"]) == ("paid", "The payment provider will not: refund.")


async def test_an_account_that_becomes_ready_is_noted(counter: Counter) -> None:
    shop = counter.shop
    await shop.till.open_account(replace_channel(shop))
    shop.till.accounts[shop.account] = replace(shop.till.accounts[shop.account], ready=False, missing=("your bank",))
    await counter.post(event("account.updated", "evt_a", shop.account))
    await counter.do_jobs()
    with pytest.raises(Exception, match="cannot take payments"):
        await shop.begin(shop.school.sam)


Step = tuple[str, dict[str, Any]]
STORIES: dict[str, Sequence[Step]] = {
    "paid": (("processing", {}), ("paid", {})),
    "refunded": (("paid", {}), ("paid", {"refunded": 4000}), ("paid", {"refunded": 12_000})),
    "disputed": (("paid", {}), ("paid", {"disputed": True})),
    "failed": (("processing", {}), ("failed", {})),
    "expired": (("expired", {}),),
}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), story=st.sampled_from(sorted(STORIES)))
async def test_events_replayed_shuffled_doubled_and_late_come_to_one_end(
    counter: Counter, seed: int, story: str
) -> None:
    chance, shop = random.Random(seed), counter.shop
    (sam,) = await one_more(shop)
    batch = await shop.batch(places=1)
    order = await shop.begin(sam, batch)
    steps = list(STORIES[story])
    deliveries = [(kind, f"{seed}-{number}") for number, kind in enumerate(KINDS)] * chance.randint(1, 3)
    chance.shuffle(deliveries)
    cuts = sorted(chance.sample(range(len(deliveries) + 1), k=min(len(steps), len(deliveries))))
    for place, (kind, event_id) in enumerate(deliveries):
        while steps and cuts and cuts[0] <= place:
            state, more = steps.pop(0)
            cuts.pop(0)
            shop.till.become(order["checkout_id"], state, **more)
        assert await counter.tell(order, kind, event_id) == 200
        if chance.random() < 0.3:
            await counter.do_jobs()
    for state, more in steps:
        shop.till.become(order["checkout_id"], state, **more)
    await counter.tell(order)
    await counter.do_jobs()
    assert await end_of(shop, sam, order, batch) == ENDS[story]


ENDS: dict[str, tuple[Any, ...]] = {
    "paid": ("paid", True, 1, {"buyer": -12_000, "creator": 12_000, "platform": 0}),
    "disputed": ("disputed", True, 1, {"buyer": -12_000, "creator": 12_000, "platform": 0}),
    "refunded": ("refunded", False, 0, {"buyer": 0, "creator": 0, "platform": 0}),
    "failed": ("failed", False, 0, {}),
    "expired": ("expired", False, 0, {}),
}


async def end_of(shop: Shop, who: Somebody, order: Record, batch: Any) -> tuple[Any, ...]:
    """What an order comes to: its state, whether its buyer is in, seats taken, and the ledger."""
    async with shop.system() as scope:
        row = await orders.read(scope, order["id"])
        enrolled = await enrollments.of_member(scope, shop.course.id, who.member_id)
        taken = await batches.seats_taken(scope, batch)
        return row["state"], enrolled is not None, taken, await ledger.balances(scope, order["id"])


async def test_ten_thousand_events_end_as_one_would(counter: Counter) -> None:
    chance, shop = random.Random(7), counter.shop
    bought = [await shop.begin(who) for who in (shop.school.sam, shop.school.zoe)]
    for order in bought:
        shop.till.become(order["checkout_id"], "paid")
    events = [(order, kind, f"{kind}-{number % 25}-{order['id']}") for order in bought for kind in KINDS[:5]
              for number in range(1000)]  # fmt: skip
    chance.shuffle(events)
    assert len(events) == 10_000
    await take_in_all(counter, events)
    assert await jobs_of(counter, "SettleOrder") + await jobs_of(counter, "SettlePayment") == 250
    await counter.do_jobs()
    for order in bought:
        async with shop.system() as scope:
            assert (await orders.read(scope, order["id"]))["state"] == "paid"
            assert await ledger.balances(scope, order["id"]) == {"buyer": -12_000, "creator": 12_000, "platform": 0}


async def take_in_all(counter: Counter, events: list[tuple[Record, str, str]]) -> None:
    """As the webhook does, without HTTP in between."""
    from server.webhooks.payments import _take_in

    house = counter.web.house
    for order, kind, event_id in events:
        raw = told_of(order, counter.shop, kind, event_id)
        for each in StandIn().verify_and_parse({"Standin-Signature": SIGNATURE}, raw):
            await _take_in(house, each)


async def one_more(shop: Shop) -> list[Somebody]:
    from tests.tenants.test_billing import crowd_of

    return await crowd_of(shop, 1)


def replace_channel(shop: Shop) -> Any:
    from providers.payments import NewAccount

    return NewAccount(shop.school.id, "Pottery", "ana@guildhall.example", "GB")


async def due(counter: Counter, name: str = "RecheckOrder") -> timedelta:
    """Let time pass until the next such job is due; how long after the order's birth that was."""
    async with counter.workshop.tenancy.relay.connection() as connection:
        row = await connection.fetchrow(
            "select id, run_at from jobs where channel_id = $1 and name = $2", counter.shop.school.id, name
        )
        if row is None:
            return timedelta()
        await connection.execute("update jobs set run_at = now() where id = $1", row["id"])
    async with counter.shop.system() as scope:
        born = await scope._connection.fetchval("select max(created_at) from orders")
    wait: timedelta = row["run_at"] - born
    return wait
