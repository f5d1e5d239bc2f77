"""Direct rooms over the wire: those inside hear, a request is looked at unseen, and nobody else joins."""

from typing import Any

from tests.realtime.clients import connected
from tests.server.test_direct_api import opened
from tests.webapp import Web
from tests.world import World


async def test_a_new_conversation_and_what_is_new_in_it_reach_own_devices(web: Web, world: World) -> None:
    pottery = world.pottery
    room = (await opened(web, pottery, pottery.sam, pottery.zoe)).json
    async with (
        connected(web, pottery, pottery.sam) as sam,
        connected(web, pottery, pottery.sam) as phone,
        connected(web, pottery, pottery.zoe) as zoe,
        connected(web, pottery, pottery.ana) as ana,
    ):
        await sam.post(room["id"])
        told: dict[str, Any] = {
            "room": room["id"], "url": f"/c/{pottery.slug}/community/{room['slug']}", "name": "Sam",
            "by": str(pottery.sam.member_id), "request": True,
        }  # fmt: skip
        assert await zoe.hears("direct.started") == [told]
        assert await phone.hears("direct.started") == [told | {"name": "Zoe", "request": False}]
        assert (await zoe.hears("notice"))[0]["kind"] == "direct"
        accepted = f"/channels/{pottery.slug}/direct/{room['id']}/accepted"
        assert (await web.call("PUT", accepted, token=pottery.zoe.token)).status == 204
        assert await sam.hears("direct.accepted") == [{"room": room["id"], "name": "Zoe"}]
        await sam.post(room["id"])
        assert (await zoe.hears("unread", 2))[-1] == {room["id"]: {"unread": 2, "mentions": 0}}
        assert (await ana.ask("room.join", room=room["id"]))["error"]["code"] == "no_such_room"
        assert ana.of("direct.started") == []
        async with connected(web, pottery, pottery.zoe) as later:
            assert (await later.hears("unread"))[0] == {room["id"]: {"unread": 2, "mentions": 0}}


async def test_who_has_not_accepted_is_neither_seen_nor_heard_typing(web: Web, world: World) -> None:
    pottery = world.pottery
    room = (await opened(web, pottery, pottery.sam, pottery.zoe)).json["id"]
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        await sam.ok("room.join", room=room)
        await sam.post(room)
        assert (await zoe.ok("room.join", room=room))["online"] == 0
        await zoe.ok("typing", room=room)
        assert (await zoe.ask("message.post", room=room, client_id=room, body="Hi"))["error"]["code"] == "unanswered"
        await sam.post(room)
        assert [each["seq"] for each in await zoe.hears("message.posted")] == [2]
        # When Sam's own coming is told, that of Zoe would have been.
        assert (await sam.hears("presence.changed"))[0]["online"] == 1
        assert sam.of("typing") == []
        await web.call("PUT", f"/channels/{pottery.slug}/direct/{room}/accepted", token=pottery.zoe.token)
        assert (await zoe.ok("room.join", room=room))["online"] == 2
        joined = [each["name"] for told in await sam.hears("presence.changed", 2) for each in told["joined"]]
        assert joined == ["Sam", "Zoe"]


async def test_who_leaves_a_group_hears_it_no_more(web: Web, world: World) -> None:
    pottery = world.pottery
    room = (await opened(web, pottery, pottery.ben, pottery.sam, pottery.zoe)).json["id"]
    async with connected(web, pottery, pottery.ben) as ben, connected(web, pottery, pottery.zoe) as zoe:
        await zoe.ok("room.join", room=room)
        await ben.post(room)
        await zoe.hears("message.posted")
        await web.call("DELETE", f"/channels/{pottery.slug}/direct/{room}/me", token=pottery.zoe.token)
        assert (await zoe.ask("room.sync", room=room, after_seq=0))["error"]["code"] == "no_such_room"
        assert (await zoe.ask("room.join", room=room))["error"]["code"] == "no_such_room"
