"""The door that mails links: neither words nor time tell who has an account, and no mailbox is flooded."""

import asyncio
from pathlib import Path
from urllib.parse import urlencode

import pytest

from providers.embedded.valkey import EmbeddedValkey
from server.pages import doors
from tests.databases import bare
from tests.server.browsing import Browsing
from tests.waiting import until
from tests.webapp import Web, serving
from tests.world import World


async def test_nobody_is_answered_sooner_for_having_no_account(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "LINK_SECONDS", 30.0)
    sam = world.pottery.sam

    async def mailed() -> bool:
        async with bare(web.house.tenancy.relay) as relay:
            return bool(await relay.fetchval("select 1 from person_jobs where person_id = $1", sam.person_id))

    asked = [
        asyncio.create_task(Browsing(web).post("/sign-in/link", email=email))
        for email in (sam.email, f"nobody-{sam.email}")
    ]
    await until(mailed)
    assert (await web.get("/sign-in")).status == 200
    assert not any(task.done() for task in asked)
    for task in asked:
        task.cancel()


async def test_a_mailbox_gets_five_links_in_a_quarter_of_an_hour(
    database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    email = world.chess.eve.email
    async with serving(database, valkey.redis_url, home / "standard", limits="standard") as web:
        answers = [await Browsing(web).post("/sign-in/link", email=email) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]


async def test_the_mail_speaks_the_language_of_the_page_it_was_asked_on(web: Web, world: World) -> None:
    eve = world.chess.eve
    browser = Browsing(web)
    own = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "de-CH, en;q=0.5"}
    for path in ("/sign-in/link", "/set-password/link"):
        assert (await browser.send("POST", path, urlencode({"email": eve.email}), own)).status == 200
    async with bare(web.house.tenancy.relay) as relay:
        asked = await relay.fetch("select payload from person_jobs where person_id = $1", eve.person_id)
    assert {(each["payload"]["template"], each["payload"]["language"]) for each in asked} == {
        ("magic_link", "de"),
        ("new_password", "de"),
    }
