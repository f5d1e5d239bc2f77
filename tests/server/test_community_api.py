"""The community over the API, as the contract has it."""

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import orjson
import pytest

from tenants.community import previews
from tenants.community.previews import Page
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.webapp import Reply, Web
from tests.world import School, World


async def make_room(web: Web, school: School, kind: str = "members") -> str:
    at = f"/channels/{school.slug}/rooms"
    made = await web.call("POST", at, {"name": "Wheel talk", "kind": kind}, token=school.ana.token)
    if made.status == 422:  # the first of a school has that name alone
        made = await web.call("POST", at, {"name": f"Wheel talk {uuid4().hex}", "kind": kind}, token=school.ana.token)
    assert (made.status, made.json["kind"], made.json["head_seq"]) == (201, kind, 0)
    return str(made.json["id"])


async def post(web: Web, school: School, room: str, token: str, body: Any = "Hello", **more: Any) -> Reply:
    given = {"client_id": str(uuid4()), "body": body} | more
    return await web.call("POST", f"/channels/{school.slug}/rooms/{room}/messages", given, token=token)


async def test_messages_are_posted_and_read_in_pages_that_ascend(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    for n in range(1, 6):
        posted = await post(web, pottery, room, pottery.sam.token, f"Message {n}")
        assert (posted.status, posted.json["seq"]) == (201, n)
    url = f"/channels/{pottery.slug}/rooms/{room}/messages"
    pages = {
        "?limit=2": [4, 5], "?limit=2&before=4": [2, 3], "?limit=2&after=1": [2, 3], "?after=5": [],
        "?limit=2&around=3": [2, 3], "?around=99&limit=4": [4, 5], "?limit=2&on=2020-02-29": [1],
        "?on=2999-01-01": [1, 2, 3, 4, 5],
    }  # fmt: skip
    for query, expected in pages.items():
        page = (await web.call("GET", url + query, token=pottery.zoe.token)).json
        assert [message["seq"] for message in page["items"]] == expected
    message = (await web.call("GET", url, token=pottery.zoe.token)).json["items"][0]
    assert message.pop("created_at").endswith("Z")
    assert message == {
        "id": message["id"], "room": room, "seq": 1, "body": "Message 1", "html": '<p dir="auto">Message 1</p>',
        "author": {"id": str(pottery.sam.member_id), "name": "Sam", "avatar": None}, "edited_at": None,
        "deleted": False, "hidden": False, "reply_to": None, "thread": {"count": 0, "last_seq": None},
        "reactions": [], "files": [], "poll": None,
    }  # fmt: skip


async def test_a_client_id_sent_again_gets_the_same_answer(web: Web, world: World) -> None:
    pottery, client_id = world.pottery, str(uuid4())
    room = await make_room(web, pottery)
    first = await post(web, pottery, room, pottery.sam.token, "first", client_id=client_id)
    again = await post(web, pottery, room, pottery.sam.token, "second", client_id=client_id)
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    page = await web.call("GET", f"/channels/{pottery.slug}/rooms/{room}/messages", token=pottery.sam.token)
    assert [message["body"] for message in page.json["items"]] == ["first"]


async def test_words_are_changed_and_deleted_and_reacted_to(web: Web, world: World) -> None:
    pottery = world.pottery
    posted = (await post(web, pottery, await make_room(web, pottery), pottery.sam.token)).json
    url = f"/channels/{pottery.slug}/messages/{posted['id']}"
    edited = await web.call("PATCH", url, {"body": "Better"}, token=pottery.sam.token)
    assert (edited.status, edited.json["body"], edited.json["edited_at"] is None) == (200, "Better", False)
    assert (await web.call("PATCH", url, {"body": "x"}, token=pottery.zoe.token)).status == 403
    for _ in range(2):
        assert (await web.call("PUT", f"{url}/reactions/👍", token=pottery.zoe.token)).status == 204
    assert (await web.call("GET", url, token=pottery.zoe.token)).json["reactions"] == [{"emoji": "👍", "count": 1}]
    assert (await web.call("PUT", f"{url}/reactions/ok", token=pottery.zoe.token)).status == 422
    assert (await web.call("DELETE", f"{url}/reactions/👍", token=pottery.zoe.token)).status == 204
    assert (await web.call("DELETE", url, token=pottery.zoe.token)).status == 403
    assert (await web.call("DELETE", url, token=pottery.mia.token)).status == 204
    gone = (await web.call("GET", url, token=pottery.zoe.token)).json
    assert (gone["deleted"], gone["body"], gone["html"], gone["seq"]) == (True, "", "", 1)


async def test_a_private_room_is_for_those_let_in(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "private")
    place = f"/channels/{pottery.slug}/rooms/{room}/members/{pottery.sam.member_id}"
    assert (await post(web, pottery, room, pottery.sam.token)).status == 404
    assert (await web.call("PUT", place, token=pottery.zoe.token)).status == 403
    assert (await web.call("PUT", place, token=pottery.ana.token)).status == 204
    assert (await post(web, pottery, room, pottery.sam.token)).status == 201
    insiders = await web.call("GET", place.rpartition("/")[0], token=pottery.ana.token)
    assert {each["name"] for each in insiders.json["items"]} == {"Ana", "Sam"}
    assert (await web.call("DELETE", place, token=pottery.ana.token)).status == 204
    assert (await post(web, pottery, room, pottery.sam.token)).status == 404


async def test_visitors_read_open_rooms_and_write_nowhere(web: Web, world: World) -> None:
    pottery = world.pottery
    opened, closed = await make_room(web, pottery, "open"), await make_room(web, pottery)
    seen = (await web.call("GET", f"/channels/{pottery.slug}/rooms")).json["items"]
    assert [room["id"] for room in seen] == [opened]
    assert (await web.call("GET", f"/channels/{pottery.slug}/rooms/{opened}/messages")).status == 200
    assert (await web.call("GET", f"/channels/{pottery.slug}/rooms/{closed}/messages")).status == 404
    assert (await post(web, pottery, opened, "")).status == 401
    assert (await post(web, pottery, opened, world.nobody.token)).status == 403


async def test_the_preview_of_a_link_is_shown_and_taken_away_by_its_author(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    message = (await post(web, pottery, room, pottery.sam.token, "https://clay.example/")).json["id"]
    async with web.house.tenancy.scope(pottery.id, acting_system("test")) as scope:
        await previews.show(scope, UUID(message), "https://clay.example/", Page("Bowls", "Thin <b>walls", "Clay"))
    at = f"/channels/{pottery.slug}/messages/{message}"
    shown = (await web.call("GET", at, token=pottery.zoe.token)).json["preview"]
    assert shown == {"url": "https://clay.example/", "title": "Bowls", "description": "Thin <b>walls", "site": "Clay"}
    page = await web.get(
        f"/c/{pottery.slug}/community/wheel-talk", headers={"Cookie": f"guildhall={pottery.zoe.token}"}
    )
    assert '<a href="https://clay.example/" rel="nofollow noopener"' in page.text
    assert "Thin &lt;b&gt;walls" in page.text
    calls = [await web.call("DELETE", f"{at}/preview", token=who.token) for who in (pottery.zoe, pottery.sam)]
    assert [call.status for call in calls] == [403, 204]
    assert "preview" not in (await web.call("GET", at, token=pottery.zoe.token)).json


async def test_another_channels_room_and_message_are_not_found(web: Web, world: World) -> None:
    pottery, chess = world.pottery, world.chess
    room = await make_room(web, pottery, "open")
    message = (await post(web, pottery, room, pottery.sam.token)).json["id"]
    at = f"/channels/{chess.slug}"
    answers = [
        await web.call("GET", f"{at}/rooms/{room}/messages", token=chess.otto.token),
        await post(web, chess, room, chess.otto.token),
        await web.call("GET", f"{at}/messages/{message}", token=chess.otto.token),
        await web.call("PATCH", f"{at}/messages/{message}", {"body": "x"}, token=chess.otto.token),
        await web.call("DELETE", f"{at}/messages/{message}", token=chess.otto.token),
        await web.call("DELETE", f"{at}/messages/{message}/preview", token=chess.otto.token),
        await web.call("PUT", f"{at}/messages/{message}/reactions/👍", token=chess.otto.token),
    ]
    assert [answer.status for answer in answers] == [404] * 7


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"body": ""}, 422),
        ({"body": "a\0b"}, 422),
        ({"body": 7}, 422),
        ({"body": "é" * 5121}, 413),
        ({"client_id": "no"}, 422),
        ({"reply_to": str(uuid4())}, 404),
        ({"files": [], "body": ""}, 422),
        ({"files": ["no"]}, 422),
        ({"files": [str(uuid4())]}, 422),
        ({"files": [str(uuid4()) for _ in range(11)]}, 422),
    ],
)
async def test_what_cannot_be_posted_is_refused_and_takes_no_seq(
    web: Web, world: World, given: dict[str, Any], status: int
) -> None:
    room = await make_room(web, world.pottery)
    assert (await post(web, world.pottery, room, world.pottery.sam.token, **given)).status == status
    assert (await post(web, world.pottery, room, world.pottery.sam.token)).json["seq"] == 1


