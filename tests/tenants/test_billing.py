"""Money: orders that only move on, seats held while somebody pays, what was paid given once and taken back once."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import ProviderDown, ProviderRefused
from providers.payments import Money, Payment
from tenants.batches import batches, purchases, seats, settling
from tenants.billing import accounts, ledger, orders, prices
from tenants.billing.orders import STATES, state_after
from tenants.billing.prices import CURRENCIES, Price
from tenants.courses import enrollments
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, PaymentNeeded, Refusal, SignInNeeded
from tenants.ids import new_id
from tenants.members import bans
from tenants.permissions import VISITOR, Role
from tenants.scope import Record, Tenancy
from tests.tenants.selling import PRICE, Shop, make_shop, open_account
from tests.world import Somebody, World, add_member, make_person


@pytest.fixture
async def shop(tenancy: Tenancy, world: World) -> Shop:
    return await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)


async def is_in(shop: Shop, who: Somebody) -> UUID | bool:
    """The batch that somebody is in, or whether they are in the course at all."""
    async with shop.system() as scope:
        row = await enrollments.of_member(scope, shop.course.id, who.member_id)
    return False if row is None else row["batch_id"] or True


async def crowd_of(shop: Shop, count: int) -> list[Somebody]:
    people = [await make_person(shop.tenancy, f"s{number}") for number in range(count)]
    return [await add_member(shop.tenancy, shop.school, person, Role.STUDENT) for person in people]


async def refund(shop: Shop, order: Record, reason: str = "They asked") -> Record:
    async with shop.tenancy.scope(shop.school.id, shop.school.ana.actor) as scope:
        await purchases.ask_refund(scope, order["id"], reason)
    return await settling.give_back(shop.tenancy, shop.till, shop.school.id, order["id"])


async def jobs(shop: Shop) -> Counter[str]:
    async with shop.tenancy.relay.connection() as connection:
        rows = await connection.fetch("select name, payload from jobs where channel_id = $1", shop.school.id)
    return Counter(row["payload"].get("template", row["name"]) for row in rows)


async def test_what_is_paid_for_is_given_once_and_told(shop: Shop) -> None:
    sam = shop.school.sam
    order = await shop.buy(sam)
    assert (order["state"], await is_in(shop, sam)) == ("paid", True)
    for _ in range(3):
        assert (await shop.settle(order))["state"] == "paid"
    told = await jobs(shop)
    assert (told["order_paid"], told["RecheckOrder"]) == (1, 1)
    async with shop.system() as scope:
        assert await ledger.balances(scope, order["id"]) == {"buyer": -12_000, "creator": 12_000, "platform": 0}
    async with shop.tenancy.relay.connection() as connection:
        sql = "select payload from notices where channel_id = $1 and person_id = $2"
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
    assert ((await jobs(shop))["order_returned"], (await jobs(shop))["RefundOrder"]) == (1, 1)
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


LIES: list[dict[str, Any]] = [
    {"price": Money(1, "GBP")},
    {"price": Money(12_000, "JPY")},
    {"order_id": new_id()},
    {"checkout_id": "cs_of_another"},
]


@pytest.mark.parametrize("lie", LIES, ids=str)
async def test_a_provider_that_speaks_of_another_order_or_price_is_not_believed(
    shop: Shop, lie: dict[str, Any]
) -> None:
    order = await shop.begin(shop.school.sam)
    told = replace(shop.till.become(order["checkout_id"], "paid"), **lie)
    shop.till.lies[order["checkout_id"]] = told
    with pytest.raises(Conflict, match="another order or price"):
        await shop.settle(order)
    assert await is_in(shop, shop.school.sam) is False


async def test_while_the_provider_is_away_nothing_changes(shop: Shop) -> None:
    order = await shop.begin(shop.school.sam)
    shop.till.become(order["checkout_id"], "paid")
    shop.till.away = True
    with pytest.raises(ProviderDown):
        await shop.settle(order)
    shop.till.away = False
    assert (await shop.settle(order))["state"] == "paid"


async def test_a_payment_leads_to_its_order_though_its_webhook_came_first(shop: Shop) -> None:
    order = await shop.begin(shop.school.sam)
    shop.till.become(order["checkout_id"], "paid")
    payment = f"pi_{order['checkout_id']}"
    for asked in (payment, payment, "pi_of_nobody"):
        await settling.settle_payment(shop.tenancy, shop.till, shop.school.id, "sandbox", asked)
    assert await is_in(shop, shop.school.sam) is True


async def test_a_new_price_or_an_old_checkout_outdates_an_order(shop: Shop) -> None:
    order = await shop.begin(shop.school.sam)
    async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
        assert not (await purchases.begin(scope, "sandbox", shop.course.id)).outdated
    async with shop.tenancy.scope(shop.school.id, shop.school.ana.actor) as scope:
        await prices.set_course(scope, shop.course.id, Price(9000, "GBP"))
    async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
        assert (await purchases.begin(scope, "sandbox", shop.course.id)).outdated
    async with shop.tenancy.scope(shop.school.id, shop.school.ana.actor) as scope:
        await prices.set_course(scope, shop.course.id, PRICE)
    await age(shop, order, timedelta(minutes=30))
    async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
        assert (await purchases.begin(scope, "sandbox", shop.course.id)).outdated


async def test_a_channel_without_a_ready_account_sells_nothing_and_says_so(tenancy: Tenancy, world: World) -> None:
    shop = await make_shop(tenancy, world.chess, world.chess.otto, world.chess.otto)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        await accounts.note(scope, "sandbox", shop.account, ready=False, missing=("your bank account",))
    async with tenancy.scope(world.chess.id, world.chess.eve.actor) as scope:
        with pytest.raises(Conflict) as refused:
            await purchases.begin(scope, "sandbox", shop.course.id)
    assert refused.value.code == "not_selling"
    await settling.settle_payment(tenancy, shop.till, world.chess.id, "stripe", "pi_x")


async def test_who_may_buy_and_who_may_look_and_who_may_not(shop: Shop, world: World) -> None:
    school = shop.school
    order = await shop.buy(school.sam)
    async with shop.tenancy.scope(school.id, VISITOR) as scope:
        for attempt in (purchases.begin(scope, "sandbox", shop.course.id), orders.read(scope, order["id"])):
            with pytest.raises(SignInNeeded):
                await attempt
    async with shop.tenancy.scope(school.id, world.nobody.actor) as scope:
        with pytest.raises(Forbidden, match="Join"):
            await purchases.begin(scope, "sandbox", shop.course.id)
    for stranger in (school.zoe, school.ben, world.nobody):
        async with shop.tenancy.scope(school.id, stranger.actor) as scope:
            with pytest.raises(NotFound):
                await orders.read(scope, order["id"])
    async with shop.tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        for foreign in (orders.read(scope, order["id"]), purchases.ask_refund(scope, order["id"], "Mine")):
            with pytest.raises(NotFound):
                await foreign
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        assert [row["id"] for row in await orders.mine(scope)] == [order["id"]]


async def test_prices_payouts_and_refunds_are_for_those_who_run_the_channel(shop: Shop) -> None:
    school, batch, order = shop.school, await shop.batch(), await shop.buy(shop.school.sam)
    for who in (school.ben, school.mia, school.zoe):
        async with shop.tenancy.scope(school.id, who.actor) as scope:
            for attempt in (
                prices.set_course(scope, shop.course.id, None),
                batches.set_price(scope, batch, None),
                purchases.ask_refund(scope, order["id"], "Mine"),
                accounts.shown(scope, "sandbox"),
                open_account(scope, "acct_mine"),
                orders.page(scope),
            ):
                with pytest.raises(Forbidden):
                    await attempt
    async with shop.tenancy.scope(school.id, school.ana.actor) as scope:
        assert [row["buyer"] for row in await orders.page(scope)] == ["Sam"]
        account = await accounts.shown(scope, "sandbox")
        assert account is not None
        assert account["ready"]
        assert (await batches.set_price(scope, batch, Price(1, "EUR")))["price_amount"] == 1
        assert (await prices.set_course(scope, shop.course.id, None))["price_amount"] is None
    async with shop.tenancy.scope(school.id, school.zoe.actor) as scope:
        assert (await seats.enroll(scope, shop.course.id))["state"] == "active"


async def test_the_installation_has_its_fee_of_a_payment_and_gives_it_back_with_it(shop: Shop, database: str) -> None:
    import asyncpg

    owner = await asyncpg.connect(database)
    await owner.execute("alter table billing_accounts no force row level security")
    await owner.execute("update billing_accounts set fee_basis_points = 333 where channel_id = $1", shop.school.id)
    await owner.execute("alter table billing_accounts force row level security")
    await owner.close()
    order = await shop.buy(shop.school.sam)
    assert shop.till.asked[order["checkout_id"]].fee == 399
    async with shop.system() as scope:
        assert await ledger.balances(scope, order["id"]) == {"buyer": -12_000, "creator": 11_601, "platform": 399}
    shop.till.become(order["checkout_id"], "paid", refunded=4000)
    await shop.settle(order)
    async with shop.system() as scope:
        assert await ledger.balances(scope, order["id"]) == {"buyer": -8000, "creator": 7734, "platform": 266}


def told(state: str, refunded: int = 0, *, disputed: bool = False) -> Payment:
    return Payment("cs", new_id(), state, Money(100, "EUR"), "pi", refunded, disputed)  # type: ignore[arg-type]


FACTS = (
    told("open"), told("processing"), told("paid"), told("failed"), told("expired"),
    told("paid", disputed=True), told("paid", 40), told("paid", 100),
)  # fmt: skip


def test_in_every_order_the_same_facts_lead_to_the_same_state() -> None:
    for length in range(1, 5):
        ends: dict[frozenset[int], set[str]] = {}
        for chosen in permutations(range(len(FACTS)), length):
            state, seen = "pending", ["pending"]
            for each in chosen:
                state = state_after(state, FACTS[each])
                seen.append(state)
            ends.setdefault(frozenset(chosen), set()).add(state)
            assert [STATES.index(each) for each in seen] == sorted(STATES.index(each) for each in seen)
        assert all(len(states) == 1 for states in ends.values())


@given(st.integers(0, prices.MOST), st.sampled_from(sorted(CURRENCIES)))
def test_a_price_reads_back_as_it_was_typed(amount: int, currency: str) -> None:
    price = Price(amount, currency)
    assert prices.parse(price.decimal, currency) == price


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("120", "EUR", 12_000),
        ("120,5", "EUR", 12_050),
        (" 0 ", "EUR", 0),
        ("١٢٠", "EGP", 12_000),
        ("5000", "JPY", 5000),
        ("1.250", "KWD", 1250),
    ],
)
def test_a_price_as_people_type_it(typed: str, currency: str, amount: int) -> None:
    assert prices.parse(typed, currency) == Price(amount, currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [("1.250", "EUR"), ("12.5", "JPY"), ("-1", "EUR"), ("1e3", "EUR"), ("9999999999", "EUR"), ("1000000", "EUR"),
     ("12", "XXX"), ("12", ""), ("1 000", "EUR")],
)  # fmt: skip
def test_what_no_price_may_be(typed: str, currency: str) -> None:
    with pytest.raises(Invalid):
        prices.parse(typed, currency)
    assert prices.parse(" ", "EUR") is None


async def test_what_no_country_or_reason_may_be(shop: Shop) -> None:
    order = await shop.buy(shop.school.sam)
    async with shop.tenancy.scope(shop.school.id, shop.school.ana.actor) as scope:
        for country in ("", "GBR", "1A", "ÄÖ"):
            with pytest.raises(Invalid):
                await accounts.keep(scope, "stripe", "acct_2", country, ready=True, missing=())
        with pytest.raises(Invalid):
            await purchases.ask_refund(scope, order["id"], "")
        with pytest.raises(Refusal, match="holds no money"):
            await purchases.ask_refund(scope, (await unpaid(shop))["id"], "Why not")


async def unpaid(shop: Shop) -> Record:
    return await shop.begin(shop.school.zoe)


async def age(shop: Shop, order: Record, by: timedelta) -> None:
    """Let time pass for an order and its checkout at the provider."""
    new = shop.till.asked[order["checkout_id"]]
    shop.till.asked[order["checkout_id"]] = replace(new, expires_at=new.expires_at - by)
    async with shop.system() as scope:
        sql = "update orders set expires_at = expires_at - $2::interval, created_at = created_at - $2::interval"
        await scope._connection.execute(f"{sql} where id = $1", order["id"], by)
