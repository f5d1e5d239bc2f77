"""Money over the API: prices, orders with a key, refunds, the account; every refusal with its cure."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tenants.billing.prices import Price
from tests.tenants.selling import Shop, is_in, make_shop
from tests.webapp import Reply, Web
from tests.world import Somebody, World

LONG = "x" * 301


@pytest.fixture
async def shop(web: Web, world: World) -> Shop:
    """The channel sells for the provider that the web application speaks to."""
    made = await make_shop(web.house.tenancy, world.pottery, world.pottery.ana, world.pottery.ben)
    web.till.behave()
    return Shop(made.tenancy, made.school, web.till, made.course)


async def buy(web: Web, shop: Shop, who: Somebody, key: str = "", **more: str) -> Reply:
    body = {"course": str(shop.course.id), **more}
    path = f"/channels/{shop.school.slug}/orders"
    return await web.call("POST", path, body, token=who.token, Idempotency_Key=key or str(uuid4()))


async def paid(web: Web, shop: Shop, who: Somebody) -> str:
    """A paid order's id."""
    order = (await buy(web, shop, who)).json
    shop.till.become(order["checkout_url"].rpartition("/")[2], "paid")
    await web.get(f"/c/{shop.school.slug}/orders/{order['id']}", headers=who.bearer)
    return str(order["id"])


async def test_an_order_is_placed_once_per_key_and_once_per_thing(web: Web, shop: Shop) -> None:
    sam = shop.school.sam
    first = await buy(web, shop, sam, "one")
    assert first.status == 201
    assert first.json["price"] == {"amount": 12_000, "currency": "GBP", "exponent": 2}
    assert (first.json["state"], first.json["checkout_url"][:31]) == ("pending", "https://checkout.stripe.com/pay")
    assert (await buy(web, shop, sam, "one")).body == first.body
    assert (await buy(web, shop, sam, "two")).json["id"] == first.json["id"]
    assert (await buy(web, shop, sam, "one", batch=str(await shop.batch()))).status == 422
    found = await asyncio.gather(*(buy(web, shop, shop.school.zoe) for _ in range(6)))
    assert len({each.json["id"] for each in found}) == 1
    asked = shop.till.asked[first.json["checkout_url"].rpartition("/")[2]]
    assert (asked.email, asked.attempt, asked.price.amount) == (sam.email, 1, 12_000)
    assert asked.success_url == f"{web.house.base_url}/c/{shop.school.slug}/orders/{first.json['id']}?back=paid"


async def test_money_moves_only_with_a_key(web: Web, shop: Shop) -> None:
    path, sam = f"/channels/{shop.school.slug}/orders", shop.school.sam
    answer = await web.call("POST", path, {"course": str(shop.course.id)}, token=sam.token)
    assert (answer.status, answer.json["code"]) == (400, "idempotency_key_required")
    order = await paid(web, shop, sam)
    answer = await web.call("POST", f"{path}/{order}/refund", {"reason": "x"}, token=shop.school.ana.token)
    assert (answer.status, answer.json["code"]) == (400, "idempotency_key_required")


async def test_enrolling_in_what_has_a_price_is_refused_with_where_to_pay(web: Web, shop: Shop) -> None:
    path = f"/channels/{shop.school.slug}/courses/{shop.course.id}/enroll"
    batch = await shop.batch(price=Price(500, "JPY"))
    answer = await web.call("POST", path, {"batch": str(batch)}, token=shop.school.sam.token)
    assert (answer.status, answer.json["code"]) == (402, "payment_needed")
    assert answer.json["price"] == {"amount": 500, "currency": "JPY", "exponent": 0}
    assert answer.json["pay_at"] == f"/c/{shop.school.slug}/learn/first-bowl/buy?batch={batch}"
    by_hand = path.replace("/enroll", "/students")
    given = {"member": str(shop.school.sam.member_id), "batch": str(batch)}
    assert (await web.call("POST", by_hand, given, token=shop.school.sam.token)).status == 403
    assert (await web.call("POST", by_hand, given, token=shop.school.ben.token)).status == 201
    assert (await buy(web, shop, shop.school.sam)).json["code"] == "enrolled"


