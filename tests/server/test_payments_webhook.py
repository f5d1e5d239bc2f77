"""Webhooks of payments: signed, taken in once, believed in nothing but that one should look, in any order one end."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tenants.billing import orders
from tenants.scope import Tenancy
from tests.server.counter import Counter, due, jobs_of, make_counter
from tests.standins.payments import SIGNATURE, event
from tests.tenants.selling import Shop, age, is_in, make_shop
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def counter(web: Web, tenancy: Tenancy, world: World, tmp_path: Path) -> Counter:
    return await make_counter(web, tenancy, world, tmp_path)


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


def replace_channel(shop: Shop) -> Any:
    from providers.payments import NewAccount

    return NewAccount(shop.school.id, "Pottery", "ana@guildhall.example", "GB")
