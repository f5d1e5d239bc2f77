"""Buying as a browser without scripts does it, and the studio's side of it."""

import re
from urllib.parse import unquote

import pytest

from providers.payments import Account
from tenants.billing.prices import Price
from tests.server.browsing import Browsing, signed_in
from tests.tenants.selling import Shop, is_in, make_shop
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def shop(web: Web, world: World) -> Shop:
    made = await make_shop(web.house.tenancy, world.pottery, world.pottery.ana, world.pottery.ben)
    web.till.behave(f"{web.house.base_url}/till")
    return Shop(made.tenancy, made.school, web.till, made.course)


def course_of(shop: Shop) -> str:
    return f"/c/{shop.school.slug}/learn/first-bowl"


async def at_the_till(shop: Shop, browser: Browsing, query: str = "") -> tuple[str, str]:
    """The checkout that pressing Buy leads to, and the page of its order."""
    answer = await browser.post(f"{course_of(shop)}/buy{query}")
    assert answer.status == 303, answer.text
    checkout = answer.headers["Location"].rpartition("/")[2]
    return checkout, f"/c/{shop.school.slug}/orders/{shop.till.asked[checkout].order_id}"


async def test_from_the_landing_page_to_the_first_lesson(web: Web, shop: Shop, world: World) -> None:
    batch = await shop.batch(places=4)
    landing = await web.get(f"/c/{shop.school.slug}")
    assert "£\N{NO-BREAK SPACE}120" in landing.text
    assert f'href="{course_of(shop)}/buy?batch={batch}"' in landing.text
    assert '"priceCurrency": "GBP"' in landing.text.replace('":"', '": "')
    door = await web.get(f"{course_of(shop)}/buy?batch={batch}")
    assert unquote(door.headers["Location"]) == f"/sign-in?next={course_of(shop)}/buy?batch={batch}"
    eve = await signed_in(web, world.chess.eve)
    page = await eve.get(f"{course_of(shop)}/buy?batch={batch}")
    assert "Buy for £\N{NO-BREAK SPACE}120" in page.text
    assert f"form-action 'self' {web.house.base_url};" in page.headers["Content-Security-Policy"]
    checkout, order = await at_the_till(shop, eve, f"?batch={batch}")
    waiting = await eve.get(f"{order}?back=paid")
    assert "Processing…" in waiting.text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in waiting.text
    shop.till.become(checkout, "paid")
    receipt = await eve.get(f"{order}?back=paid")
    assert "Paid. You are in." in receipt.text
    assert f'href="{course_of(shop)}"' in receipt.text
    assert "http-equiv" not in receipt.text
    assert "Progress in this course" in (await eve.get(course_of(shop))).text
    assert "Your first bowl, Spring" in (await eve.get(f"/c/{shop.school.slug}/orders")).text
    assert f"/c/{shop.school.slug}/orders" in (await eve.get(f"/c/{shop.school.slug}/learn")).text


async def test_the_course_page_offers_to_buy_and_enrolling_by_its_form_is_refused(web: Web, shop: Shop) -> None:
    sam = await signed_in(web, shop.school.sam)
    page = await sam.get(course_of(shop))
    assert f'href="{course_of(shop)}/buy"' in page.text
    assert f'action="{course_of(shop)}/enrol' not in page.text
    refused = await sam.post(f"{course_of(shop)}/enrol")
    assert refused.status == 402
    assert "This costs 120.00 GBP." in refused.text
    assert await is_in(shop, shop.school.sam) is False


async def test_coming_back_unpaid_one_can_pay_or_give_up(web: Web, shop: Shop) -> None:
    sam, batch = await signed_in(web, shop.school.sam), await shop.batch(places=1)
    checkout, order = await at_the_till(shop, sam, f"?batch={batch}")
    page = await sam.get(f"{order}?back=cancelled")
    assert "Nothing was paid." in page.text
    assert "Your seat is held until" in page.text
    again = await sam.post(f"{order}/pay")
    assert again.headers["Location"].endswith(checkout)
    zoe = await signed_in(web, shop.school.zoe)
    assert "Every seat of this batch is taken" in (await zoe.post(f"{course_of(shop)}/buy?batch={batch}")).text
    assert (await sam.post(f"{order}/cancel")).headers["Location"] == f"{order}?said=given-up"
    ended = await sam.get(order)
    assert "This order has ended unpaid." in ended.text
    assert f'href="{course_of(shop)}/buy?batch={batch}"' in ended.text
    await at_the_till(shop, zoe, f"?batch={batch}")


@pytest.mark.parametrize(
    ("state", "words"),
    [("processing", "Your payment is on its way."), ("failed", "The payment did not go through."),
     ("expired", "This order has ended unpaid.")],
)  # fmt: skip
async def test_every_end_says_what_it_is(web: Web, shop: Shop, state: str, words: str) -> None:
    sam = await signed_in(web, shop.school.sam)
    checkout, order = await at_the_till(shop, sam)
    shop.till.become(checkout, state)
    assert words in (await sam.get(f"{order}?back=paid")).text


async def test_while_the_provider_is_away_pages_say_so_and_lose_nothing(web: Web, shop: Shop) -> None:
    sam = await signed_in(web, shop.school.sam)
    web.till.away = True
    refused = await sam.post(f"{course_of(shop)}/buy")
    assert refused.status == 503
    assert "The payment provider does not answer." in refused.text
    web.till.away = False
    checkout, order = await at_the_till(shop, sam)
    shop.till.become(checkout, "paid")
    web.till.away = True
    assert "Processing…" in (await sam.get(f"{order}?back=paid")).text
    web.till.away = False
    assert "Paid. You are in." in (await sam.get(f"{order}?back=paid")).text


