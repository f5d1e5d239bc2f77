"""Whose an address is: the first link proves it and undoes what a squatter did; a forgotten password; a changed one."""

import secrets
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from providers.embedded.valkey import EmbeddedValkey
from tenants.errors import SignInNeeded
from tenants.ids import PersonId
from tenants.people import mailed_links, people, sign_in
from tenants.people.mailed_links import Purpose
from tenants.people.sessions import Device
from tenants.work import Ticket
from tests.databases import bare
from tests.server.browsing import Browsing, signed_in
from tests.webapp import Reply, Web, serving
from tests.workers.shop import make_shop
from tests.workers.test_mail import arrived, do, the_link, token_of
from tests.world import World

STANDARD: dict[str, Any] = {"limits": "standard", "trusted_proxies": 1}
SQUATTERS, OWNERS = "the squatter's own words", "the owner's own words"


def fresh_email() -> str:
    return f"ana-{secrets.token_hex(6)}@guildhall.example"


async def link(web: Web, email: str, purpose: Purpose = "sign_in") -> str:
    """The token of a link that was mailed to an address."""
    house = web.house
    known = await sign_in.find(house.tenancy, email)
    assert known is not None
    async with house.tenancy.person(known.id) as scope:
        return house.links.token(known.id, await mailed_links.add(scope, purpose))


async def mails(web: Web, email: str) -> list[str]:
    """The templates of the mails that an address was sent."""
    known = await sign_in.find(web.house.tenancy, email)
    async with bare(web.house.tenancy.relay) as relay:
        query = "select payload ->> 'template' as template from person_jobs where person_id = $1 order by id"
        return [row["template"] for row in await relay.fetch(query, known.id if known else None)]


def an_address() -> str:
    """An address that nobody else has asked from."""
    return str(IPv6Address(secrets.randbits(128)))


async def from_elsewhere(web: Web, path: str, email: str) -> Reply:
    """A form with an address, each time from another place."""
    sent = {"X-Forwarded-For": an_address(), "Sec-Fetch-Site": "same-origin"}
    return await Browsing(web).send("POST", path, urlencode({"email": email}), sent)


async def squatted(web: Web) -> tuple[str, Browsing, Any]:
    """An address that somebody else signed up with, their browser, and the tokens of their program."""
    email, browser = fresh_email(), Browsing(web)
    assert (await browser.post("/sign-up", name="Mallory", email=email, password=SQUATTERS)).status == 303
    tokens = await web.call("POST", "/auth/sign-in", {"email": email, "password": SQUATTERS})
    assert (await browser.get("/me")).status == 200
    return email, browser, tokens.json


