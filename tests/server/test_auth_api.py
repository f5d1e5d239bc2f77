"""Identity over the API, as the contract has it."""

import secrets

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