async def test_prices_stand_in_courses_batches_and_the_landing_page(web: Web, shop: Shop) -> None:
    base, ana = f"/channels/{shop.school.slug}", shop.school.ana.token
    batch = await shop.batch()
    price = {"amount": 900, "currency": "EUR"}
    shown = await web.call("PUT", f"{base}/batches/{batch}/price", price, token=ana)
    assert (shown.status, shown.json["price"]) == (200, price | {"exponent": 2})
    assert (await web.call("GET", f"{base}/courses/{shop.course.id}")).json["price"]["amount"] == 12_000
    page = (await web.call("GET", base)).json
    assert (page["courses"][0]["price_amount"], page["batches"][0]["price_amount"]) == (12_000, 900)
    assert (await web.call("DELETE", f"{base}/batches/{batch}/price", token=ana)).json["price"] is None
    assert (await web.call("DELETE", f"{base}/courses/{shop.course.id}/price", token=ana)).json["price"] is None
    for wrong in (
        {"amount": -1, "currency": "EUR"},
        {"amount": 1, "currency": "XXX"},
        {"amount": 10**9},
        {"amount": 1.5},
    ):
        answer = await web.call("PUT", f"{base}/courses/{shop.course.id}/price", wrong, token=ana)
        assert answer.status == 422
    for who in (shop.school.ben, shop.school.sam):
        assert (await web.call("PUT", f"{base}/courses/{shop.course.id}/price", price, token=who.token)).status == 403
    assert (await buy(web, shop, shop.school.sam)).json["code"] == "free"


async def test_an_order_is_seen_by_its_buyer_and_those_who_run_the_channel(web: Web, shop: Shop, world: World) -> None:
    order = await paid(web, shop, shop.school.sam)
    path = f"/channels/{shop.school.slug}/orders"
    for who, status in ((shop.school.sam, 200), (shop.school.ana, 200), (shop.school.zoe, 404), (shop.school.ben, 404),
                        (world.chess.otto, 404)):  # fmt: skip
        assert (await web.call("GET", f"{path}/{order}", token=who.token)).status == status
    foreign = f"/channels/{world.chess.slug}/orders/{order}"
    assert (await web.call("GET", foreign, token=world.chess.otto.token)).status == 404
    mine = (await web.call("GET", path, token=shop.school.sam.token)).json["items"]
    assert [(each["id"], each["state"], each["checkout_url"]) for each in mine] == [(order, "paid", None)]
    assert (await web.call("GET", path, token=shop.school.ana.token)).json["items"] == []
    every = await web.call("GET", f"{path}?everybody=true", token=shop.school.ana.token)
    assert [each["buyer"] for each in every.json["items"]] == ["Sam"]
    assert (await web.call("GET", f"{path}?everybody=true", token=shop.school.sam.token)).status == 403
    assert (await web.call("GET", path)).status == 401


