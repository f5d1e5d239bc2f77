"""Revoked rights end within two seconds: bans, sign-outs, private rooms, closed channels; tokens that ran out."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from realtime.connections import Connection
from server.sockets import WIRE
from tenants.batches import seats
from tenants.scope import Tenancy
from tests.realtime.clients import Client, connected
from tests.realtime.test_revoking import PROMISED
from tests.server.test_community_api import make_room, post
from tests.tenants.school import enrol, make_batch, make_course
from tests.waiting import until
from tests.webapp import Web
from tests.world import World


async def ends(client: Client) -> str:
    """How the client's connection ends."""

    async def ended() -> bool:
        return bool(client.ended)

    await until(ended)
    return client.ended[0]


async def test_a_ban_disconnects_the_namespace_in_this_channel(web: Web, world: World) -> None:
    pottery = world.pottery
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        url = f"/channels/{pottery.slug}/members/{pottery.sam.member_id}/ban"
        assert (await web.call("PUT", url, {"reason": "spam"}, token=pottery.ana.token)).status < 300
        assert "server disconnect" in await ends(sam)
        assert not zoe.ended


async def test_signing_out_ends_the_sockets_of_that_session(web: Web, world: World) -> None:
    pottery = world.pottery
    async with connected(web, pottery, pottery.sam) as sam:
        assert (await web.call("POST", "/auth/sign-out", token=pottery.sam.token)).status == 204
        assert "server disconnect" in await ends(sam)


async def test_a_token_that_ran_out_closes_the_transport_so_that_the_client_comes_back(
    web: Web, world: World, database: str
) -> None:
    pottery = world.pottery
    async with connected(web, pottery, pottery.sam) as sam:
        connection = await asyncpg.connect(database)
        past = datetime.now(UTC) - timedelta(seconds=1)
        async with connection.transaction():
            await connection.execute("alter table tokens no force row level security")
            await connection.execute(
                "update tokens set expires_at = $1 where person_id = $2", past, pottery.sam.person_id
            )
            await connection.execute("alter table tokens force row level security")
        await connection.close()
        assert "server disconnect" not in await ends(sam)


async def test_who_is_taken_out_of_a_private_room_hears_it_no_more(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "private")
    place = f"/channels/{pottery.slug}/rooms/{room}/members/{pottery.sam.member_id}"
    await web.call("PUT", place, token=pottery.ana.token)
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.ana) as ana:
        for client in (sam, ana):
            await client.ok("room.join", room=room)
        await web.call("DELETE", place, token=pottery.ana.token)

        async def out() -> bool:
            return not any(each.joined for each in of(web, pottery.sam.person_id))

        await until(out)
        await post(web, pottery, room, pottery.ana.token, "between us")
        await ana.hears("message.posted")
        assert sam.of("message.posted") == []
        assert await sam.code("room.sync", room=room, after_seq=0) == "no_such_room"


async def test_who_is_unenrolled_leaves_the_room_of_the_batch_within_two_seconds(
    web: Web, world: World, tenancy: Tenancy
) -> None:
    pottery = world.pottery
    course = await make_course(tenancy, pottery, pottery.ben)
    batch = await make_batch(tenancy, pottery, pottery.ben, course)
    await enrol(tenancy, pottery, pottery.sam, course, batch)
    given = {"name": "Spring", "kind": "batch", "batch": str(batch)}
    made = await web.call("POST", f"/channels/{pottery.slug}/rooms", given, token=pottery.mia.token)
    assert (made.status, made.json["batch"]) == (201, str(batch))
    room = made.json["id"]
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        await sam.ok("room.join", room=room)
        assert await zoe.code("room.join", room=room) == "no_such_room"
        async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
            await seats.leave(scope, course.id, pottery.sam.member_id)
        begun = time.monotonic()

        async def out() -> bool:
            return not any(each.joined for each in of(web, pottery.sam.person_id))

        await until(out)
        assert time.monotonic() - begun < PROMISED
        assert await sam.code("room.sync", room=room, after_seq=0) == "no_such_room"


async def test_each_event_asks_for_rights_afresh(web: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_away(_connections: list[Connection]) -> None:
        pass

    monkeypatch.setattr(web.app[WIRE].watch, "_check", look_away)
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.zoe) as zoe:
        await zoe.ok("room.join", room=room)
        url = f"/channels/{pottery.slug}/members/{pottery.zoe.member_id}/ban"
        await web.call("PUT", url, {"reason": "spam"}, token=pottery.ana.token)
        given = {"room": room, "client_id": str(uuid4()), "body": "still here?"}
        assert await zoe.code("message.post", **given) == "banned"
        assert await zoe.code("room.sync", room=room, after_seq=0) == "banned"
        assert (await post(web, pottery, room, pottery.zoe.token)).json["code"] == "banned"


def of(web: Web, person: object) -> list[Connection]:
    return [each for each in web.app[WIRE].connections if each.person_id == person]
