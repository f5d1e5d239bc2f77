"""People: sign-up, sign-in, rotation of tokens, pauses, links by mail."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tenants import directory
from tenants.errors import Conflict, Forbidden, Invalid, Refusal, SignInNeeded, TooFast
from tenants.people import mailed_links, new_password, sessions, sign_in
from tenants.people.mailed_links import LinkSecrets
from tenants.people.passwords import Passwords
from tenants.people.people import PEOPLE
from tenants.people.sessions import Device, Lives
from tenants.people.sign_in import Known
from tenants.scope import Tenancy
from tenants.statements import PERSON, personal
from tests.databases import bare

PASSWORD = "a long enough sentence"
DEVICE = Device("Firefox", "192.0.2.7")


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
def email() -> str:
    return f"ana-{secrets.token_hex(6)}@guildhall.example"


@pytest.fixture
async def ana(tenancy: Tenancy, passwords: Passwords, email: str) -> Known:
    known = await sign_in.sign_up(tenancy, passwords, email, PASSWORD, "Ana")
    assert known is not None
    return known


async def test_who_signs_up_on_a_german_page_is_one_who_reads_german(
    tenancy: Tenancy, passwords: Passwords, email: str
) -> None:
    known = await sign_in.sign_up(tenancy, passwords, email, PASSWORD, "Ana", language="de")
    assert known is not None
    async with tenancy.person(known.id) as scope:
        row = await scope.first(personal(select(PEOPLE.c.locale).where(PEOPLE.c.id == PERSON)))
    assert row is not None
    assert row["locale"] == "de"


async def test_who_signed_up_signs_in_in_any_case_of_the_address(
    tenancy: Tenancy, passwords: Passwords, email: str, ana: Known
) -> None:
    assert await sign_in.sign_in(tenancy, passwords, email.upper(), PASSWORD, DEVICE) == ana


async def test_a_taken_address_is_refused_and_its_owner_gets_a_mail(
    tenancy: Tenancy, passwords: Passwords, email: str, ana: Known
) -> None:
    with pytest.raises(Conflict, match="has an account already"):
        await sign_in.sign_up(tenancy, passwords, email, "another password", "Mallory")
    async with bare(tenancy.relay) as relay:
        assert await relay.fetchval("select payload ->> 'template' from person_jobs where person_id = $1", ana.id) == (
            "email_taken"
        )


async def test_where_addresses_are_confirmed_a_taken_one_is_answered_like_a_free_one(
    tenancy: Tenancy, passwords: Passwords, email: str, ana: Known
) -> None:
    other = f"new-{email}"
    for address in (email, other):
        assert await sign_in.sign_up(tenancy, passwords, address, PASSWORD, "Ana", policy="confirm") is None
    with pytest.raises(Forbidden):
        await sign_in.sign_up(tenancy, passwords, f"x-{email}", PASSWORD, "Ana", policy="invite")


async def test_where_addresses_are_confirmed_nobody_acts_under_one_before(
    tenancy: Tenancy, passwords: Passwords, email: str
) -> None:
    for tried in (email, f"nobody-{email}"):
        await sign_in.sign_up(tenancy, passwords, email, PASSWORD, "Mallory", policy="confirm")
        with pytest.raises(SignInNeeded, match="do not go together"):
            await sign_in.sign_in(tenancy, passwords, tried, PASSWORD, DEVICE, policy="confirm")
    known = await sign_in.find(tenancy, email)
    assert known is not None
    async with tenancy.person(known.id) as scope:
        link = await mailed_links.add(scope, "sign_in")
    links = LinkSecrets(b"k" * 32)
    ours = await new_password.by_link(tenancy, links, passwords, links.token(known.id, link), "the owner's own words")
    assert ours == known
    with pytest.raises(SignInNeeded, match="do not go together"):
        await sign_in.sign_in(tenancy, passwords, email, PASSWORD, DEVICE, policy="confirm")
    assert await sign_in.sign_in(tenancy, passwords, email, "the owner's own words", DEVICE, policy="confirm") == known


async def test_two_sign_ups_at_once_make_one_person(tenancy: Tenancy, passwords: Passwords, email: str) -> None:
    tries = [sign_in.sign_up(tenancy, passwords, email, PASSWORD, "Ana") for _ in range(4)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(outcome) is Known for outcome in outcomes) == [False, False, False, True]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (("nobody", PASSWORD, "Ana"), "/email"),
        (("a@b@c.example", PASSWORD, "Ana"), "/email"),
        (("ana@guildhall.example", "short", "Ana"), "/password"),
        (("ana@guildhall.example", "x" * 201, "Ana"), "/password"),
        (("ana@guildhall.example", PASSWORD, "  "), "/name"),
        (("ana@guildhall.example", PASSWORD, "A\0na"), "/name"),
    ],
)
async def test_a_wrong_field_is_named(
    tenancy: Tenancy, passwords: Passwords, given: tuple[str, str, str], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await sign_in.sign_up(tenancy, passwords, *given)
    assert [error.pointer for error in refused.value.errors] == [pointer]


async def test_unknown_addresses_and_wrong_passwords_get_the_same_words_and_the_same_pause(
    tenancy: Tenancy, passwords: Passwords, email: str, ana: Known
) -> None:
    said = []
    for address in (email, f"nobody-{email}"):
        words = []
        for _ in range(6):
            with pytest.raises(Refusal) as refused:
                await sign_in.sign_in(tenancy, passwords, address, "wrong password", DEVICE)
            words.append((refused.value.status, refused.value.message))
        said.append(words)
    assert said[0] == said[1]
    assert [status for status, _ in said[0]] == [401, 401, 401, 401, 401, 429]
    with pytest.raises(TooFast):
        await sign_in.sign_in(tenancy, passwords, email, PASSWORD, DEVICE)


async def test_each_attempt_costs_one_hash_whoever_is_asked_for(
    tenancy: Tenancy, passwords: Passwords, email: str, ana: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenants.people import passwords as module

    made: list[str] = []
    matches = module._matches

    def counted(kept: str, given: str) -> bool:
        made.append(kept)
        return matches(kept, given)

    monkeypatch.setattr(module, "_matches", counted)
    for address in (email, f"nobody-{email}"):
        with pytest.raises(SignInNeeded):
            await sign_in.sign_in(tenancy, passwords, address, "wrong password", DEVICE)
    assert len(made) == 2


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(tenancy: Tenancy, ana: Known) -> None:
    async with tenancy.person(ana.id) as scope:
        first = await sessions.open_api(scope, DEVICE, Lives())
    _, _, second = await sessions.refresh(tenancy, first.refresh, Lives())
    assert (await directory.session_of(tenancy, second.access)).person_id == ana.id
    with pytest.raises(SignInNeeded, match="used before"):
        await sessions.refresh(tenancy, first.refresh, Lives())
    for token in (first.access, second.access):
        with pytest.raises(SignInNeeded):
            await directory.session_of(tenancy, token)
    with pytest.raises(SignInNeeded):
        await sessions.refresh(tenancy, second.refresh, Lives())


async def test_a_refresh_token_sent_twice_at_once_is_traded_once(tenancy: Tenancy, ana: Known) -> None:
    async with tenancy.person(ana.id) as scope:
        given = await sessions.open_api(scope, DEVICE, Lives())
    trades = [sessions.refresh(tenancy, given.refresh, Lives()) for _ in range(5)]
    outcomes = await asyncio.gather(*trades, return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1


async def test_devices_are_listed_and_signed_out_by_their_person_only(
    tenancy: Tenancy, ana: Known, passwords: Passwords, email: str
) -> None:
    mallory = await sign_in.sign_up(tenancy, passwords, f"m-{email}", PASSWORD, "Mallory")
    assert mallory is not None
    async with tenancy.person(ana.id) as scope:
        session_id, cookie = await sessions.open_browser(scope, DEVICE)
        assert [row["agent"] for row in await sessions.devices(scope)] == ["Firefox"]
    async with tenancy.person(mallory.id) as scope:
        assert not await sessions.end(scope, session_id)
    assert (await directory.session_of(tenancy, cookie)).kind == "cookie"
    async with tenancy.person(ana.id) as scope:
        await sessions.end_device(scope, session_id)
    with pytest.raises(SignInNeeded):
        await directory.session_of(tenancy, cookie)


async def test_the_history_shows_good_and_bad_tries(
    tenancy: Tenancy, passwords: Passwords, email: str, ana: Known
) -> None:
    with pytest.raises(SignInNeeded):
        await sign_in.sign_in(tenancy, passwords, email, "wrong password", DEVICE)
    await sign_in.sign_in(tenancy, passwords, email, PASSWORD, DEVICE)
    async with tenancy.person(ana.id) as scope:
        assert [row["outcome"] for row in await sign_in.history(scope)] == ["signed in", "wrong password"]


async def test_a_mailed_link_signs_in_once(tenancy: Tenancy, email: str, ana: Known) -> None:
    links = LinkSecrets(b"k" * 32)
    await mailed_links.send(tenancy, email)
    await mailed_links.send(tenancy, f"nobody-{email}")
    async with bare(tenancy.relay) as relay:
        payload = await relay.fetchval("select payload from person_jobs where person_id = $1", ana.id)
    from uuid import UUID

    token = links.token(ana.id, UUID(payload["subject_id"]))
    proof = await mailed_links.use(tenancy, links, token)
    assert (proof.known, proof.first) == (ana, True)
    for bad in (token, token[:-4] + "AAAA", "", "é", LinkSecrets(b"x" * 32).token(ana.id, UUID(payload["subject_id"]))):
        with pytest.raises(Refusal) as refused:
            await mailed_links.use(tenancy, links, bad)
        assert refused.value.status == 410