async def test_a_refund_gives_back_once_and_ends_access(web: Web, shop: Shop) -> None:
    order = await paid(web, shop, shop.school.sam)
    assert await is_in(shop, shop.school.sam) is True
    path = f"/channels/{shop.school.slug}/orders/{order}/refund"
    for who, status in ((shop.school.sam, 403), (shop.school.ben, 403), (shop.school.zoe, 403)):
        body = {"reason": "Mine"}
        assert (await web.call("POST", path, body, token=who.token, Idempotency_Key="k")).status == status
    refusals: list[dict[str, Any]] = [{"reason": ""}, {"reason": LONG}, {}, {"reason": "x", "amount": 1}]
    for wrong in refusals:
        answer = await web.call("POST", path, wrong, token=shop.school.ana.token, Idempotency_Key=str(uuid4()))
        assert answer.status == 422
    answers = [
        await web.call("POST", path, {"reason": "Moved away"}, token=shop.school.ana.token, Idempotency_Key="k")
        for _ in range(2)
    ]
    assert [each.status for each in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert (answers[0].json["state"], answers[0].json["refunded"]) == ("refunded", 12_000)
    assert await is_in(shop, shop.school.sam) is False
    enroll = f"/channels/{shop.school.slug}/courses/{shop.course.id}/enroll"
    assert (await web.call("POST", enroll, {}, token=shop.school.sam.token)).status == 402


async def test_a_refund_waits_while_the_provider_is_away(web: Web, shop: Shop) -> None:
    order = await paid(web, shop, shop.school.sam)
    web.till.away = True
    path = f"/channels/{shop.school.slug}/orders/{order}/refund"
    answer = await web.call("POST", path, {"reason": "x"}, token=shop.school.ana.token, Idempotency_Key="k")
    assert (answer.status, answer.json["state"]) == (200, "paid")
    assert answer.json["refund_asked_at"] is not None
    web.till.away = False


async def test_a_refused_refund_says_why_and_can_be_asked_again(web: Web, shop: Shop) -> None:
    order = await paid(web, shop, shop.school.sam)
    web.till.refuses = {"refund"}
    path, ana = f"/channels/{shop.school.slug}/orders/{order}", shop.school.ana.token
    answer = await web.call("POST", f"{path}/refund", {"reason": "x"}, token=ana, Idempotency_Key="k")
    assert (answer.status, answer.json["detail"]) == (422, "The payment provider will not: refund.")
    assert (await web.call("GET", path, token=ana)).json["problem"] == "The payment provider will not: refund."
    web.till.refuses = set()
    answer = await web.call("POST", f"{path}/refund", {"reason": "x"}, token=ana, Idempotency_Key="k")
    assert answer.json["state"] == "refunded"


async def test_a_provider_away_or_unwilling_leaves_an_order_that_can_be_gone_on_with(web: Web, shop: Shop) -> None:
    web.till.away = True
    assert (await buy(web, shop, shop.school.sam, "k")).status == 503
    web.till.away = False
    first = await buy(web, shop, shop.school.sam, "k")
    assert first.status == 201
    web.till.refuses = {"create_checkout"}
    assert (await buy(web, shop, shop.school.zoe, "z")).status == 422
    web.till.refuses = set()
    again = await buy(web, shop, shop.school.zoe, "z")
    assert again.json["checkout_url"].endswith("_2")


async def test_giving_up_frees_the_seat_and_never_a_paid_order(web: Web, shop: Shop) -> None:
    batch = str(await shop.batch(places=1))
    order = (await buy(web, shop, shop.school.sam, batch=batch)).json
    assert (await buy(web, shop, shop.school.zoe, batch=batch)).json["code"] == "batch_full"
    path = f"/channels/{shop.school.slug}/orders/{order['id']}/cancel"
    assert (await web.call("POST", path, token=shop.school.zoe.token)).status == 404
    assert (await web.call("POST", path, token=shop.school.sam.token)).json["state"] == "expired"
    other = (await buy(web, shop, shop.school.zoe, batch=batch)).json
    shop.till.become(other["checkout_url"].rpartition("/")[2], "paid")
    cancel = f"/channels/{shop.school.slug}/orders/{other['id']}/cancel"
    assert (await web.call("POST", cancel, token=shop.school.zoe.token)).json["state"] == "paid"


async def test_a_changed_price_ends_the_old_checkout_and_asks_the_new_one(web: Web, shop: Shop) -> None:
    first = (await buy(web, shop, shop.school.sam)).json
    path = f"/channels/{shop.school.slug}/courses/{shop.course.id}/price"
    await web.call("PUT", path, {"amount": 700, "currency": "GBP"}, token=shop.school.ana.token)
    second = (await buy(web, shop, shop.school.sam)).json
    assert (second["id"] != first["id"], second["price"]["amount"]) == (True, 700)
    assert shop.till.checkouts[first["checkout_url"].rpartition("/")[2]].state == "expired"


async def test_a_channel_opens_its_account_and_reads_in_words_what_is_missing(web: Web, world: World) -> None:
    path, otto = f"/channels/{world.chess.slug}/billing/account", world.chess.otto.token
    web.till.away = False
    assert (await web.call("GET", path, token=otto)).json["missing"] == ["Open an account first."]
    for who in (world.chess.eve, world.pottery.ana):
        assert (await web.call("POST", path, {"country": "PT"}, token=who.token)).status == 403
        assert (await web.call("GET", path, token=who.token)).status == 403
    for country in ("", "P", "12", "PORTUGAL"):
        assert (await web.call("POST", path, {"country": country}, token=otto)).status == 422
    opened = await web.call("POST", path, {"country": "pt"}, token=otto)
    assert (opened.status, opened.json["country"], opened.json["ready"]) == (201, "PT", True)
    assert opened.json["onboarding_url"].startswith("https://connect.stripe.com/")
    web.till.away = True
    assert (await web.call("GET", path, token=otto)).json["ready"] is True
    assert (await web.call("POST", path, {"country": "PT"}, token=otto)).status == 503
    web.till.away = False


async def test_before_an_account_is_ready_nothing_is_sold(web: Web, world: World) -> None:
    from tests.tenants.school import make_course

    course = await make_course(web.house.tenancy, world.chess, world.chess.otto)
    base = f"/channels/{world.chess.slug}"
    price = {"amount": 500, "currency": "EUR"}
    await web.call("PUT", f"{base}/courses/{course.id}/price", price, token=world.chess.otto.token)
    body = {"course": str(course.id)}
    answer = await web.call("POST", f"{base}/orders", body, token=world.chess.eve.token, Idempotency_Key="k")
    assert (answer.status, answer.json["code"]) == (409, "not_selling")
