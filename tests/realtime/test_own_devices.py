"""What is one's own is told to one's own devices, at whatever process they are, and to nobody else."""

from typing import Any

from tests.realtime.clients import connected
from tests.server.test_community_api import make_room
from tests.webapp import Web
from tests.world import World


async def test_a_draft_and_how_far_a_thread_was_read_are_heard_by_own_devices_alone(
    web: Web, second: Web, world: World
) -> None:
    pottery, sam = world.pottery, world.pottery.sam
    room, at = await make_room(web, pottery), f"/channels/{pottery.slug}"

    async def put(path: str, **given: Any) -> Any:
        answer = await web.call("PUT", f"{at}{path}", given, token=sam.token)
        assert answer.status == 200, answer.json
        return answer.json

    async with (
        connected(web, pottery, sam) as desk,
        connected(second, pottery, sam) as phone,
        connected(web, pottery, pottery.zoe) as zoe,
        connected(second, pottery, pottery.ana) as ana,
    ):
        for client in (desk, phone, zoe, ana):
            await client.ok("room.join", room=room)
        root = (await desk.post(room, "Which clay?"))["id"]
        last = (await zoe.post(room, "Stoneware", reply_to=root))["seq"]
        kept = await put(f"/rooms/{room}/draft", body="Thank you", reply_to=root)
        await put(f"/messages/{root}/thread/read", seq=last)
        await put(f"/rooms/{room}/draft", body="", reply_to=root, version=kept["version"])
        place = {"room": room, "reply_to": root}
        for client in (desk, phone):
            begun, ended = await client.hears("draft.changed", 2)
            assert begun == {**place, "body": "Thank you", "version": kept["version"], "files": [], "left": 1}
            assert ended == {**place, "body": "", "version": ended["version"], "files": [], "left": 0}
            assert ended["version"] > begun["version"]
            heard = await client.hears("thread.changed")
            assert heard == [{"room": room, "message": root, "seq": last, "following": True}]
        await desk.post(room, "the end")
        for client in (zoe, ana):
            await client.hears("message.posted", 3)
            assert client.of("draft.changed") == client.of("thread.changed") == []