async def test_a_checkout_elsewhere_is_reached_by_a_link(web: Web, shop: Shop) -> None:
    web.till.site = "https://pay.example.org/c"
    sam = await signed_in(web, shop.school.sam)
    page = await sam.post(f"{course_of(shop)}/buy")
    assert page.status == 200
    assert 'href="https://pay.example.org/c/cs_' in page.text


async def test_nobody_else_opens_an_order(web: Web, shop: Shop, world: World) -> None:
    _, order = await at_the_till(shop, await signed_in(web, shop.school.sam))
    for stranger in (shop.school.zoe, shop.school.ana, world.chess.otto):
        browser = await signed_in(web, stranger)
        assert (await browser.get(order)).status == 404
        assert (await browser.post(f"{order}/cancel")).status == 404
        assert (await browser.post(f"{order}/pay")).status == 404
    assert (await web.get(order)).headers["Location"].startswith("/sign-in?next=")
    foreign = order.replace(shop.school.slug, world.chess.slug)
    assert (await (await signed_in(web, shop.school.sam)).get(foreign)).status == 404


async def test_what_is_free_or_not_there_is_not_sold(web: Web, shop: Shop, world: World) -> None:
    free = await shop.batch(price=Price(0, "GBP"))
    sam = await signed_in(web, shop.school.sam)
    assert (await sam.get(f"{course_of(shop)}/buy?batch={free}")).headers["Location"] == course_of(shop)
    for wrong in ("?batch=01990000-0000-7000-8000-000000000000", "?batch=nonsense"):
        assert (await sam.get(f"{course_of(shop)}/buy{wrong}")).status in {404, 422}
    assert (await sam.get(f"/c/{shop.school.slug}/learn/nothing/buy")).status == 404
    assert (await sam.get(f"/c/{shop.school.slug}/orders/nonsense")).status == 404


async def test_the_studio_sets_prices_and_gives_money_back(web: Web, shop: Shop) -> None:
    home, batch = f"/c/{shop.school.slug}/studio", await shop.batch()
    ana = await signed_in(web, shop.school.ana)
    page = await ana.get(f"{home}/courses/{shop.course.id}")
    assert 'value="120.00"' in page.text
    saved = await ana.post(f"{home}/courses/{shop.course.id}/price", amount="99,50", currency="EUR")
    assert saved.headers["Location"] == f"{home}/courses/{shop.course.id}?said=priced"
    wrong = await ana.post(f"{home}/courses/{shop.course.id}/price", amount="a lot", currency="EUR")
    assert (wrong.status, "Write the price as a number" in wrong.text, "a lot" in wrong.text) == (422, True, True)
    assert (await ana.post(f"{home}/batches/{batch}/price", amount="5", currency="JPY")).status == 303
    assert "¥\N{NO-BREAK SPACE}5" in (await ana.get(f"{home}/batches")).text
    assert (await ana.post(f"{home}/batches/{batch}/price", amount="5.5", currency="JPY")).status == 422
    ben = await signed_in(web, shop.school.ben)
    assert "/price" not in (await ben.get(f"{home}/batches")).text
    assert (await ben.post(f"{home}/batches/{batch}/price", amount="5", currency="JPY")).status == 403
    checkout, order = await at_the_till(shop, sam := await signed_in(web, shop.school.sam))
    shop.till.become(checkout, "paid")
    await sam.get(f"{order}?back=paid")
    payments = await ana.get(f"{home}/payments")
    (refund,) = re.findall(rf'action="({home}/orders/[0-9a-f-]+/refund)"', payments.text)
    assert "€\N{NO-BREAK SPACE}99.50" in payments.text
    assert (await ana.post(refund, reason="")).status == 422
    assert (await ben.post(refund, reason="Mine")).status == 403
    assert (await ana.post(refund, reason="Moved away")).headers["Location"] == f"{home}/payments?said=refunded"
    assert "Moved away" in (await sam.get(order)).text
    assert await is_in(shop, shop.school.sam) is False


async def test_the_studio_leads_to_an_account_and_back(web: Web, world: World) -> None:
    home = f"/c/{world.chess.slug}/studio"
    web.till.away = False
    otto = await signed_in(web, world.chess.otto)
    page = await otto.get(f"{home}/payments")
    assert "Open the account" in page.text
    assert f"form-action 'self' {web.house.base_url};" in page.headers["Content-Security-Policy"]
    account = f"acct_{world.chess.id.hex}"
    web.till.accounts[account] = Account(account, ready=False, missing=("your bank account",))
    answer = await otto.post(f"{home}/payments/account", country="PT")
    assert f'href="https://connect.stripe.com/onboard/{account}"' in answer.text
    assert '<li dir="auto">your bank account</li>' in answer.text
    web.till.accounts[account] = Account(account, ready=True)
    assert "Can be paid" in (await otto.get(f"{home}/payments?back=1")).text
    assert (await otto.post(f"{home}/payments/account", country="")).status == 422
    web.till.away = True
    assert (await otto.post(f"{home}/payments/account", country="PT")).status == 503
    assert (await otto.get(f"{home}/payments?back=1")).status == 200
    web.till.away = False
    assert (await (await signed_in(web, world.chess.eve)).get(f"{home}/payments")).status == 403
