"""Orders: they only move on, believe nothing of another order, and are seen by those they concern."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from providers import ProviderDown
from providers.payments import Money, Payment
from tenants.batches import batches, purchases, seats, settling
from tenants.billing import accounts, ledger, orders, prices
from tenants.billing.orders import STATES, state_after
from tenants.billing.prices import Price
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, SignInNeeded
from tenants.ids import new_id
from tenants.permissions import VISITOR
from tenants.scope import Record, Tenancy
from tests.tenants.selling import PRICE, Shop, age, is_in, make_shop, open_account
from tests.world import World


@pytest.fixture
async def shop(tenancy: Tenancy, world: World) -> Shop:
    return await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)


LIES: list[dict[str, Any]] = [
    {"price": Money(1, "GBP")},
    {"price": Money(12_000, "JPY")},
    {"order_id": UUID(int=7)},
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


async def test_an_order_that_never_reached_its_checkout_begins_anew(shop: Shop) -> None:
    async def begin() -> Record:
        async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
            return (await purchases.begin(scope, "sandbox", shop.course.id)).order

    first, second = await begin(), await begin()
    assert (second["id"], second["attempt"]) == (first["id"], 1)
    async with shop.system() as scope:
        back = "update orders set expires_at = expires_at - interval '25 minutes' where id = $1"
        await scope._transaction.run(back, [first["id"]])
    third = await begin()
    assert (third["id"], third["attempt"], third["expires_at"] >= first["expires_at"]) == (first["id"], 2, True)
    async with shop.tenancy.scope(shop.school.id, shop.school.sam.actor) as scope:
        with pytest.raises(Conflict, match="Another checkout"):
            await purchases.agree(scope, first["id"], 1, "cs_1", "https://x.example", third["expires_at"])


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
