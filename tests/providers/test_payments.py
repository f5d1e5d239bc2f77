"""The contract of payment providers, held by the sandbox and by Stripe: asked once, done once, and told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from providers import PayloadRefused, SignatureRefused
from providers.payments import (
    AccountChanged,
    CheckoutChanged,
    Money,
    Payment,
    PaymentChanged,
)
from tests.providers.paying import SIDES, Side, new_account, new_checkout, refusal


@pytest.fixture(params=SIDES)
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Side]:
    async with SIDES[request.param](tmp_path) as side:
        yield side


async def test_a_provider_that_is_well_passes_the_probe(side: Side) -> None:
    await side.payments.probe()


async def test_an_account_is_ready_after_its_sign_up_and_says_before_what_is_missing(side: Side) -> None:
    new = new_account()
    account = await side.payments.open_account(new)
    assert not account.ready
    assert account.missing
    assert await side.payments.open_account(new) == account
    url = await side.payments.onboarding_url(account.id, "http://127.0.0.1:1/back", "http://127.0.0.1:1/again")
    assert url.startswith("http")
    await side.make_ready(account.id)
    ready = await side.payments.account(account.id)
    assert (ready.ready, ready.missing) == (True, ())
    (event,) = side.events()
    assert isinstance(event, AccountChanged)
    assert event.account == account.id


async def test_the_same_order_and_attempt_is_the_same_checkout(side: Side) -> None:
    new = new_checkout(await side.ready_account())
    first = await side.payments.create_checkout(new)
    assert await side.payments.create_checkout(new) == first
    other = await side.payments.create_checkout(replace(new, attempt=2))
    assert other.id != first.id
    fresh = await side.payments.fetch(new.account, first.id)
    assert fresh == Payment(first.id, new.order_id, "open", new.price)


@pytest.mark.parametrize("state", ["paid", "processing", "expired"])
async def test_what_becomes_of_a_checkout_is_told_and_can_be_fetched(side: Side, state: str) -> None:
    new = new_checkout(await side.ready_account())
    made = await side.payments.create_checkout(new)
    await side.settle(made.id, state)
    payment = await side.payments.fetch(new.account, made.id)
    assert (payment.state, payment.order_id, payment.price) == (state, new.order_id, new.price)
    assert (payment.payment_id is None) is (state == "expired")
    event = side.events()[-1]
    assert isinstance(event, CheckoutChanged)
    assert (event.account, event.checkout_id) == (new.account, made.id)
    assert (event.channel_id, event.order_id) == (new.channel_id, new.order_id)
    if payment.payment_id:
        assert await side.payments.checkout_of(new.account, payment.payment_id) == made.id


async def test_a_paid_checkout_cannot_be_ended_and_an_ended_one_stays_so(side: Side) -> None:
    new = new_checkout(await side.ready_account())
    paid = await side.payments.create_checkout(new)
    await side.settle(paid.id, "paid")
    assert (await side.payments.expire(new.account, paid.id)).state == "paid"
    ended = await side.payments.create_checkout(replace(new, attempt=2))
    for _ in range(2):
        assert (await side.payments.expire(new.account, ended.id)).state == "expired"


async def test_a_refund_happens_once_per_key_and_never_more_than_was_paid(side: Side) -> None:
    new = new_checkout(await side.ready_account())
    made = await side.payments.create_checkout(new)
    await side.settle(made.id, "paid")
    paid = (await side.payments.fetch(new.account, made.id)).payment_id or ""
    for _ in range(2):
        await side.payments.refund(new.account, paid, 5_000, "half")
    assert (await side.payments.fetch(new.account, made.id)).refunded == 5_000
    await refusal(side.payments.refund(new.account, paid, 7_001, "too much"))
    await side.payments.refund(new.account, paid, 7_000, "rest")
    assert (await side.payments.fetch(new.account, made.id)).refunded == 12_000
    await refusal(side.payments.refund(new.account, paid, 1, "more"))
    told = [event for event in side.events() if isinstance(event, PaymentChanged)]
    assert [event.payment_id for event in told] == [paid, paid]


async def test_a_payment_without_a_fee_is_given_back_as_well(side: Side) -> None:
    new = new_checkout(await side.ready_account(), fee=0)
    made = await side.payments.create_checkout(new)
    await side.settle(made.id, "paid")
    paid = (await side.payments.fetch(new.account, made.id)).payment_id or ""
    await side.payments.refund(new.account, paid, 12_000, "all")
    assert (await side.payments.fetch(new.account, made.id)).refunded == 12_000


async def test_one_account_sees_nothing_of_another(side: Side) -> None:
    account, other = await side.ready_account(), await side.ready_account()
    made = await side.payments.create_checkout(new_checkout(account))
    assert (await refusal(side.payments.fetch(other, made.id))).status == 404
    assert (await refusal(side.payments.expire(other, made.id))).status == 404
    await side.settle(made.id, "paid")
    paid = (await side.payments.fetch(account, made.id)).payment_id or ""
    assert await side.payments.checkout_of(other, paid) is None


@pytest.mark.parametrize("amount", [0, 1, 49])
async def test_a_price_that_cannot_be_paid_is_refused_with_words(side: Side, amount: int) -> None:
    new = new_checkout(await side.ready_account(), price=Money(amount, "EUR"), fee=0)
    assert "price" in str(await refusal(side.payments.create_checkout(new)))


async def test_a_webhook_is_believed_only_as_it_was_signed_and_only_now(side: Side) -> None:
    new = new_checkout(await side.ready_account())
    await side.settle((await side.payments.create_checkout(new)).id, "paid")
    headers, raw = side.told()[-1]
    assert side.payments.verify_and_parse(headers, raw)
    assert side.payments.verify_and_parse({name.upper(): value for name, value in headers.items()}, raw)
    for wrong, body in (
        (headers, raw + b" "),
        (headers, raw.replace(new.order_id.hex[:6].encode(), uuid4().hex[:6].encode()) + b"\n"),
        ({}, raw),
        (dict.fromkeys(headers, "x" * 5000), raw),
        (dict.fromkeys(headers, "t=1,v1=é"), raw),
    ):
        with pytest.raises(SignatureRefused):
            side.payments.verify_and_parse(wrong, body)
    with pytest.raises(PayloadRefused) as large:
        side.payments.verify_and_parse(headers, b" " * 300_000)
    assert large.value.status == 413
