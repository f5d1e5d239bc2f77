"""What an operator set wrongly, or a vendor closed, is one sentence with the setting's name.

For storage, payments and mail, at use and by the probe that doctor asks; what can be seen without asking anybody stops
the start. The same of search is in `tests/search/test_elastic_entry.py`, of live connections in their contract, of the
browser in `test_pdf.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from providers import ProviderDown, ProviderRefused, Unusable, mail, payments, storage
from providers.live.wire import Wire
from providers.outbound import Outbound
from providers.payments import Payments
from tests.providers.mailing import SENDER
from tests.providers.mailing import mail as letter
from tests.providers.paying import new_account, place
from tests.providers.stores import far_gcs
from tests.standins.certificates import make_certificate
from tests.standins.gcs import far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET
from tests.standins.relay import Relay, relaying
from tests.standins.serving import serving
from tests.standins.stripe import FarStripe, far_stripe

SECRET = "a secret for tests, long enough"
Use = Callable[[], Awaitable[object]]


async def said(use: Use) -> str:
    """The sentence that using it ends with."""
    try:
        await use()
    except (Unusable, ProviderDown) as refused:
        return refused.message
    raise AssertionError("it went well")


BUCKETS: dict[str, tuple[dict[str, object], str]] = {
    "a wrong key": ({"token": "ya29.of-somebody-else"}, "GOOGLE_APPLICATION_CREDENTIALS"),
    "no rights": ({"forbidden": True}, r"STORAGE.*roles/storage\.objectUser"),
    "no such bucket": ({"no_bucket": True}, "STORAGE"),
    "a full bucket": ({"full": True}, "STORAGE.*takes no more"),
    "a closed account": ({"unpaid": True}, "STORAGE.*Pay for it"),
}


@pytest.mark.parametrize("fault", BUCKETS)
async def test_a_bucket_that_cannot_be_used_names_its_setting_at_use_and_in_the_probe(
    tmp_path: Path, fault: str
) -> None:
    fields, words = BUCKETS[fault]
    async with far_gcs(tmp_path) as (far, store):
        for name, value in fields.items():
            setattr(far, name, value)
        with pytest.raises(Unusable, match=words):
            await store.put(f"c/{uuid4()}/f/a", b"x", "text/plain")
        if fault != "a full bucket":  # which can still be read, and a probe writes nothing
            with pytest.raises(Unusable, match=words):
                await store.probe()


@pytest.mark.parametrize("content", ["", "{", '{"type": "service_account"}', None])
def test_a_key_file_that_is_none_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "key.json").write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with pytest.raises(ValueError, match="GOOGLE_APPLICATION_CREDENTIALS should be the path"):
        storage.choose(f"gcs:{BUCKET}", "http://127.0.0.1:1", SECRET, tmp_path)


async def test_the_certificate_of_a_bucket_that_has_expired_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = make_certificate(tmp_path, "localhost", -1)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with far_storage(context) as (_, url), far_storage() as (_, plain):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file(tmp_path, plain)))
        store = storage.choose(f"gcs:{BUCKET}", "http://127.0.0.1:1", SECRET, tmp_path)
        assert "expired). Check this machine's clock and authorities, and STORAGE_EMULATOR_HOST" in await said(
            store.probe
        )
        await store.close()


@asynccontextmanager
async def stripe_at(tmp_path: Path) -> AsyncIterator[tuple[FarStripe, Payments]]:
    async with far_stripe() as (far, url):
        opened = payments.choose("stripe", replace(place(tmp_path), stripe_api_base=url))
        yield far, opened
        await opened.close()


async def test_a_key_that_stripe_does_not_take_names_its_setting_at_use_and_in_the_probe(tmp_path: Path) -> None:
    async with stripe_at(tmp_path) as (far, stripe):
        far.key = "sk_test_another"
        assert "STRIPE_SECRET_KEY" in await said(stripe.probe)
        assert "STRIPE_SECRET_KEY" in await said(lambda: stripe.open_account(new_account()))


async def test_an_account_that_was_revoked_says_who_can_mend_it(tmp_path: Path) -> None:
    async with stripe_at(tmp_path) as (far, stripe):
        account = (await stripe.open_account(new_account())).id
        far.revoked.add(account)
        with pytest.raises(ProviderRefused, match="Its owner can connect it again"):
            await stripe.fetch(account, "cs_test_1")


async def test_the_certificate_of_a_payment_provider_that_has_expired_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = make_certificate(tmp_path, "localhost", -1)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with far_stripe(context) as (_, url):
        stripe = payments.choose("stripe", replace(place(tmp_path), stripe_api_base=url))
        assert "certificate has expired). Check STRIPE_API_BASE" in await said(stripe.probe)
        await stripe.close()


@pytest.mark.parametrize("stage", ["probe", "send"])
async def test_a_password_that_the_relay_does_not_take_names_its_setting(tmp_path: Path, stage: str) -> None:
    async with relaying(Relay(user="ana", password="right")) as relay:
        mailer = mail.choose(f"smtp://ana:wrong@localhost:{relay.port}?starttls=never", SENDER, tmp_path)
        use = mailer.probe if stage == "probe" else lambda: mailer.send(letter())
        assert "user or password in MAIL" in await said(use)


@pytest.mark.parametrize(
    ("hours", "trusted", "reason"), [(-1, True, "certificate has expired"), (1, False, "self-signed")]
)
async def test_the_certificate_of_a_relay_that_does_not_hold_is_told_with_the_reason(
    tmp_path: Path, hours: float, trusted: bool, reason: str
) -> None:
    authority, context = make_certificate(tmp_path, "localhost", hours)
    async with relaying(Relay(tls=context, user="ana", password="x")) as relay:
        named = f"?ca={authority}" if trusted else ""
        words = await said(mail.choose(f"smtp://ana:x@localhost:{relay.port}{named}", SENDER, tmp_path).probe)
        assert reason in words
        assert words.endswith("Check MAIL.")


async def test_the_certificate_of_a_live_server_that_does_not_hold_is_told_with_the_reason(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path, "localhost", -1)
    async with serving((), context) as address:
        url = address.replace("127.0.0.1", "localhost")
        async with Outbound([urlsplit(url).netloc]) as outbound:
            words = await said(lambda: Wire(outbound, "BigBlueButton", url).ask("GET", url))
    assert words == "The certificate of localhost does not hold (self-signed certificate): renew it there."
