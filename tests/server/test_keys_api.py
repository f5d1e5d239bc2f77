"""Keys at work over HTTP: where they are taken, what they are refused, and how soon a revoked one is."""

from uuid import uuid4

import pytest

from server.app import API_PREFIX
from server.key_scopes import KEY_SCOPES
from server.limits import API
from server.op import Auth
from server.openapi import describe
from server.routes import API as ROUTES
from tenants.keys import tokens
from tests.webapp import Reply, Web
from tests.world import School, World


async def make(web: Web, school: School, *scopes: str) -> Reply:
    """A key of the owner."""
    body = {"name": "Robot", "scopes": list(scopes)}
    return await web.call("POST", f"/channels/{school.slug}/keys", body, token=school.ana.token)


async def test_a_key_posts_as_its_maker_and_reads_what_it_posted(web: Web, world: World) -> None:
    at = f"/channels/{world.pottery.slug}"
    made = await make(web, world.pottery, "write:community")
    assert made.status == 201
    key = made.json["key"]
    room = (await web.call("POST", f"{at}/rooms", {"name": "Robots", "kind": "open"}, token=key)).json["id"]
    posted = await web.call(
        "POST", f"{at}/rooms/{room}/messages", {"client_id": str(uuid4()), "body": "Beep"}, token=key
    )
    assert posted.status == 201
    read = await web.call("GET", f"{at}/rooms/{room}/messages", token=key)
    assert "Beep" in read.text
    assert str(world.pottery.ana.member_id) in read.text
    (listed,) = (await web.call("GET", f"{at}/keys", token=world.pottery.ana.token)).json["items"]
    assert listed["used_at"] is not None
    assert key not in str(listed)


async def test_a_revoked_key_is_refused_at_once_though_it_was_just_used(web: Web, world: World) -> None:
    at, ana = f"/channels/{world.pottery.slug}", world.pottery.ana.token
    made = (await make(web, world.pottery, "read:community")).json
    assert (await web.call("GET", f"{at}/rooms", token=made["key"])).status == 200
    assert (await web.call("DELETE", f"{at}/keys/{made['id']}", token=ana)).status == 204
    refused = await web.call("GET", f"{at}/rooms", token=made["key"])
    assert (refused.status, refused.json["code"]) == (401, "key_ended")


async def test_a_key_meets_in_another_channel_what_an_invented_one_meets(web: Web, world: World) -> None:
    key = (await make(web, world.pottery, "read:community", "read:members")).json["key"]
    for path in ("rooms", "members"):
        real = await web.call("GET", f"/channels/{world.chess.slug}/{path}", token=key)
        invented = await web.call("GET", f"/channels/{world.chess.slug}/{path}", token=tokens.make())
        assert (real.status, real.json["code"], real.json["detail"]) == (
            invented.status, invented.json["code"], invented.json["detail"],
        )  # fmt: skip
        assert real.status == 401


async def test_a_key_does_only_what_its_scopes_say(web: Web, world: World) -> None:
    at = f"/channels/{world.pottery.slug}"
    key = (await make(web, world.pottery, "read:community")).json["key"]
    for method, path, body in (
        ("POST", "/rooms", {"name": "x", "kind": "open"}),
        ("GET", "/members", None),
        ("GET", "/certificates", None),
        ("POST", "/courses", {"title": "x"}),
    ):
        refused = await web.call(method, at + path, body, token=key)
        assert (refused.status, refused.json["code"]) == (403, "key_scope")


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/me"), ("POST", "/auth/sign-out"), ("POST", "/channels"), ("GET", "/channels/{slug}/keys"),
    ("POST", "/channels/{slug}/keys"), ("PATCH", "/channels/{slug}"), ("GET", "/channels/{slug}/live-connections"),
])  # fmt: skip
async def test_where_no_key_is_taken_it_is_told_so(web: Web, world: World, method: str, path: str) -> None:
    key = (await make(web, world.pottery, "write:community")).json["key"]
    body: dict[str, str] | None = None if method == "GET" else {}
    refused = await web.call(method, path.format(slug=world.pottery.slug), body, token=key)
    assert (refused.status, refused.json["code"]) == (403, "key_refused")


async def test_pages_and_sockets_take_no_key(web: Web, world: World) -> None:
    key = (await make(web, world.pottery, "write:community")).json["key"]
    page = await web.get(f"/c/{world.pottery.slug}/studio", headers={"Authorization": f"Bearer {key}"})
    assert (page.status, page.headers["Location"].partition("?")[0]) == (303, "/sign-in")


async def test_a_mistyped_key_is_told_apart_from_one_that_ended(web: Web, world: World) -> None:
    key = (await make(web, world.pottery, "read:community")).json["key"]
    mistyped = key[:-1] + ("a" if key[-1] != "a" else "b")
    wrong = await web.call("GET", f"/channels/{world.pottery.slug}/rooms", token=mistyped)
    assert (wrong.status, wrong.json["code"]) == (401, "key_mistyped")


async def test_each_key_has_limits_of_its_own(web: Web, world: World) -> None:
    path = f"/channels/{world.pottery.slug}/rooms"
    left = []
    for _ in range(2):
        key = (await make(web, world.pottery, "read:community")).json["key"]
        for _ in range(3):
            answer = await web.call("GET", path, token=key)
        left.append(answer.headers["RateLimit"].partition("r=")[2].partition(";")[0])
    assert left[0] == left[1]
    assert f'"{API.name}"' in answer.headers["RateLimit"]


def test_every_scope_belongs_to_an_operation_and_is_described() -> None:
    operations = {route.operation.name: route for route in ROUTES}
    assert set(KEY_SCOPES) <= set(operations)
    document = describe(ROUTES, API_PREFIX, "1")
    for name, route in operations.items():
        described = document["paths"][API_PREFIX + route.path][route.method.lower()]["security"]
        named = [scope for way in described for scope in way.get("key", [])]
        assert named == ([KEY_SCOPES[name]] if name in KEY_SCOPES else [])
        assert route.operation.auth is not Auth.NONE or name not in KEY_SCOPES
    assert document["components"]["securitySchemes"]["key"]["bearerFormat"] == "guildkey"
