"""Stripe's own mock checks the form of each request against its API description; it knows no accounts of v2."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL

import pytest

from providers import ProviderRefused
from providers.payments import Payments, choose
from tests.providers.paying import new_checkout, place
from tests.standins.gobuilt import built
from tests.waiting import until

ACCOUNT = "acct_1032D82eZvKYlo2C"

# The first test waits until the program is built from its source.
pytestmark = pytest.mark.timeout(660)


@pytest.fixture(scope="module")
def program() -> Path:
    return built("github.com/stripe/stripe-mock", "v0.203.0")


@pytest.fixture
async def payments(program: Path, tmp_path: Path) -> AsyncIterator[Payments]:
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
        http, https = free.getsockname()[1], other.getsockname()[1]
    words = ("-http-addr", f"127.0.0.1:{http}", "-https-addr", f"127.0.0.1:{https}")
    mock = await asyncio.create_subprocess_exec(program, *words, stdout=DEVNULL, stderr=DEVNULL)

    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", http)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await until(answers, within=30)
        opened = choose("stripe", replace(place(tmp_path), stripe_api_base=f"http://127.0.0.1:{http}"))
        yield opened
        await opened.close()
    finally:
        mock.kill()
        await mock.wait()


async def test_each_request_has_the_form_that_stripe_describes(payments: Payments) -> None:
    await payments.probe()
    made = await payments.create_checkout(new_checkout(ACCOUNT))
    assert made.id.startswith("cs_")
    for ask in (payments.fetch, payments.expire):
        with pytest.raises(ProviderRefused) as refused:  # the mock answers with a session of its own
            await ask(ACCOUNT, made.id)
        assert refused.value.code == "not_ours"
    assert await payments.checkout_of(ACCOUNT, "pi_1") is not None
    await payments.refund(ACCOUNT, "pi_1", 500, "a key")


async def test_the_mock_refuses_what_is_malformed(payments: Payments) -> None:
    with pytest.raises(ProviderRefused):
        await payments.create_checkout(new_checkout(ACCOUNT, fee="much"))
