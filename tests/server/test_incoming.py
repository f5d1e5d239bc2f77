"""Incoming webhooks: what a program posts stands in the room under its name, once, and for nobody but who may read."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from providers.standard_webhooks import make_secret
from server.limits import LIMITER
from tests.realtime.clients import connected
from tests.server.incoming import Kiln, make, read, refusals
from tests.server.test_community_api import make_room
from tests.server.test_moderation_api import ask
from tests.tenants.filtering import owner_runs
from tests.webapp import Web
from tests.world import School, World


async def test_what_a_program_posts_appears_live_under_its_name(web: Web, school: School) -> None:
    kiln = await make(web, school)
    async with connected(web, school, school.zoe) as zoe:
        await zoe.ok("room.join", room=kiln.room)
        posted = await kiln.post(web)
        assert (posted.status, posted.json["seq"]) == (201, 1)
        (heard,) = await zoe.hears("message.posted")
    assert heard["author"] == {"id": kiln.id, "name": "Kiln", "avatar": None, "program": True}
    assert heard["html"] == '<p dir="auto">The kiln is at <em>1240 °C</em></p>'
    (message,) = await read(web, school, kiln)
    assert (message["id"], message["author"]) == (posted.json["id"], heard["author"])
    shown = (await ask(web, school, school.ana, "GET", f"/incoming-webhooks/{kiln.id}")).json
    assert (shown["posts"], shown["last_posted_at"] is not None, "secret" in shown) == (1, True, False)


async def test_it_counts_once_in_turn_at_once_and_after_redis_was_emptied(
    web: Web, school: School, valkey: EmbeddedValkey
) -> None:
    kiln = await make(web, school)
    first = await kiln.post(web, "Hot", delivery="msg-1")
    async with Redis.from_url(valkey.redis_url) as redis:
        await redis.flushall()
    again = [await kiln.post(web, "Another word", delivery="msg-1") for _ in range(2)]
    assert {(each.status, each.json["id"]) for each in again} == {(200, first.json["id"])}
    together = await asyncio.gather(*(kiln.post(web, "Cold", delivery="msg-2") for _ in range(8)))
    assert sorted(each.status for each in together) == [200] * 7 + [201]
    assert len({each.json["id"] for each in together}) == 1
    other = await make_room(web, school)
    moved = {"room": other}
    assert (await ask(web, school, school.ana, "PATCH", f"/incoming-webhooks/{kiln.id}", moved)).status == 200
    assert (await kiln.post(web, delivery="msg-2")).status == 200
    assert [each["body"] for each in await read(web, school, kiln)] == ["Hot", "Cold"]
    shown = (await ask(web, school, school.ana, "GET", f"/incoming-webhooks/{kiln.id}")).json
    assert shown["posts"] == 2


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"secret": make_secret()}, 401, "bad_signature"),
        ({"at": timedelta(minutes=-6)}, 401, "bad_signature"),
        ({"at": timedelta(minutes=6)}, 401, "bad_signature"),
        ({"headers": {"webhook-id": "another"}}, 401, "bad_signature"),
        ({"headers": {"webhook-signature": ""}}, 401, "bad_signature"),
        ({"headers": {"webhook-timestamp": "soon"}}, 401, "bad_signature"),
        ({"raw": b"{"}, 400, "malformed_json"),
        ({"raw": b"[]"}, 422, "invalid"),
        ({"raw": b'{"text": 5}'}, 422, "invalid"),
        ({"raw": b'{"text": "  "}'}, 422, "too_short"),
        ({"raw": b'{"text": "a\\u0000b"}'}, 422, "invalid"),
        ({"raw": b'{"text": "\\ud800"}'}, 422, "surrogate"),
        ({"raw": b'{"text": "Hi", "room": "x"}'}, 422, "invalid"),
        ({"raw": b'{"text": "' + b"a" * 10_241 + b'"}'}, 413, "text_too_large"),
        ({"raw": b'{"text": "' + b"a" * 70_000 + b'"}'}, 413, "too_large"),
        ({"headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
        ({"headers": {"Content-Encoding": "gzip"}}, 415, "unsupported_encoding"),
    ],
)
async def test_what_is_wrong_is_refused_and_logged(
    web: Web, school: School, more: dict[str, Any], status: int, code: str
) -> None:
    kiln = await make(web, school)
    if "at" in more:
        more = more | {"at": datetime.now(UTC) + more["at"]}
    answer = await kiln.post(web, delivery="msg-7", **more)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert await read(web, school, kiln) == []
    assert await refusals(web, school, kiln) == [(status, code)]


async def test_an_address_that_is_none_is_not_found(web: Web, school: School) -> None:
    kiln = await make(web, school)
    for path in (f"/webhooks/rooms/{uuid4()}", f"/webhooks/rooms/{kiln.id}", "/webhooks/rooms/x"):
        answer = await Kiln(kiln.id, path, kiln.secret, kiln.room).post(web)
        assert (answer.status, answer.json["code"]) == (404, "no_such_webhook")
    async with web.session.get(web.url + kiln.path) as answer_to_get:
        assert answer_to_get.status == 405


async def test_a_channel_that_is_suspended_or_closed_takes_nothing(web: Web, database: str, school: School) -> None:
    kiln = await make(web, school)
    for state, told in (("suspended", (403, "suspended")), ("closed", (404, "no_such_webhook"))):
        await owner_runs(database, "channels", "update channels set state = $2 where id = $1", school.id, state)
        answer = await kiln.post(web)
        assert (answer.status, answer.json["code"]) == told


async def test_one_channels_secret_opens_nothing_of_another(web: Web, world: World, school: School) -> None:
    here, there = await make(web, school), await make(web, world.chess, await _room_of(web, world.chess))
    crossed = await Kiln(there.id, there.path, here.secret, there.room).post(web)
    assert crossed.status == 401
    moved = {"room": there.room}
    assert (await ask(web, school, school.ana, "PATCH", f"/incoming-webhooks/{here.id}", moved)).status == 404
    made = {"name": "Spy", "room": there.room}
    assert (await ask(web, school, school.ana, "POST", "/incoming-webhooks", made)).status == 404
    for method, end in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/secret"), ("GET", "/refusals"),
                        ("PUT", "/silenced")):  # fmt: skip
        path = f"/incoming-webhooks/{there.id}{end}"
        assert (await ask(web, school, school.ana, method, path, {} if method == "PATCH" else None)).status == 404
    assert (await there.post(web)).status == 201
    assert len(await read(web, world.chess, there, world.chess.eve)) == 1


async def _room_of(web: Web, school: School) -> str:
    made = await ask(web, school, school.otto, "POST", "/rooms", {"name": "Openings", "kind": "members"})
    return str(made.json["id"])


async def test_a_new_secret_ends_the_one_before(web: Web, school: School) -> None:
    kiln = await make(web, school)
    turned = await ask(web, school, school.ana, "POST", f"/incoming-webhooks/{kiln.id}/secret")
    assert (await kiln.post(web)).status == 401
    assert (await kiln.post(web, secret=turned.json["secret"])).status == 201


async def test_off_deleted_archived_and_orphaned_say_what_to_do(web: Web, school: School) -> None:
    kiln = await make(web, school, await make_room(web, school, "private"))
    path, room = f"/incoming-webhooks/{kiln.id}", f"/rooms/{kiln.room}"
    assert (await kiln.post(web)).status == 201
    await ask(web, school, school.ana, "PATCH", path, {"enabled": False})
    off = await kiln.post(web)
    assert (off.status, off.json["code"], "Switch it on" in off.json["detail"]) == (410, "webhook_off", True)
    await ask(web, school, school.ana, "PATCH", path, {"enabled": True})
    assert (await ask(web, school, school.ana, "PUT", f"{room}/archive")).status in {200, 204}
    archived = await kiln.post(web)
    assert (archived.status, archived.json["code"]) == (409, "archived")
    assert (
        await ask(web, school, school.ana, "POST", "/incoming-webhooks", {"name": "K", "room": kiln.room})
    ).status == 409
    assert (await ask(web, school, school.ana, "DELETE", f"{room}/archive")).status in {200, 204}
    assert (await kiln.post(web)).status == 201
    assert await refusals(web, school, kiln) == [(409, "archived"), (410, "webhook_off")]
    assert [(await ask(web, school, school.ana, "DELETE", path)).status for _ in range(2)] == [204, 404]
    assert (await kiln.post(web)).status == 404
    told = await read(web, school, kiln, school.ana)
    assert [each["author"]["name"] for each in told] == ["Kiln", "Kiln"]


async def test_it_ends_with_its_maker(web: Web, school: School) -> None:
    role = f"/members/{school.ben.member_id}"
    await ask(web, school, school.ana, "PATCH", role, {"role": "admin"})
    kiln = await make(web, school, who=school.ben)
    assert (await kiln.post(web)).status == 201
    await ask(web, school, school.ana, "PATCH", role, {"role": "teacher"})
    answer = await kiln.post(web)
    assert (answer.status, answer.json["code"]) == (410, "webhook_orphaned")
    await ask(web, school, school.ana, "PATCH", role, {"role": "admin"})
    assert (await kiln.post(web)).status == 201
    banned = await ask(web, school, school.ana, "PUT", f"{role}/ban", {"reason": "Left the trade"})
    assert banned.status in {200, 204}
    assert (await kiln.post(web)).status == 410
    (shown,) = (await ask(web, school, school.ana, "GET", "/incoming-webhooks")).json["items"]
    assert (shown["kept"], shown["made_by"]) == (False, "Ben")


async def test_each_has_a_rate_of_its_own_which_no_stranger_spends(
    web: Web, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiln, other = await make(web, school), await make(web, school, name="Wheel")
    monkeypatch.setattr(web.app[LIMITER], "mode", "standard")
    assert {(await kiln.post(web, secret=other.secret)).status for _ in range(65)} == {401}
    statuses = [(await kiln.post(web, f"Line {n}")).status for n in range(61)]
    assert statuses == [201] * 60 + [429]
    limited = await kiln.post(web)
    assert int(limited.headers["Retry-After"]) > 0
    assert (await other.post(web)).status == 201
    assert len(await refusals(web, school, kiln)) == 20


async def test_it_calls_nobody(web: Web, school: School) -> None:
    kiln = await make(web, school)
    await kiln.post(web, f"@room @teachers <@{school.zoe.member_id}> look")
    (message,) = await read(web, school, kiln)
    assert "mention" not in message["html"]
    assert "@room @teachers @Zoe look" in message["html"]
    listed = await ask(web, school, school.zoe, "GET", "/rooms")
    assert [room["mentions"] for room in listed.json["items"] if room["id"] == kiln.room] == [0]


async def test_only_those_who_keep_the_channel_reach_them_and_keys_by_their_scope(
    web: Web, world: World, school: School
) -> None:
    kiln = await make(web, school)
    path, given = f"/incoming-webhooks/{kiln.id}", {"name": "Kiln", "room": kiln.room}
    calls = [
        ("GET", "/incoming-webhooks", None), ("POST", "/incoming-webhooks", given), ("GET", path, None),
        ("PATCH", path, {}), ("DELETE", path, None), ("POST", f"{path}/secret", None),
        ("GET", f"{path}/refusals", None),
    ]  # fmt: skip
    for method, where, body in calls:
        for who in (school.mia, school.ben, school.zoe, world.chess.otto):
            assert (await ask(web, school, who, method, where, body)).status == 403, (method, where)
    for scope, may in (("read:webhooks", False), ("write:webhooks", True), ("write:community", None)):
        asked = {"name": "Robot", "scopes": [scope]}
        key = (await ask(web, school, school.ana, "POST", "/keys", asked)).json["key"]
        base = f"/channels/{school.slug}/incoming-webhooks"
        assert (await web.call("GET", base, token=key)).status == (403 if may is None else 200)
        assert (await web.call("POST", base, given, token=key)).status == (201 if may else 403)


@pytest.mark.parametrize("wrong", [{"name": " "}, {"room": str(uuid4())}, {"room": "x"}, {"secret": "mine"}])
async def test_a_wrong_one_is_told_what_is_wrong(web: Web, school: School, wrong: dict[str, Any]) -> None:
    given = {"name": "Kiln", "room": await make_room(web, school)} | wrong
    answer = await ask(web, school, school.ana, "POST", "/incoming-webhooks", given)
    assert answer.status == (404 if len(str(wrong.get("room", ""))) == 36 else 422)


async def test_a_conversation_has_none_and_a_channel_twenty(web: Web, school: School) -> None:
    talk = await ask(web, school, school.ana, "POST", "/direct", {"members": [str(school.zoe.member_id)]})
    refused = await ask(web, school, school.ana, "POST", "/incoming-webhooks", {"name": "K", "room": talk.json["id"]})
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "direct")
    room = await make_room(web, school)
    for _ in range(20):
        await make(web, school, room)
    more = await ask(web, school, school.ana, "POST", "/incoming-webhooks", {"name": "K", "room": room})
    assert (more.status, more.json["code"]) == (409, "too_many_webhooks")