async def test_the_first_link_of_an_address_ends_what_was_begun_before_it(web: Web) -> None:
    email, squatter, tokens = await squatted(web)
    owner = Browsing(web)
    led = await owner.post("/sign-in/link/use", token=await link(web, email))
    assert (led.status, led.headers["Location"]) == (303, "/set-password")
    assert (await squatter.get("/me")).status == 303
    assert (await web.call("GET", "/me", token=tokens["access_token"])).status == 401
    refreshed = await web.call("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert refreshed.status == 401
    tried = await web.call("POST", "/auth/sign-in", {"email": email, "password": SQUATTERS})
    assert tried.status == 401
    page = await owner.get("/set-password")
    assert "any earlier password is void" in page.text
    assert 'name="present"' not in page.text
    done = await owner.post("/set-password", password=OWNERS)
    assert (done.status, done.headers["Location"]) == (303, "/me?said=password")
    assert (await web.call("POST", "/auth/sign-in", {"email": email, "password": OWNERS})).status == 200
    assert "password_changed" in await mails(web, email)


async def test_a_later_link_leaves_the_password_and_the_devices(web: Web, world: World) -> None:
    sam = world.pottery.sam
    phone, desk = await signed_in(web, sam), Browsing(web)
    led = await desk.post("/sign-in/link/use", token=await link(web, sam.email))
    assert (led.status, led.headers["Location"]) == (303, "/")
    assert (await phone.get("/me")).status == 200


async def test_a_sign_in_that_was_checked_before_the_proof_opens_nothing_after_it(web: Web) -> None:
    email, _, _ = await squatted(web)
    house = web.house
    checked = await sign_in.sign_in(house.tenancy, house.passwords, email, SQUATTERS, Device())
    await mailed_links.use(house.tenancy, house.links, await link(web, email))
    async with house.tenancy.person(checked.id) as scope:
        with pytest.raises(SignInNeeded):
            await people.hold(scope, checked.password_hash or "")


async def test_a_link_of_sign_in_leads_on_to_where_one_was_going(web: Web, world: World) -> None:
    email = world.pottery.sam.email
    asked = await Browsing(web).get("/sign-in/link?next=/c/clay/learn")
    assert 'name="next" value="/c/clay/learn"' in asked.text
    async with web.house.tenancy.person(world.pottery.sam.person_id) as scope:
        link_id = await mailed_links.add(scope, "sign_in", "/c/clay/learn")
    token = web.house.links.token(world.pottery.sam.person_id, link_id)
    led = await Browsing(web).post("/sign-in/link/use", token=token)
    assert led.headers["Location"] == "/c/clay/learn"
    assert (await Browsing(web).post("/sign-in/link", email=email, next="//evil.example")).status == 200


async def test_who_forgot_the_password_chooses_a_new_one_by_a_link_that_works_once(web: Web, world: World) -> None:
    sam = world.pottery.sam
    phone = await signed_in(web, sam)
    assert 'href="/set-password"' in (await Browsing(web).get("/sign-in")).text
    assert (await Browsing(web).post("/set-password/link", email=sam.email)).status == 200
    assert "new_password" in await mails(web, sam.email)
    token, browser = await link(web, sam.email, "password"), Browsing(web)
    assert (await browser.get(f"/set-password?token={token}")).status == 200
    short = await browser.post("/set-password", token=token, password="short")
    assert short.status == 422
    assert "At least 8 characters" in short.text
    assert (await browser.post("/set-password", token=token, password=OWNERS)).status == 303
    assert (await phone.get("/me")).status == 303
    assert (await browser.get("/me")).status == 200
    assert (await web.call("GET", "/me", token=sam.token)).status == 401
    assert "password_changed" in await mails(web, sam.email)
    spent = await Browsing(web).post("/set-password", token=token, password="yet another sentence")
    assert spent.status == 410
    assert "Ask for a new one." in spent.text
    assert (await web.call("POST", "/auth/sign-in", {"email": sam.email, "password": OWNERS})).status == 200


async def test_asking_for_a_new_password_tells_nobody_who_has_an_account(web: Web, world: World) -> None:
    emails = (world.pottery.sam.email, f"nobody-{world.pottery.sam.email}")
    answers = [await Browsing(web).post("/set-password/link", email=email) for email in emails]
    shown = [answer.text.replace(email, "") for answer, email in zip(answers, emails, strict=True)]
    assert (answers[0].status, shown[0]) == (200, shown[1])


async def test_links_of_both_kinds_share_the_limit_of_a_mailbox(
    database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    email = world.chess.otto.email
    async with serving(database, valkey.redis_url, home / "standard-links", **STANDARD) as web:
        paths = ["/sign-in/link", "/set-password/link"] * 3
        answers = [await from_elsewhere(web, path, email) for path in paths]
    assert [answer.status for answer in answers] == [200] * 5 + [429]


async def test_a_password_is_changed_by_who_knows_it_and_other_devices_go(web: Web) -> None:
    email, browser = fresh_email(), Browsing(web)
    await browser.post("/sign-up", name="Ana", email=email, password=SQUATTERS)
    other = await web.call("POST", "/auth/sign-in", {"email": email, "password": SQUATTERS})
    assert 'name="present"' in (await browser.get("/set-password")).text
    wrong = await browser.post("/set-password", present="not the password", password=OWNERS)
    assert wrong.status == 401
    assert "4 tries left" in wrong.text
    for secret in ("not the password", OWNERS):
        assert secret not in wrong.text
    assert (await browser.post("/set-password", present=SQUATTERS, password=OWNERS)).status == 303
    assert (await browser.get("/me")).status == 200
    assert (await web.call("GET", "/me", token=other.json["access_token"])).status == 401
    assert (await web.call("POST", "/auth/sign-in", {"email": email, "password": OWNERS})).status == 200
    assert await mails(web, email) == ["password_changed"]


async def test_a_stolen_session_sets_no_password_where_there_is_none(web: Web, world: World) -> None:
    browser = await signed_in(web, world.pottery.zoe)
    page = await browser.get("/set-password")
    assert 'name="password"' not in page.text
    assert f'value="{world.pottery.zoe.email}"' in page.text
    refused = await browser.post("/set-password", password=OWNERS)
    assert refused.status == 403
    assert "Ask for a link by mail first" in refused.text


async def test_a_foreign_page_changes_no_password(web: Web, world: World) -> None:
    browser = await signed_in(web, world.pottery.sam)
    answer = await browser.send("POST", "/set-password", f"password={OWNERS}", {"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


async def test_the_page_of_an_unproved_person_says_so(web: Web, world: World) -> None:
    _, browser, _ = await squatted(web)
    assert "not proved to be yours yet" in (await browser.get("/me")).text
    sam = await signed_in(web, world.pottery.sam)
    assert "not proved to be yours yet" not in (await sam.get("/me")).text


async def test_where_addresses_are_confirmed_a_link_completes_the_sign_up(
    database: str, valkey: EmbeddedValkey, home: Path, tmp_path: Path, world: World
) -> None:
    email = fresh_email()
    async with serving(database, valkey.redis_url, home / "confirm", sign_up="confirm") as web:
        assert 'name="password"' not in (await web.get("/sign-up")).text
        given = {"email": email, "password": SQUATTERS, "name": "Ana"}
        free = await web.call("POST", "/auth/sign-up", given)
        again = await web.call("POST", "/auth/sign-up", given)
        taken = await web.call("POST", "/auth/sign-up", given | {"email": world.pottery.sam.email})
        assert [(each.status, each.json) for each in (free, again, taken)] == [(202, free.json)] * 3
        assert (await mails(web, email), await mails(web, world.pottery.sam.email)) == (
            ["confirm", "confirm"],
            ["email_taken"],
        )
        assert (await web.call("POST", "/auth/sign-in", given)).status == 422
        tried = {"email": email, "password": SQUATTERS}
        assert (await web.call("POST", "/auth/sign-in", tried)).status == 401
        url = await the_mailed_link(web, email, tmp_path)
        assert "/set-password?token=" in url
        browser = Browsing(web)
        done = await browser.post("/set-password", token=token_of(url), password=OWNERS)
        assert done.status == 303
        assert (await browser.get("/me")).status == 200
        assert (await web.call("POST", "/auth/sign-in", tried)).status == 401
        assert (await web.call("POST", "/auth/sign-in", tried | {"password": OWNERS})).status == 200
        page = await Browsing(web).post("/sign-up", name="Ben", email=fresh_email())
        assert "Look in your mail." in page.text


async def the_mailed_link(web: Web, email: str, folder: Path) -> str:
    """The link in the first mail that an address was sent, as a worker writes it."""
    known = await sign_in.find(web.house.tenancy, email)
    assert known is not None
    async with bare(web.house.tenancy.relay) as relay:
        query = "select id from person_jobs where person_id = $1 order by id limit 1"
        job_id: UUID = await relay.fetchval(query, known.id)
    shop = make_shop(web.house.tenancy, folder)
    await do(shop, Ticket(None, PersonId(known.id), job_id))
    (letter,) = arrived(shop, folder)
    return the_link(letter)


async def test_a_mailbox_is_not_flooded_by_sign_ups(
    database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    given = {"email": world.chess.eve.email, "password": SQUATTERS, "name": "Eve"}
    async with serving(database, valkey.redis_url, home / "flood", sign_up="confirm", **STANDARD) as web:
        asked = [await web.call("POST", "/auth/sign-up", given, X_Forwarded_For=an_address()) for _ in range(3)]
        links = [await from_elsewhere(web, "/sign-in/link", given["email"]) for _ in range(3)]
    assert [each.status for each in (*asked, *links)] == [202, 202, 202, 200, 200, 429]


async def test_where_people_are_invited_only_those_get_in(
    database: str, valkey: EmbeddedValkey, home: Path, tmp_path: Path
) -> None:
    email = fresh_email()
    async with serving(database, valkey.redis_url, home / "invite", sign_up="invite") as web:
        assert "By invitation." in (await web.get("/sign-up")).text
        refused = await web.call("POST", "/auth/sign-up", {"email": email, "password": OWNERS, "name": "Ana"})
        assert (refused.status, refused.json["code"]) == (403, "invitation_needed")
        page = await Browsing(web).post("/sign-up", name="Ana", email=email, password=OWNERS)
        assert page.status == 403
        for _ in range(2):
            await sign_in.invite(web.house.tenancy, email, "Ana")
        assert await mails(web, email) == ["invitation", "invitation"]
        url = await the_mailed_link(web, email, tmp_path)
        browser = Browsing(web)
        assert (await browser.post("/set-password", token=token_of(url), password=OWNERS)).status == 303
        assert (await web.call("POST", "/auth/sign-in", {"email": email, "password": OWNERS})).status == 200
        await sign_in.invite(web.house.tenancy, email, "Ana")
        assert (await mails(web, email))[-1] == "email_taken"


async def test_those_who_give_roles_invite_and_nobody_else(web: Web, world: World) -> None:
    pottery, email = world.pottery, fresh_email()
    path, given = f"/channels/{pottery.slug}/invitations", {"email": email, "name": "Ida"}
    asked = {who: await web.call("POST", path, given, token=pottery.people[who].token) for who in ("ana", "sam")}
    assert [asked[who].status for who in ("ana", "sam")] == [202, 403]
    known = await web.call("POST", path, given | {"email": world.chess.eve.email}, token=pottery.ana.token)
    assert (known.status, known.json) == (202, asked["ana"].json)
    foreign = await web.call("POST", f"/channels/{world.chess.slug}/invitations", given, token=pottery.ana.token)
    assert foreign.status == 403
    assert await mails(web, email) == ["invitation"]
    studio, ana = f"/c/{pottery.slug}/studio/members", await signed_in(web, pottery.ana)
    assert f'action="{studio}/invite"' in (await ana.get(studio)).text
    sent = await ana.post(f"{studio}/invite", name="Ida", email=email)
    assert (sent.status, sent.headers["Location"]) == (303, f"{studio}?said=invited")
    wrong = await ana.post(f"{studio}/invite", name="Ida", email="no address")
    assert (wrong.status, 'aria-invalid="true"' in wrong.text) == (422, True)
    mia = await signed_in(web, pottery.mia)
    assert f'action="{studio}/invite"' not in (await mia.get(studio)).text
    assert (await mia.post(f"{studio}/invite", name="Ida", email=email)).status == 403
