"""The outer contract of HTTP, as a stranger would test it who has nothing but its text."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from providers.embedded import EmbeddedValkey
from server import routes
from tenants.ids import new_id
from tenants.scope import Tenancy
from tests.api.asking import PROBLEM, at, label
from tests.api.stage import Stage, set_stage
from tests.webapp import API, Reply, Web, serving

LISTS = [
    route
    for route in routes.API
    if route.method == "GET" and "items" in getattr(route.operation.shown, "model_fields", {})
]
MESSAGE = {
    "id", "room", "seq", "author", "body", "html", "created_at", "edited_at", "deleted", "hidden", "reply_to", "thread",
    "reactions", "files", "poll",
}  # fmt: skip
PASSWORD = "a long enough sentence"


@pytest.fixture
async def stage(tenancy: Tenancy) -> Stage:
    return await set_stage(tenancy)


async def sign_up(web: Web) -> tuple[str, Reply]:
    email = f"{secrets.token_hex(8)}@guildhall.example"
    return email, await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ana"})


async def test_identity_from_sign_up_to_sign_out(web: Web) -> None:
    email, made = await sign_up(web)
    assert made.status == 201
    assert made.json.keys() == {"person", "access_token", "expires_in", "refresh_token"}
    assert made.json["person"].keys() == {"id", "name"}
    taken = await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ana"})
    assert (taken.status, taken.json["code"]) == (409, "email_taken")
    signed_in = await web.call("POST", "/auth/sign-in", {"email": email, "password": PASSWORD})
    assert (signed_in.status, signed_in.json.keys()) == (200, made.json.keys())
    me = await web.call("GET", "/me", token=signed_in.json["access_token"])
    assert (me.status, me.json) == (200, {"person": made.json["person"], "memberships": []})
    assert (await web.call("POST", "/auth/sign-out", token=signed_in.json["access_token"])).status == 204
    assert (await web.call("GET", "/me", token=signed_in.json["access_token"])).status == 401
    assert "Set-Cookie" not in {**made.headers, **signed_in.headers}


async def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(web: Web) -> None:
    email, _ = await sign_up(web)
    wrong = await web.call("POST", "/auth/sign-in", {"email": email, "password": "not this one"})
    unknown = await web.call("POST", "/auth/sign-in", {"email": "x" + email, "password": "not this one"})
    told = [{**reply.json, "request_id": ""} for reply in (wrong, unknown)]
    assert (wrong.status, told[0]) == (401, told[1])


async def test_a_dead_refresh_token_ends_its_family(web: Web) -> None:
    _, made = await sign_up(web)
    old = made.json["refresh_token"]
    renewed = await web.call("POST", "/auth/refresh", {"refresh_token": old})
    assert renewed.status == 200
    assert renewed.json.keys() == made.json.keys()
    assert (await web.call("POST", "/auth/refresh", {"refresh_token": old})).status == 401
    assert (await web.call("GET", "/me", token=renewed.json["access_token"])).status == 401
    assert (await web.call("POST", "/auth/refresh", {"refresh_token": renewed.json["refresh_token"]})).status == 401


async def test_a_channel_is_founded_joined_and_its_members_ruled(web: Web) -> None:
    owner, student = [(await sign_up(web))[1].json["access_token"] for _ in range(2)]
    slug = f"clay-{secrets.token_hex(5)}"
    made = await web.call("POST", "/channels", {"name": "Clay", "slug": slug}, token=owner)
    assert (made.status, made.json["name"], made.json["slug"]) == (201, "Clay", slug)
    joined = await web.call("POST", f"/channels/{slug}/join", token=student)
    assert joined.status == 201
    at_member = f"/channels/{slug}/members/{joined.json['member']['id']}"
    assert (await web.call("PATCH", at_member, {"role": "teacher"}, token=owner)).json["role"] == "teacher"
    assert (await web.call("PUT", f"{at_member}/ban", {"reason": "Spam"}, token=owner)).status == 200
    assert (await web.call("POST", f"/channels/{slug}/leave", token=student)).status == 204
    for method, path in (("GET", "members"), ("GET", "classes"), ("POST", "join")):
        refused = await web.call(method, f"/channels/{slug}/{path}", token=student)
        assert (refused.status, refused.json.get("code")) == (403, "banned"), path
    assert (await web.call("DELETE", f"{at_member}/ban", token=owner)).status == 204
    assert (await web.call("GET", f"/channels/{slug}")).status == 200
    assert (await web.call("PATCH", f"/channels/{slug}", {"name": "Fire"}, token=owner)).json["name"] == "Fire"
    me = (await web.call("GET", "/me", token=owner)).json["memberships"]
    assert [(each["channel"]["slug"], each["role"]) for each in me] == [(slug, "owner")]


async def test_messages_ascend_are_said_once_and_keep_their_place(web: Web, stage: Stage) -> None:
    school, token = stage.school, stage.school.sam.token
    made = await web.call(
        "POST", f"/channels/{school.slug}/rooms", {"name": "Kilns", "kind": "open"}, token=school.ana.token
    )
    assert (made.status, made.json["kind"], made.json["head_seq"]) == (201, "open", 0)
    path = f"/channels/{school.slug}/rooms/{made.json['id']}/messages"
    given = [{"client_id": str(new_id()), "body": f"Word {n}"} for n in range(5)]
    posted = [await web.call("POST", path, each, token=token) for each in given]
    assert [(each.status, each.json["seq"]) for each in posted] == [(201, n) for n in range(1, 6)]
    again = await web.call("POST", path, {**given[0], "body": "Other words"}, token=token)
    assert (again.status, again.json) == (200, posted[0].json)
    for query, seqs in (("limit=2", [4, 5]), ("limit=2&before=4", [2, 3]), ("limit=2&after=1", [2, 3])):
        page = (await web.call("GET", f"{path}?{query}")).json["items"]
        assert [each["seq"] for each in page] == seqs
    assert page[0].keys() == MESSAGE
    assert page[0]["author"].keys() == {"id", "name", "avatar"}
    assert page[0]["created_at"].endswith("Z")
    one = f"/channels/{school.slug}/messages/{posted[0].json['id']}"
    assert (await web.call("DELETE", one, token=token)).status == 204
    first = (await web.call("GET", f"{path}?after=0&limit=1")).json["items"][0]
    assert (first["seq"], first["deleted"], first["body"]) == (1, True, "")
    long = {"client_id": str(new_id()), "body": "a" * 10_241}
    assert (await web.call("POST", path, long, token=token)).status == 413


@pytest.mark.parametrize("route", LISTS, ids=label)
async def test_lists_are_items_and_next(web: Web, stage: Stage, route: Any) -> None:
    query = "?q=clay" if route.path.endswith("/search") else ""
    private = {"name": "Staff", "kind": "private"}
    room = await web.call("POST", f"/channels/{stage.school.slug}/rooms", private, token=stage.school.ana.token)
    reply = await web.call("GET", at(route, stage, room=room.json["id"]) + query, token=stage.school.ana.token)
    assert (reply.status, reply.json.keys()) == (200, {"items", "next"}), reply.json


def test_no_answer_is_a_bare_list() -> None:
    assert [label(route) for route in routes.API if not isinstance(route.operation.shown, type)] == [
        "POST /auth/sign-up",  # one of two objects, by SIGN_UP
    ]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=ten", "after=nonsense", "page=2"])
async def test_pages_are_asked_for_by_limit_and_after_alone(web: Web, query: str) -> None:
    refused = await web.call("GET", f"/channels?{query}")
    assert (refused.status, refused.json.keys()) == (422, PROBLEM | {"errors"})
    assert refused.json["errors"][0].keys() == {"pointer", "code", "detail"}


async def test_every_answer_of_the_api_tells_the_limits(web: Web, stage: Stage) -> None:
    token = stage.school.ana.token
    for method, path, who in (
        ("GET", "/channels", ""), ("GET", "/me", ""), ("GET", "/me", token), ("GET", "/nothing", token),
        ("PUT", "/me", token), ("GET", "/channels/none-here", token), ("POST", "/channels", token),
        ("GET", "/me%00", token), ("GET", "/channels?limit=0", ""), ("GET", "/me", "ended"),
    ):  # fmt: skip
        reply = await web.call(method, path, token=who)
        assert reply.headers["RateLimit-Policy"].startswith('"api'), (method, path)
        assert ";r=" in reply.headers["RateLimit"]
        assert reply.headers["X-Request-ID"]


async def test_a_write_by_cookie_must_come_from_our_own_page(web: Web) -> None:
    email, _ = await sign_up(web)
    own = {"Sec-Fetch-Site": "same-origin"}
    form = {"email": email, "password": PASSWORD, "next": "/me"}
    async with web.session.post(f"{web.url}/sign-in", data=form, headers=own, allow_redirects=False) as answer:
        assert answer.status == 303
        cookie = answer.cookies["guildhall"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    path, signed_in = f"{web.url}{API}/channels", {"Cookie": f"guildhall={cookie.value}"}
    for headers, status in (
        ({}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": web.url}, 403), ({"Origin": web.url}, 201), (own, 201),
    ):  # fmt: skip
        body = {"name": "Clay", "slug": f"clay-{secrets.token_hex(6)}"}
        async with web.session.post(path, json=body, headers=signed_in | headers) as answer:
            assert answer.status == status, headers
            assert "Set-Cookie" not in answer.headers


@pytest.fixture
async def strict(database: str, home: Path, tmp_path: Path) -> AsyncIterator[Web]:
    """The application with standard limits, counted afresh."""
    valkey = EmbeddedValkey(home / f"kv-{secrets.token_hex(2)}")
    valkey.start()
    try:
        async with serving(database, valkey.redis_url, tmp_path, guildhall_demo=False) as running:
            yield running
    finally:
        valkey.stop()


async def test_the_standard_limits_are_those_that_were_promised(strict: Web, stage: Stage) -> None:
    statuses = [(await strict.call("GET", "/channels")).status for _ in range(60)]
    assert statuses == [200] * 60
    refused = await strict.call("GET", "/channels")
    assert (refused.status, refused.json["code"]) == (429, "too_fast")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    signed_in = await strict.call("GET", "/me", token=stage.school.ana.token)
    assert '"api";q=600;w=60' in signed_in.headers["RateLimit-Policy"]
    room = f"/channels/{stage.school.slug}/rooms/{stage.named['room']}/messages"
    bodies = [{"client_id": str(new_id()), "body": "Hello"} for _ in range(31)]
    posted = [await strict.call("POST", room, body, token=stage.school.sam.token) for body in bodies]
    assert [each.status for each in posted] == [201] * 30 + [429]
    assert int(posted[-1].headers["Retry-After"]) <= 10


async def test_health_and_description(web: Web) -> None:
    assert [(await web.get(path)).status for path in ("/livez", "/readyz", "/api/docs")] == [200, 200, 200]
    described = orjson.loads((await web.get("/openapi.json")).body)
    assert described["openapi"].startswith("3.1")
    assert (await web.get("/metrics")).status in {401, 404}


async def test_an_award_is_verified_by_anyone(web: Web, stage: Stage) -> None:
    code = stage.named["code"]
    shown = await web.call("GET", f"/certificates/{code}")
    assert shown.status == 200
    assert shown.json.keys() >= {"code", "state", "holder", "title", "channel", "issued_at"}
    assert shown.json["channel"].keys() == {"slug", "name", "url"}
    assert (await web.call("GET", f"/certificates/{code.lower()[:4]}-{code[4:8]}-{code[8:]}")).json == shown.json
    assert (await web.call("GET", "/certificates/0000000000000")).status == 404
    at_code = f"/channels/{stage.school.slug}/certificates/{code}"
    revoked = await web.call("POST", f"{at_code}/revoke", {"reason": "A slip"}, token=stage.school.ana.token)
    assert (revoked.status, revoked.json["state"]) == (200, "revoked")
    listed = await web.call("GET", f"/channels/{stage.school.slug}/certificates", token=stage.school.ana.token)
    assert [each["code"] for each in listed.json["items"]] == [code]


async def test_a_webhook_that_is_not_signed_is_refused(web: Web, stage: Stage) -> None:
    url = f"{web.url}/webhooks/live/{stage.named['connection']}"
    async with aiohttp.ClientSession() as stranger, stranger.post(url, json={"type": "room.ended"}) as answer:
        assert answer.status in {400, 401}
