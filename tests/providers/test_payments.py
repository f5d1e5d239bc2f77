"""The contract of payment providers, held by the sandbox and by Stripe: asked once, done once, and told."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest

from providers import PayloadRefused, ProviderDown, ProviderRefused, SignatureRefused
from providers.payments import (
    AccountChanged,
    CheckoutChanged,
    Money,
    NewAccount,
    NewCheckout,
    Payment,
    PaymentChanged,
    PaymentEvent,
    Payments,
    Place,
    choose,
    sandbox_events,
)
from providers.payments.sandbox import open_payments
from tests.standins.stripe import KEY, WEBHOOK_SECRET, FarStripe, far_stripe, sign

Delivery = tuple[dict[str, str], bytes]


@dataclass
class Side:
    """A provider, and what buyers and creators do at its pages; `told` are the webhooks it has sent so far."""

    payments: Payments
    settle: Callable[[str, str], Awaitable[None]]
    make_ready: Callable[[str], Awaitable[None]]
    told: Callable[[], list[Delivery]]

    async def ready_account(self) -> str:
        account = await self.payments.open_account(new_account())
        await self.make_ready(account.id)
        return account.id

    def events(self) -> list[PaymentEvent]:
        return [event for headers, raw in self.told() for event in self.payments.verify_and_parse(headers, raw)]


@asynccontextmanager
async def by_sandbox(tmp_path: Path) -> AsyncIterator[Side]:
    sandbox = open_payments(place(tmp_path))

    async def settle(checkout_id: str, state: str) -> None:
        if state == "expired":
            row = await sandbox.look_up(checkout_id)
            await sandbox.expire(row["account"], checkout_id)
        else:
            assert await sandbox.pay(checkout_id, settles_as={"processing": "paid"}.get(state, ""))

    async def make_ready(account: str) -> None:
        await sandbox.finish_account(account, "PT")

    def told() -> list[Delivery]:
        with sandbox.books.open() as book:
            rows = book.execute("select * from deliveries order by rowid").fetchall()
        return [(sandbox_events.headers(sandbox.webhook_secret, row), row["body"].encode()) for row in rows]

    yield Side(sandbox, settle, make_ready, told)
    await sandbox.close()


@asynccontextmanager
async def by_stripe(tmp_path: Path) -> AsyncIterator[Side]:
    async with far_stripe() as (far, url):
        payments = choose("stripe", replace(place(tmp_path), stripe_api_base=url))

        async def settle(checkout_id: str, state: str) -> None:
            far.become(checkout_id, state)

        async def make_ready(account: str) -> None:
            far.make_ready(account)

        def told() -> list[Delivery]:
            raws = [orjson.dumps(event) for event in far.events]
            return [(sign(raw), raw) for raw in raws]

        yield Side(payments, settle, make_ready, told)
        await payments.close()


SIDES = {"sandbox": by_sandbox, "stripe": by_stripe}


@pytest.fixture(params=SIDES)
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Side]:
    async with SIDES[request.param](tmp_path) as side:
        yield side


@pytest.fixture
async def far() -> AsyncIterator[tuple[FarStripe, str]]:
    async with far_stripe() as pair:
        yield pair


def place(tmp_path: Path) -> Place:
    return Place("http://127.0.0.1:1", "a secret for tests, long enough", tmp_path, KEY, WEBHOOK_SECRET)


def new_account() -> NewAccount:
    return NewAccount(uuid4(), "Saltmarsh Pottery", "ana@guildhall.example", "PT")


def new_checkout(account: str, **given: object) -> NewCheckout:
    soon = datetime.now(UTC) + timedelta(minutes=35)
    usual = NewCheckout(
        account, uuid4(), uuid4(), 1, "Your first bowl", Money(12_000, "EUR"), 600, "sam@guildhall.example",
        "http://127.0.0.1:1/done", "http://127.0.0.1:1/back", soon,
    )  # fmt: skip
    return replace(usual, **given)  # type: ignore[arg-type]


async def refusal(doing: Awaitable[object]) -> ProviderRefused:
    with pytest.raises(ProviderRefused) as caught:
        await doing
    return caught.value


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


@pytest.mark.parametrize("off", [-301, 301, 10**9])
async def test_stripe_s_webhooks_are_neither_old_nor_from_the_future(tmp_path: Path, off: int) -> None:
    async with by_stripe(tmp_path) as side:
        raw = b'{"object": "event", "id": "evt_1", "type": "ping", "data": {"object": {}}}'
        assert side.payments.verify_and_parse(sign(raw), raw) == []
        with pytest.raises(SignatureRefused):
            side.payments.verify_and_parse(sign(raw, at=datetime.now(UTC).timestamp() + off), raw)


async def test_of_several_webhook_secrets_any_counts(tmp_path: Path) -> None:
    other = f"whsec_{secrets.token_hex(16)}"
    payments = choose("stripe", replace(place(tmp_path), stripe_webhook_secret=f"{WEBHOOK_SECRET}, {other}"))
    raw = b'{"object": "event", "id": "evt_1", "type": "ping", "data": {"object": {}}}'
    for secret in (WEBHOOK_SECRET, other):
        assert payments.verify_and_parse(sign(raw, secret), raw) == []
    with pytest.raises(SignatureRefused):
        payments.verify_and_parse(sign(raw, "whsec_another0123456789"), raw)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"object":"event"}', b'{"object":"event","type":1,"data":{}}', b"\xff"]
)
async def test_what_is_signed_but_no_event_is_refused(tmp_path: Path, raw: bytes) -> None:
    payments = choose("stripe", place(tmp_path))
    with pytest.raises(PayloadRefused):
        payments.verify_and_parse(sign(raw), raw)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("stripe_secret_key", "None"),
        ("stripe_secret_key", "pk_test_publishable0000"),
        ("stripe_webhook_secret", "None"),
        ("stripe_webhook_secret", "sk_test_0123456789012345"),
        ("stripe_api_base", "http://api.stripe.example"),
    ],
)
def test_a_secret_that_looks_wrong_is_refused_at_the_start(tmp_path: Path, setting: str, value: str) -> None:
    with pytest.raises(ValueError, match=setting.upper()):
        choose("stripe", replace(place(tmp_path), **{setting: value}))  # type: ignore[arg-type]


def test_a_live_key_never_goes_out_in_the_clear(tmp_path: Path) -> None:
    live = replace(place(tmp_path), stripe_secret_key="sk_live_0123456789", stripe_api_base="http://127.0.0.1:1")
    with pytest.raises(ValueError, match="STRIPE_API_BASE"):
        choose("stripe", live)


async def test_stripe_s_troubles_say_whose_they_are(far: tuple[FarStripe, str], tmp_path: Path) -> None:
    side, url = far
    good = choose("stripe", replace(place(tmp_path), stripe_api_base=url))
    wrong = choose("stripe", replace(place(tmp_path), stripe_api_base=url, stripe_secret_key="sk_test_wrong0123"))
    error = await refusal(wrong.probe())
    assert (error.code, "STRIPE_SECRET_KEY" in error.message) == ("payments_misconfigured", True)
    account = (await good.open_account(new_account())).id
    side.revoked.add(account)
    assert (await refusal(good.fetch(account, "cs_test_x"))).code == "account_revoked"
    await good.close()
    await wrong.close()


async def test_an_answer_that_got_lost_is_asked_for_again_and_makes_one_checkout(
    far: tuple[FarStripe, str], tmp_path: Path
) -> None:
    side, url = far
    payments = choose("stripe", replace(place(tmp_path), stripe_api_base=url))
    account = (await payments.open_account(new_account())).id
    side.lost_answers = 1
    side.fails = 1
    made = await payments.create_checkout(new_checkout(account))
    assert list(side.sessions) == [made.id]
    await payments.close()


async def test_stripe_is_left_alone_when_it_fails_again_and_again(far: tuple[FarStripe, str], tmp_path: Path) -> None:
    side, url = far
    payments = choose("stripe", replace(place(tmp_path), stripe_api_base=url))
    side.away = True
    for _ in range(3):
        with pytest.raises(ProviderDown, match="does not answer"):
            await payments.probe()
    asked = len(side.calls)
    with pytest.raises(ProviderDown, match="left alone"):
        await payments.probe()
    assert len(side.calls) == asked
    await payments.close()


async def test_currencies_without_cents_are_counted_as_stripe_does(far: tuple[FarStripe, str], tmp_path: Path) -> None:
    side, url = far
    payments = choose("stripe", replace(place(tmp_path), stripe_api_base=url))
    account = (await payments.open_account(new_account())).id
    for currency, counted in (("JPY", 5_000), ("ISK", 500_000)):
        made = await payments.create_checkout(new_checkout(account, price=Money(5_000, currency), fee=0))
        assert side.sessions[made.id]["amount_total"] == counted
        assert (await payments.fetch(account, made.id)).price == Money(5_000, currency)
    await payments.close()


def test_an_unknown_provider_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sandbox or stripe"):
        choose("barter", place(tmp_path))


async def test_events_of_other_kinds_say_nothing(tmp_path: Path) -> None:
    payments = choose("stripe", place(tmp_path))
    foreign = {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "data": {"object": {"id": "cs"}}}
    for told in (foreign, foreign | {"account": "acct_1"}, foreign | {"account": "acct_1", "type": "price.created"}):
        raw = orjson.dumps(told)
        assert payments.verify_and_parse(sign(raw), raw) == []
    facts = {"channel_id": str(UUID(int=1)), "order_id": "no id"}
    raw = orjson.dumps(foreign | {"account": "acct_1", "data": {"object": {"id": "cs", "metadata": facts}}})
    with pytest.raises(PayloadRefused):
        payments.verify_and_parse(sign(raw), raw)
