"""Stripe's adapter: whose webhooks are believed, which secrets look wrong, and what its troubles are called."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from providers import PayloadRefused, ProviderDown, SignatureRefused
from providers.payments import (
    Money,
    choose,
)
from tests.providers.paying import by_stripe, new_account, new_checkout, place, refusal
from tests.standins.stripe import WEBHOOK_SECRET, FarStripe, far_stripe, sign


@pytest.fixture
async def far() -> AsyncIterator[tuple[FarStripe, str]]:
    async with far_stripe() as pair:
        yield pair


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
