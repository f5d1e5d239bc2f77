"""Hearing a room without being shown in it, as pages do that list some of its messages among others."""

from uuid import uuid4

from server.sockets import WIRE
from tests.realtime.clients import connected
from tests.realtime.test_presence import names, settled
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Web
from tests.world import World


async def test_who_hears_a_room_unseen_is_not_shown_in_it_until_they_enter(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.ana) as ana, connected(web, pottery, pottery.sam) as sam:
        await ana.ok("room.join", room=room)
        assert (await sam.ok("room.join", room=room, unseen=True))["online"] == 0
        await sam.ok("typing", room=room)
        posted = await ana.ok("message.post", room=room, client_id=str(uuid4()), body="hello")
        await ana.ok("message.delete", id=posted["id"])

        async def told() -> bool:
            return [each["id"] for each in sam.of("message.deleted")] == [posted["id"]]

        await until(told)
        await settled(web.app[WIRE])
        assert await names(ana, room) == {"Ana"}
        assert ana.of("typing") == []
        await sam.ok("room.join", room=room)
        await settled(web.app[WIRE])
        assert await names(ana, room) == {"Ana", "Sam"}
