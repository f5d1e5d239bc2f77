"""Buying: seats held while somebody pays, what was paid for given once, and taken back once."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from providers import ProviderRefused
from tenants.batches import batches, purchases, seats, settling
from tenants.billing import ledger, orders
from tenants.billing.prices import Price
from tenants.errors import Conflict, Forbidden, PaymentNeeded
from tenants.members import bans
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.selling import Shop, age, crowd_of, is_in, jobs_asked, make_shop, refund
from tests.world import Somebody, World


@pytest.fixture
async def shop(tenancy: Tenancy, world: World) -> Shop:
    return await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)


async def test_what_is_paid_for_is_given_once_and_told(shop: Shop) -> None:
    sam = shop.school.sam
    order = await shop.buy(sam)
    assert (order["state"], await is_in(shop, sam)) == ("paid", True)
    for _ in range(3):
        assert (await shop.settle(order))["state"] == "paid"
    told = await jobs_asked(shop)
    assert (told["order_paid"], told["RecheckOrder"]) == (1, 1)
    async with shop.system() as scope:
        assert await ledger.balances(scope, order["id"]) == {"buyer": -12_000, "creator": 12_000, "platform": 0}
    async with bare(shop.tenancy.relay) as connection:
        sql = "select payload from notices where channel_id = $1 and person_id = $2 and event = 'notice'"
        (notice,) = await connection.fetch(sql, shop.school.id, sam.person_id)
    assert notice["payload"]["state"] == "paid"
    assert notice["payload"]["url"].endswith(f"/orders/{order['id']}")


async def test_nobody_enters_a_priced_course_without_paying(shop: Shop) -> None:
    batch, dear = await shop.batch(), await shop.batch(price=Price(20_000, "GBP"))
    sam = shop.school.sam
    for wanted in (None, batch, dear):
        async with shop.tenancy.scope(shop.school.id, sam.actor) as scope:
            with pytest.raises(PaymentNeeded) as refused:
                await seats.enroll(scope, shop.course.id, wanted)
        assert (refused.value.status, refused.value.code) == (402, "payment_needed")
        assert f"/c/{shop.school.slug}/learn/first-bowl/buy" in refused.value.data["pay_at"]
    assert refused.value.data["price"] == {"amount": 20_000, "currency": "GBP", "exponent": 2}
    await shop.buy(sam, batch)
    other = await shop.batch()
    async with shop.tenancy.scope(shop.school.id, sam.actor) as scope:
        assert (await seats.enroll(scope, shop.course.id, other))["batch_id"] == other
        with pytest.raises(PaymentNeeded):
            await seats.enroll(scope, shop.course.id, dear)
        await seats.leave(scope, shop.course.id)
        assert (await seats.enroll(scope, shop.course.id))["state"] == "active"


async def test_a_batch_may_be_free_though_its_course_is_not(shop: Shop) -> None:
    free = await shop.batch(price=Price(0, "GBP"))
    async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
        assert (await seats.enroll(scope, shop.course.id, free))["batch_id"] == free
        with pytest.raises(Conflict) as refused:
            await purchases.begin(scope, "sandbox", shop.course.id, free)
    assert refused.value.code == "enrolled"


async def test_staff_take_people_in_by_hand_and_students_do_not(shop: Shop) -> None:
    school, batch = shop.school, await shop.batch(places=1)
    async with shop.tenancy.scope(school.id, school.ben.actor) as scope:
        assert (await seats.admit(scope, shop.course.id, school.sam.member_id, batch))["batch_id"] == batch
        with pytest.raises(Conflict, match="Every seat"):
            await seats.admit(scope, shop.course.id, school.zoe.member_id, batch)
        await seats.enroll(scope, shop.course.id)
    async with shop.tenancy.scope(school.id, school.zoe.actor) as scope:
        with pytest.raises(Forbidden):
            await seats.admit(scope, shop.course.id, school.zoe.member_id)


async def test_twenty_at_once_for_three_seats_begin_three_checkouts(shop: Shop) -> None:
    batch = await shop.batch(places=3)

    async def try_to_buy(who: Somebody) -> str:
        try:
            await shop.begin(who, batch)
        except Conflict as refused:
            return refused.code
        return "at the till"

    crowd = await crowd_of(shop, 20)
    assert Counter(await asyncio.gather(*map(try_to_buy, crowd))) == {"at the till": 3, "batch_full": 17}
    async with shop.tenancy.scope(shop.school.id, shop.school.ben.actor) as scope:
        assert (await batches.read(scope, batch))["taken"] == 0
        with pytest.raises(Conflict, match="3 seats are taken"):
            await batches.edit(scope, batch, 1, {"seats": 2})


async def test_pressing_buy_again_is_the_same_order_and_the_same_page(shop: Shop) -> None:
    batch = await shop.batch(places=1)
    first = await shop.begin(shop.school.sam, batch)
    found = await asyncio.gather(*(shop.begin(shop.school.sam, batch) for _ in range(5)))
    assert {(row["id"], row["checkout_url"]) for row in found} == {(first["id"], first["checkout_url"])}


@pytest.mark.parametrize("end", ["expired", "failed"])
async def test_a_checkout_that_ends_unpaid_frees_its_seat(shop: Shop, end: str) -> None:
    batch = await shop.batch(places=1)
    order = await shop.begin(shop.school.sam, batch)
    shop.till.become(order["checkout_id"], end)
    assert (await shop.settle(order))["state"] == end
    assert (await shop.buy(shop.school.zoe, batch))["state"] == "paid"


async def test_cancelling_frees_the_seat_at_once_unless_it_was_paid_meanwhile(shop: Shop) -> None:
    batch = await shop.batch(places=1)
    order = await shop.begin(shop.school.sam, batch)
    ended = await settling.end(shop.tenancy, shop.till, shop.school.id, order["id"])
    assert ended["state"] == "expired"
    order = await shop.begin(shop.school.zoe, batch)
    shop.till.become(order["checkout_id"], "paid")
    assert (await settling.end(shop.tenancy, shop.till, shop.school.id, order["id"]))["state"] == "paid"
    assert await is_in(shop, shop.school.zoe) == batch


async def test_a_seat_is_held_for_the_life_of_a_checkout_and_no_longer(shop: Shop) -> None:
    batch = await shop.batch(places=1)
    order = await shop.begin(shop.school.sam, batch)
    await age(shop, order, timedelta(minutes=33))
    with pytest.raises(Conflict, match="Every seat"):
        await shop.begin(shop.school.zoe, batch)
    await age(shop, order, timedelta(minutes=2))
    assert (await shop.buy(shop.school.zoe, batch))["state"] == "paid"


async def test_money_that_comes_when_no_seat_is_left_goes_back_and_is_explained(shop: Shop) -> None:
    batch = await shop.batch(places=1)
    late = await shop.begin(shop.school.sam, batch)
    await age(shop, late, timedelta(minutes=40))
    await shop.buy(shop.school.zoe, batch)
    shop.till.become(late["checkout_id"], "paid")
    paid = await shop.settle(late)
    assert (paid["state"], paid["refund_reason"]) == ("paid", "Every seat of this batch is taken. Choose another one.")
    assert await is_in(shop, shop.school.sam) is False
    with pytest.raises(PaymentNeeded):
        async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
            await seats.enroll(scope, shop.course.id)
    assert ((await jobs_asked(shop))["order_returned"], (await jobs_asked(shop))["RefundOrder"]) == (1, 1)
    for _ in range(2):
        back = await settling.give_back(shop.tenancy, shop.till, shop.school.id, late["id"])
    assert (back["state"], sum(shop.till.refunds.values())) == ("refunded", 12_000)
    async with shop.system() as scope:
        assert await ledger.balances(scope, late["id"]) == {"buyer": 0, "creator": 0, "platform": 0}


async def test_money_of_one_who_was_banned_meanwhile_goes_back(shop: Shop) -> None:
    order = await shop.begin(shop.school.sam)
    async with shop.tenancy.scope(shop.school.id, shop.school.ana.actor) as scope:
        await bans.ban(scope, shop.school.sam.member_id, "Spam")
    shop.till.become(order["checkout_id"], "paid")
    assert (await shop.settle(order))["refund_asked_at"] is not None
    assert await is_in(shop, shop.school.sam) is False


async def test_a_batch_that_closed_while_somebody_paid_still_takes_them(shop: Shop) -> None:
    batch = await shop.batch(places=1)
    order = await shop.begin(shop.school.sam, batch)
    async with shop.tenancy.scope(shop.school.id, shop.school.ben.actor) as scope:
        await batches.edit(scope, batch, 1, {"state": "closed"})
    shop.till.become(order["checkout_id"], "paid")
    assert (await shop.settle(order))["refund_asked_at"] is None
    assert await is_in(shop, shop.school.sam) == batch


async def test_a_refund_ends_access_and_frees_the_seat_once(shop: Shop) -> None:
    batch = await shop.batch(places=1)
    order = await shop.buy(shop.school.sam, batch)
    back = await refund(shop, order)
    assert (back["state"], back["refunded"], await is_in(shop, shop.school.sam)) == ("refunded", 12_000, False)
    assert (await refund(shop, order))["state"] == "refunded"
    assert list(shop.till.refunds.values()) == [12_000]
    await shop.buy(shop.school.zoe, batch)
    with pytest.raises(PaymentNeeded):
        async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
            await seats.enroll(scope, shop.course.id)


async def test_a_refund_of_one_of_two_purchases_leaves_what_the_other_gave(shop: Shop) -> None:
    cheap, dear = await shop.batch(), await shop.batch(price=Price(20_000, "GBP"))
    first = await shop.buy(shop.school.sam, cheap)
    await shop.buy(shop.school.sam, dear)
    assert await is_in(shop, shop.school.sam) == dear
    await refund(shop, first)
    assert await is_in(shop, shop.school.sam) == dear


async def test_a_refund_that_the_provider_refuses_leaves_the_order_as_it_was_with_the_reason(shop: Shop) -> None:
    order = await shop.buy(shop.school.sam)
    shop.till.refuses = {"refund"}
    with pytest.raises(ProviderRefused):
        await refund(shop, order)
    async with shop.system() as scope:
        await purchases.refuse_refund(scope, order["id"], "There is too little money in the account.")
        row = await orders.read(scope, order["id"])
    assert (row["state"], row["refund_asked_at"], row["problem"]) == (
        "paid", None, "There is too little money in the account.",
    )  # fmt: skip
    assert await is_in(shop, shop.school.sam) is True
    shop.till.refuses = set()
    assert (await refund(shop, order))["state"] == "refunded"


async def test_a_dispute_is_seen_and_stays_seen(shop: Shop) -> None:
    order = await shop.buy(shop.school.sam)
    shop.till.become(order["checkout_id"], "paid", disputed=True)
    assert (await shop.settle(order))["state"] == "disputed"
    shop.till.become(order["checkout_id"], "paid", disputed=False)
    assert (await shop.settle(order))["state"] == "disputed"


async def test_a_part_given_back_at_the_provider_is_seen_and_takes_nothing_away(shop: Shop) -> None:
    order = await shop.buy(shop.school.sam)
    shop.till.become(order["checkout_id"], "paid", refunded=5000)
    assert (await shop.settle(order))["refunded"] == 5000
    assert await is_in(shop, shop.school.sam) is True
    assert (await refund(shop, order))["state"] == "refunded"
    assert list(shop.till.refunds.values()) == [7000]
