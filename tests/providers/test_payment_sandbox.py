"""The sandbox as a buyer and a creator meet it: pages without scripts, and webhooks that come until they are taken."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from providers.payments import CheckoutChanged, PaymentEvent
from providers.payments.mount import courier, deliver_due, routes
from providers.payments.sandbox import Sandbox, open_payments
from tests.providers.paying import new_account, new_checkout, place
from tests.standins.serving import serving
from tests.waiting import until


@dataclass
class Installation:
    """The endpoint that the sandbox posts to; it answers `status` and remembers what it believed."""

    sandbox: Sandbox
    status: int = 200
    heard: list[PaymentEvent] = field(default_factory=list)
    tries: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.tries += 1
        if self.status == 200:
            self.heard += self.sandbox.verify_and_parse(request.headers, await request.read())
        return web.Response(status=self.status)


@asynccontextmanager
async def mounted(tmp_path: Path) -> AsyncIterator[tuple[Installation, aiohttp.ClientSession]]:
    """The sandbox mounted as the server does it, without its courier."""
    sandbox = open_payments(place(tmp_path))
    house = Installation(sandbox)
    pages = [*routes(sandbox), web.post("/webhooks/sandbox", house.take)]
    async with serving(pages) as url, aiohttp.ClientSession() as session:
        sandbox.base_url = url
        yield house, session


async def checkout(sandbox: Sandbox, **given: object) -> tuple[str, str]:
    """Id and address of an open checkout."""
    account = (await sandbox.open_account(new_account())).id
    await sandbox.finish_account(account, "PT")
    made = await sandbox.create_checkout(new_checkout(account, **given))
    return made.id, made.url


async def press(session: aiohttp.ClientSession, url: str, **fields: str) -> tuple[int, str, str]:
    async with session.post(url, data=fields, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_a_buyer_pays_and_is_led_back_and_the_installation_hears_of_it(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        id_, url = await checkout(house.sandbox)
        async with session.get(url) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "script" not in text
            assert re.search(r"default-src 'none'; style-src 'sha256-", answer.headers["Content-Security-Policy"])
        for words in ("Your first bowl", "€120.00", "Saltmarsh Pottery", "No money moves here"):
            assert words in text
        assert await press(session, url, way="pay") == (303, "http://127.0.0.1:1/done", "")
        assert await deliver_due(house.sandbox, session) == 2
        assert isinstance(house.heard[-1], CheckoutChanged)
        assert (house.heard[-1].kind, house.heard[-1].checkout_id) == ("checkout.paid", id_)
        assert await deliver_due(house.sandbox, session) == 0
        status, _, again = await press(session, url, way="pay")
        assert (status, "This is paid." in again) == (200, True)


async def test_a_declined_card_leaves_the_checkout_open(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        id_, url = await checkout(house.sandbox)
        status, _, text = await press(session, url, way="decline")
        assert (status, "The card was declined." in text) == (402, True)
        assert (await house.sandbox.look_up(id_))["state"] == "open"
        assert (await press(session, url, way="pay"))[0] == 303


@pytest.mark.parametrize(("way", "ends"), [("slow", "paid"), ("fail", "failed")])
async def test_a_slow_way_of_paying_arrives_later_or_fails(
    tmp_path: Path, way: str, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.payments.sandbox.SLOW_SECONDS", 0.3)
    async with mounted(tmp_path) as (house, session):
        id_, url = await checkout(house.sandbox)
        assert (await press(session, url, way=way))[0] == 303
        assert (await house.sandbox.look_up(id_))["state"] == "processing"

        async def arrived() -> bool:
            await deliver_due(house.sandbox, session)
            return len(house.heard) == 3

        await until(arrived)
        assert [event.kind for event in house.heard[1:]] == ["checkout.processing", f"checkout.{ends}"]


async def test_a_webhook_that_is_not_taken_comes_again_also_after_a_restart(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        _, url = await checkout(house.sandbox)
        await press(session, url, way="pay")
        house.status = 503
        assert await deliver_due(house.sandbox, session) == 0
        assert house.tries == 2
        house.status = 200
        restarted = open_payments(place(tmp_path))
        restarted.base_url = house.sandbox.base_url

        async def came() -> bool:
            await deliver_due(restarted, session)
            return len(house.heard) == 2

        await until(came)
        assert house.tries == 4


async def test_two_couriers_carry_each_webhook_once(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        for _ in range(5):
            _, url = await checkout(house.sandbox)
            await press(session, url, way="pay")
        await asyncio.gather(*(deliver_due(house.sandbox, session) for _ in range(4)))
        assert len({event.event_id for event in house.heard}) == len(house.heard) == 10


async def test_the_courier_runs_with_the_application(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        _, url = await checkout(house.sandbox)
        await press(session, url, way="pay")
        app = web.Application()
        app.cleanup_ctx.append(courier(house.sandbox))
        runner = web.AppRunner(app)
        await runner.setup()

        async def heard() -> bool:
            return len(house.heard) == 2

        await until(heard)
        await runner.cleanup()


async def test_a_creator_signs_up_or_finishes_later(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        account = (await house.sandbox.open_account(new_account())).id
        url = await house.sandbox.onboarding_url(account, "http://127.0.0.1:1/back", "http://127.0.0.1:1/again")
        async with session.get(url) as answer:
            text = await answer.text()
        assert '<option value="PT" selected>Portugal</option>' in text
        assert 'href="http://127.0.0.1:1/back">Finish later' in text
        assert (await press(session, url, country="DE"))[:2] == (303, "http://127.0.0.1:1/back")
        assert (await house.sandbox.account(account)).ready
        assert (await house.sandbox.named(account))[1] == "DE"


async def test_addresses_that_were_not_made_here_open_nothing(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        id_, url = await checkout(house.sandbox)
        account = (await house.sandbox.look_up(id_))["account"]
        onboard = await house.sandbox.onboarding_url(account, "http://127.0.0.1:1/back", "http://127.0.0.1:1/again")
        forged = (
            url.partition("?")[0],
            url[:-2] + "zz",
            onboard.replace("back", "evil"),
            onboard.replace("until=1", "until=2"),
        )
        for address in forged:
            for method in ("GET", "POST"):
                async with session.request(method, address, allow_redirects=False) as answer:
                    assert answer.status == 404
        assert (await house.sandbox.look_up(id_))["state"] == "open"


async def test_a_sign_up_that_is_opened_too_late_leads_to_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.payments.sandbox.ONBOARDING_SECONDS", -1)
    async with mounted(tmp_path) as (house, session):
        account = (await house.sandbox.open_account(new_account())).id
        url = await house.sandbox.onboarding_url(account, "http://127.0.0.1:1/back", "http://127.0.0.1:1/again")
        assert (await press(session, url, country="DE"))[:2] == (303, "http://127.0.0.1:1/again")
        assert not (await house.sandbox.account(account)).ready


async def test_nothing_that_is_sold_can_write_into_the_page(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        title, email = '<script>alert(1)</script>"', 'sam"><img@guildhall.example'
        _, url = await checkout(house.sandbox, title=title, email=email)
        async with session.get(url) as answer:
            text = await answer.text()
        assert "<script" not in text
        assert "<img" not in text


async def test_a_checkout_ends_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    async with mounted(tmp_path) as (house, session):
        id_, url = await checkout(house.sandbox, expires_at=datetime.now(UTC))
        status, _, text = await press(session, url, way="pay")
        assert (status, "has expired" in text) == (200, True)
        await deliver_due(house.sandbox, session)
        assert house.heard[-1].kind == "checkout.expired"
        assert (await house.sandbox.look_up(id_))["state"] == "expired"


async def test_many_processes_may_write_the_books_at_once(tmp_path: Path) -> None:
    ones = [open_payments(place(tmp_path)) for _ in range(4)]
    new = new_account()
    opened = await asyncio.gather(*(one.open_account(new) for one in ones * 5))
    assert len(set(opened)) == 1
    await ones[0].finish_account(opened[0].id, "PT")
    asked = new_checkout(opened[0].id)
    made = await asyncio.gather(*(one.create_checkout(replace(asked, attempt=n % 3)) for n, one in enumerate(ones * 6)))
    assert len({each.id for each in made}) == 3
    paid = await asyncio.gather(*(one.pay(made[0].id) for one in ones))
    assert paid.count(True) == 1
