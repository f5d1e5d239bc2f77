"""Open pages hear that the list of rooms is another one: all of the channel, in whatever process, and nobody else."""

from typing import Any

from tenants.scope import Tenancy
from tests.realtime.clients import connected
from tests.realtime.test_revoking import PROMISED
from tests.server.test_community_api import make_room
from tests.tenants.school import make_batch, make_course
from tests.webapp import Web
from tests.world import World

EVENT = "rooms.changed"


async def test_everybody_of_the_channel_hears_of_each_change_and_nobody_else(
    web: Web, second: Web, world: World
) -> None:
    pottery, chess = world.pottery, world.chess
    async with (
        connected(web, pottery, pottery.sam) as sam,
        connected(second, pottery, pottery.zoe) as zoe,
        connected(second, chess, chess.eve) as eve,
    ):
        url, token = f"/channels/{pottery.slug}", pottery.ana.token
        room = await make_room(web, pottery)
        section = (await web.call("POST", f"{url}/room-sections", {"name": "Talk"}, token=token)).json["id"]
        changes: list[tuple[str, str, Any]] = [
            ("PUT", "room-order", {"sections": [{"id": section, "rooms": [room]}]}),
            ("PATCH", f"room-sections/{section}", {"name": "Talks"}),
            ("PATCH", f"rooms/{room}", {"topic": "Clay"}),
            ("PUT", f"rooms/{room}/archive", None),
            ("DELETE", f"rooms/{room}/archive", None),
            ("DELETE", f"room-sections/{section}", None),
        ]
        for count, (method, path, body) in enumerate(changes, start=3):
            assert (await web.call(method, f"{url}/{path}", body, token=token)).status in {200, 204}
            for client in (sam, zoe):
                assert await client.hears(EVENT, count, PROMISED) == [{}] * count
        assert eve.of(EVENT) == []
        assert not eve.ended


async def test_who_is_let_in_or_taken_out_hears_it_and_nobody_else(web: Web, second: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "private")
    place = f"/channels/{pottery.slug}/rooms/{room}/members/{pottery.sam.member_id}"
    async with connected(second, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        for _ in range(2):
            assert (await web.call("PUT", place, token=pottery.ana.token)).status == 204
        assert await sam.hears(EVENT, 1, PROMISED) == [{}]
        await sam.ok("room.join", room=room)
        assert (await web.call("DELETE", place, token=pottery.ana.token)).status == 204
        await sam.hears(EVENT, 2, PROMISED)
        assert await sam.code("room.join", room=room) == "no_such_room"
        assert zoe.of(EVENT) == []


async def test_who_comes_into_a_batch_or_leaves_it_hears_of_its_rooms_and_nobody_else(
    web: Web, second: Web, tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    course = await make_course(tenancy, pottery, pottery.ben)
    batch = await make_batch(tenancy, pottery, pottery.ben, course)
    url, owner = f"/channels/{pottery.slug}", pottery.ana.token
    given = {"name": "Spring", "kind": "batch", "batch": str(batch)}
    room = (await web.call("POST", f"{url}/rooms", given, token=owner)).json["id"]
    place = f"{url}/courses/{course.id}/students"
    async with connected(second, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        admitted = {"member": str(pottery.sam.member_id), "batch": str(batch)}
        assert (await web.call("POST", place, admitted, token=owner)).status == 201
        assert await sam.hears(EVENT, 1, PROMISED) == [{}]
        await sam.ok("room.join", room=room)
        assert (await web.call("DELETE", f"{place}/{pottery.sam.member_id}", token=owner)).status == 204
        await sam.hears(EVENT, 2, PROMISED)
        assert await sam.code("room.join", room=room) == "no_such_room"
        assert zoe.of(EVENT) == []


async def test_who_loses_the_room_they_are_in_hears_it(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=room)
        url = f"/channels/{pottery.slug}/rooms/{room}"
        assert (await web.call("PATCH", url, {"kind": "private"}, token=pottery.ana.token)).status == 200
        await sam.hears(EVENT, 2, PROMISED)
        assert await sam.code("message.post", room=room, client_id=room, body="x") == "no_such_room"
