"""Money told in every order: events replayed, shuffled, doubled and late come to one end, as one would."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.batches import batches
from tenants.billing import ledger, orders
from tenants.courses import enrollments
from tenants.scope import Record, Tenancy
from tests.server.counter import KINDS, Counter, jobs_of, make_counter, told_of
from tests.standins.payments import SIGNATURE, StandIn
from tests.tenants.selling import Shop, crowd_of
from tests.webapp import Web
from tests.world import Somebody, World


@pytest.fixture
async def counter(web: Web, tenancy: Tenancy, world: World, tmp_path: Path) -> Counter:
    return await make_counter(web, tenancy, world, tmp_path)


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
    (sam,) = await crowd_of(shop, 1)
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