async def test_a_job_keeps_the_id_of_the_request_that_asked_for_it(web: Web, tenancy: Tenancy, world: World) -> None:
    request_id = f"test-{uuid4().hex}"
    joined = await web.call(
        "POST", f"/channels/{world.chess.slug}/join", token=world.pottery.zoe.token, X_Request_ID=request_id
    )
    assert (joined.status, joined.headers["X-Request-ID"]) == (201, request_id)
    async with bare(tenancy.relay) as connection:
        assert await connection.fetch("select name from jobs where request_id = $1", request_id)


async def test_mentions_are_counted_apart_and_whom_to_mention_is_found_by_a_beginning(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    at = f"/channels/{pottery.slug}"
    await post(web, pottery, room, pottery.sam.token, f"<@{pottery.zoe.member_id}> and others")
    await post(web, pottery, room, pottery.sam.token)
    for who, counts in ((pottery.zoe, (2, 1)), (pottery.mia, (2, 0))):
        listed = (await web.call("GET", f"{at}/rooms", token=who.token)).json["items"]
        assert [(each["unread"], each["mentions"]) for each in listed] == [counts]
    await web.call("PATCH", f"{at}/members/{pottery.zoe.member_id}", {"name": "Ann Zoe_"}, token=pottery.ana.token)
    found = {"an": {"Ana", "Ann Zoe_"}, "ZOE_": {"Ann Zoe_"}, "oe": set(), "%": set(), " ": {"Ana", "Sam"}}
    for start, names in found.items():
        listed = await web.call("GET", f"{at}/members?q={quote(start)}", token=pottery.sam.token)
        assert names <= {each["name"] for each in listed.json["items"]}
        assert start == " " or len(listed.json["items"]) == len(names)
    assert (await web.call("GET", f"{at}/members?q=a", token=world.chess.eve.token)).status == 403


async def test_who_edits_words_they_have_not_seen_gets_the_present_ones(web: Web, world: World) -> None:
    pottery = world.pottery
    posted = (await post(web, pottery, await make_room(web, pottery), pottery.sam.token)).json
    url = f"/channels/{pottery.slug}/messages/{posted['id']}"
    one = await web.call("PATCH", url, {"body": "From the phone", "edited_at": None}, token=pottery.sam.token)
    other = await web.call("PATCH", url, {"body": "From the desk", "edited_at": None}, token=pottery.sam.token)
    assert (other.status, other.json["code"]) == (409, "edited_meanwhile")
    assert other.json["present"] == one.json
    given = {"body": "From the desk", "edited_at": one.json["edited_at"]}
    assert (await web.call("PATCH", url, given, token=pottery.sam.token)).status == 200
    kept = (await web.call("GET", f"{url}/history", token=pottery.mia.token)).json["items"]
    assert [each["body"] for each in kept] == ["Hello", "From the phone"]
    assert (await web.call("GET", f"{url}/history", token=pottery.zoe.token)).status == 403
    assert (await web.call("GET", f"{url}/history")).status == 401


async def test_a_thread_is_read_followed_and_left_over_the_api(web: Web, world: World) -> None:
    pottery = world.pottery
    room, at = await make_room(web, pottery), f"/channels/{pottery.slug}"
    roots = [(await post(web, pottery, room, pottery.sam.token)).json["id"] for _ in range(2)]
    for root in (*roots, roots[1]):
        assert (await post(web, pottery, room, pottery.zoe.token, "a reply", reply_to=root)).status == 201
    url = f"{at}/messages/{roots[1]}/thread"
    thread = (await web.call("GET", f"{url}?limit=1", token=pottery.sam.token)).json
    assert [each["seq"] for each in thread["items"]] == [5]
    first = (await web.call("GET", f"{at}/threads?limit=1", token=pottery.sam.token)).json
    rest = (await web.call("GET", f"{at}/threads?after={first['next']}", token=pottery.sam.token)).json
    listed = [(each["root"]["id"], each["unread"]) for each in (*first["items"], *rest["items"])]
    assert listed == [(roots[1], 2), (roots[0], 1)]
    assert rest["next"] is None
    marked = await web.call("PUT", f"{url}/read", {"seq": 99}, token=pottery.sam.token)
    assert marked.json == {"last_seq": 5, "following": True}
    for _ in range(2):
        assert (await web.call("DELETE", f"{url}/follow", token=pottery.sam.token)).status == 204
    listed = (await web.call("GET", f"{at}/threads", token=pottery.sam.token)).json["items"]
    assert [each["root"]["id"] for each in listed] == [roots[0]]
    assert (await web.call("PUT", f"{url}/follow", token=pottery.mia.token)).status == 204
    assert (await web.call("GET", f"{at}/threads", token=pottery.mia.token)).json["items"][0]["unread"] == 0
    assert (await web.call("GET", f"/channels/{world.chess.slug}/messages/{roots[1]}/thread")).status == 404
    assert (await web.call("GET", f"{at}/threads", token=world.chess.eve.token)).status == 403
    for then in ("0001-01-01T00:00:00+23:00", "9999-12-31T23:00:00-23:00", "2026-01-01T00:00:00"):
        forged = urlsafe_b64encode(orjson.dumps(["threads", [then, str(uuid4())]])).decode().rstrip("=")
        assert (await web.call("GET", f"{at}/threads?after={forged}", token=pottery.sam.token)).status == 422


async def test_a_room_is_changed_archived_and_brought_back(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    url, token = f"/channels/{pottery.slug}/rooms/{room}", pottery.mia.token
    changed = await web.call("PATCH", url, {"name": "Glazes", "icon": "sun", "kind": "open"}, token=token)
    assert (changed.status, changed.json["name"], changed.json["icon"], changed.json["kind"]) == (
        200, "Glazes", "sun", "open",
    )  # fmt: skip
    assert (await web.call("PATCH", url, {"name": ""}, token=token)).status == 422
    assert (await web.call("PATCH", url, {"name": "Mine"}, token=pottery.sam.token)).status == 403
    assert (await web.call("PUT", f"{url}/archive", token=token)).status == 204
    assert (await post(web, pottery, room, pottery.sam.token)).json["code"] == "archived"
    lists = {query: await web.call("GET", f"/channels/{pottery.slug}/rooms{query}") for query in ("", "?archived=true")}
    shown = {query: [(each["id"], each["archived"]) for each in reply.json["items"]] for query, reply in lists.items()}
    assert shown == {"": [], "?archived=true": [(room, True)]}
    assert (await web.call("DELETE", f"{url}/archive", token=token)).status == 204
    assert (await post(web, pottery, room, pottery.sam.token)).status == 201


async def test_one_s_own_settings_of_a_room_are_put_and_listed(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    await post(web, pottery, room, pottery.ana.token)
    url, token = f"/channels/{pottery.slug}/rooms/{room}/me", pottery.sam.token
    own = {"level": "nothing", "muted": True, "favourite": True, "left": False}
    put = await web.call("PUT", url, own, token=token)
    assert (put.status, put.json) == (200, own)
    shown = (await web.call("GET", f"/channels/{pottery.slug}/rooms", token=token)).json["items"][0]
    assert (shown["me"], shown["unread"]) == (own, 0)
    assert (await web.call("PUT", url, {"level": "loud"}, token=token)).status == 422
    assert (await web.call("PUT", url, {}, token=world.chess.eve.token)).status == 403
