"""Identity over the API, as the contract has it."""

import secrets

import pytest

from tenants.people import passwords
from tests.webapp import Web
from tests.world import World

PASSWORD = "a long enough sentence"


def fresh_email() -> str:
    return f"ana-{secrets.token_hex(6)}@guildhall.example"


async def test_a_person_signs_up_and_is_signed_in(web: Web) -> None:
    given = {"email": fresh_email(), "password": PASSWORD, "name": "Ana"}
    made = await web.call("POST", "/auth/sign-up", given)
    assert (made.status, made.json["person"]["name"], made.json["expires_in"]) == (201, "Ana", 900)
    me = await web.call("GET", "/me", token=made.json["access_token"])
    assert me.json == {"person": made.json["person"], "memberships": []}
    again = await web.call("POST", "/auth/sign-up", given)
    assert (again.status, again.json["code"]) == (409, "email_taken")


async def test_unknown_e_mail_and_wrong_password_are_answered_alike(web: Web) -> None:
    email = fresh_email()
    await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ana"})
    answers = [
        await web.call("POST", "/auth/sign-in", {"email": who, "password": "not the password"})
        for who in (email, fresh_email())
    ]
    shown = [{**answer.json, "request_id": ""} for answer in answers]
    assert shown[0] == shown[1]
    assert (answers[0].status, answers[0].json["code"]) == (401, "wrong_credentials")


async def test_a_refresh_token_used_twice_ends_its_session(web: Web) -> None:
    first = (
        await web.call("POST", "/auth/sign-up", {"email": fresh_email(), "password": PASSWORD, "name": "Ana"})
    ).json
    second = (await web.call("POST", "/auth/refresh", {"refresh_token": first["refresh_token"]})).json
    assert (await web.call("GET", "/me", token=second["access_token"])).status == 200
    reused = await web.call("POST", "/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert (reused.status, reused.json["code"]) == (401, "refresh_reused")
    for token in (first["access_token"], second["access_token"]):
        assert (await web.call("GET", "/me", token=token)).status == 401


async def test_signing_out_ends_the_token(web: Web, world: World) -> None:
    token = world.pottery.sam.token
    me = await web.call("GET", "/me", token=token)
    assert [(each["channel"]["slug"], each["role"]) for each in me.json["memberships"]] == [
        (world.pottery.slug, "student")
    ]
    assert (await web.call("POST", "/auth/sign-out", token=token)).status == 204
    assert (await web.call("GET", "/me", token=token)).status == 401


@pytest.mark.parametrize("known", [True, False], ids=["known address", "unknown address"])
async def test_each_attempt_costs_one_hash_whoever_asks(web: Web, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    email, made = fresh_email(), []
    if known:
        await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ana"})
    verify = passwords._matches

    def counted(kept: str, password: str) -> bool:
        made.append(kept.split("$")[3])
        return verify(kept, password)

    monkeypatch.setattr(passwords, "_matches", counted)
    await web.call("POST", "/auth/sign-in", {"email": email, "password": "not the password"})
    assert made == ["m=19456,t=2,p=1"]


@pytest.mark.parametrize("known", [True, False], ids=["known address", "unknown address"])
async def test_five_wrong_tries_pause_an_address_whether_it_exists_or_not(web: Web, known: bool) -> None:
    email = fresh_email()
    if known:
        await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ana"})
    for _ in range(5):
        answer = await web.call("POST", "/auth/sign-in", {"email": email, "password": "not the password"})
        assert answer.status == 401
    paused = await web.call("POST", "/auth/sign-in", {"email": email.upper(), "password": PASSWORD})
    assert (paused.status, paused.json["code"]) == (429, "sign_in_paused")
    assert 590 <= int(paused.headers["Retry-After"]) <= 600


async def test_the_api_never_sets_a_cookie(web: Web) -> None:
    email = fresh_email()
    made = await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ana"})
    again = await web.call("POST", "/auth/sign-in", {"email": email, "password": PASSWORD})
    assert (made.status, again.status) == (201, 200)
    assert "Set-Cookie" not in made.headers
    assert "Set-Cookie" not in again.headers
