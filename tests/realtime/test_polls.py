"""Polls on the wire: posted with a message, and what many votes tell the room is merged and names nobody."""

import asyncio
from typing import Any
from uuid import uuid4

from tenants.permissions import Role
from tests.realtime.clients import connected
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Reply, Web
from tests.world import School, Somebody, World, add_member, make_person

POLL: dict[str, Any] = {"options": ["Tuesday", "Wednesday"], "anonymous": True}


async def vote(web: Web, school: School, who: Somebody, message: str, *options: int) -> Reply:
    path = f"/channels/{school.slug}/messages/{message}/vote"
    return await web.call("PUT", path, {"options": options}, token=who.token)


async def test_a_poll_is_posted_and_the_room_hears_counts_and_the_voter_their_choice(
    web: Web, second: Web, world: World
) -> None:
    pottery, chess = world.pottery, world.chess
    room = await make_room(web, pottery)
    async with (
        connected(web, pottery, pottery.sam) as sam,
        connected(second, pottery, pottery.zoe) as zoe,
        connected(web, chess, chess.eve) as eve,
    ):
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        assert await sam.code("message.post", room=room, client_id=str(uuid4()), body="?", poll={"options": []})
        message = (await sam.post(room, "Which day?", poll=POLL))["id"]
        for client in (sam, zoe):
            (posted,) = await client.hears("message.posted")
            assert (posted["poll"]["voters"], "mine" in posted["poll"]) == (0, False)
        await vote(web, pottery, pottery.zoe, message, 1)
        changed = {"room": room, "message": message, "v": 1, "counts": [0, 1], "voters": 1, "closed": False}
        for client in (sam, zoe):
            assert await client.hears("poll.changed", within=2) == [changed]
        assert await zoe.hears("poll.voted") == [{"room": room, "message": message, "mine": [1]}]
        await web.call("POST", f"/channels/{pottery.slug}/messages/{message}/poll/close", token=pottery.sam.token)
        assert (await zoe.hears("poll.changed", 2))[1] == changed | {"v": 2, "closed": True}
        assert sam.of("poll.voted") == []
        assert [eve.of(event) for event in ("poll.changed", "poll.voted", "message.posted")] == [[], [], []]
        synced = await zoe.ok("room.sync", room=room, after_seq=0)
        assert synced["messages"][0]["poll"]["mine"] == [1]


async def test_a_crowd_that_votes_is_a_few_frames_and_the_last_one_is_true(web: Web, second: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    people = [await add_member(web.house.tenancy, pottery, await make_person(web.house.tenancy, f"p{n}"), Role.STUDENT)
              for n in range(40)]  # fmt: skip
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=room)
        message = (await sam.post(room, "Which day?", poll=POLL))["id"]
        began = asyncio.get_running_loop().time()
        votes = (vote((web, second)[n % 2], pottery, who, message, n % 2) for n, who in enumerate(people))
        replies = await asyncio.gather(*votes)
        assert {reply.status for reply in replies} == {200}

        async def all_told() -> bool:
            return max((each["v"] for each in sam.of("poll.changed")), default=0) == len(people)

        await until(all_told, 2)
        told = max(sam.of("poll.changed"), key=lambda each: int(each["v"]))
        took = asyncio.get_running_loop().time() - began
        assert (told["counts"], told["voters"]) == ([20, 20], 40)
        assert len(sam.of("poll.changed")) <= 2 * (took * 4 + 2), "each of two processes tells four times a second"
