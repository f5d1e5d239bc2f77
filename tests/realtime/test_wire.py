"""The wire as the contract has it: people in one room, acknowledged after the commit, caught up after an absence."""

from typing import Any
from uuid import uuid4

import pytest

from server.sockets import WIRE
from tests.realtime.clients import connected, refusal
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Web
from tests.world import World


async def test_what_one_posts_the_other_hears_as_http_shows_it(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            joined = await client.ok("room.join", room=room)
            assert (joined["room"], joined["head_seq"]) == (room, 0)
        posted = await sam.post(room, "**Hi**")
        assert posted["seq"] == 1
        (heard,) = await zoe.hears("message.posted")
        assert await sam.hears("message.posted") == [heard]
        page = await web.call("GET", f"/channels/{pottery.slug}/rooms/{room}/messages", token=pottery.zoe.token)
        assert page.json["items"] == [heard]


async def test_a_message_over_http_is_heard_too_and_once(web: Web, world: World) -> None:
    pottery, client_id = world.pottery, str(uuid4())
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.zoe) as zoe:
        await zoe.ok("room.join", room=room)
        given = {"client_id": client_id, "body": "over HTTP"}
        url = f"/channels/{pottery.slug}/rooms/{room}/messages"
        posted = await web.call("POST", url, given, token=pottery.zoe.token)
        again = await zoe.ok("message.post", room=room, client_id=client_id, body="over the wire")
        assert again == posted.json
        await zoe.post(room, "next")
        assert [message["body"] for message in await zoe.hears("message.posted", 2)] == ["over HTTP", "next"]


async def test_changes_deletions_and_reactions_are_heard(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        await zoe.ok("room.join", room=room)
        message = (await sam.post(room))["id"]
        assert await sam.ok("message.edit", id=message, body="Better") == {}
        (better,) = await zoe.hears("message.edited")
        assert better["body"] == "Better"
        late = (await sam.ask("message.edit", id=message, body="Late", edited_at=None))["error"]
        assert (late["code"], late["present"]) == ("edited_meanwhile", better)
        assert await sam.ok("message.edit", id=message, body="Best", edited_at=better["edited_at"]) == {}
        assert await zoe.ok("reaction.set", message=message, emoji="👍", on=True) == {}
        changed = (await zoe.hears("reaction.changed"))[0]
        assert changed == {"room": room, "message": message, "emoji": "👍", "count": 1}
        assert await zoe.code("message.delete", id=message) == "forbidden"
        assert await sam.ok("message.delete", id=message) == {}
        assert (await zoe.hears("message.deleted"))[0] == {"room": room, "id": message, "seq": 1}


async def test_who_was_away_syncs_what_was_missed(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        for n in range(3):
            await sam.post(room, f"message {n}")
        async with connected(web, pottery, pottery.zoe) as zoe:
            assert (await zoe.ok("room.join", room=room))["head_seq"] == 3
            synced = await zoe.ok("room.sync", room=room, after_seq=1)
            assert [message["seq"] for message in synced["messages"]] == [2, 3]
            assert (synced["head_seq"], "reset" in synced) == (3, False)


async def test_presence_and_typing_reach_the_room(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        assert (await sam.ok("room.join", room=room))["online"] == 1
        async with connected(web, pottery, pottery.zoe) as zoe:
            assert (await zoe.ok("room.join", room=room))["online"] == 2
            mark = {"id": str(pottery.zoe.member_id), "name": "Zoe"}

            async def zoe_came() -> bool:
                return any(mark in change.get("joined", []) for change in sam.of("presence.changed"))

            await until(zoe_came)
            await zoe.ok("typing", room=room)
            assert (await sam.hears("typing"))[0] == {"room": room, "names": ["Zoe"], "more": 0}
            await sam.ok("presence.watch", room=room)
            await zoe.ok("room.leave", room=room)

            async def zoe_left() -> bool:
                return any(change.get("left") == [mark["id"]] for change in sam.of("presence.changed"))

            await until(zoe_left)
            versions = [change["v"] for change in sam.of("presence.changed")]
            assert versions == sorted(versions)


async def test_reading_is_told_to_ones_own_devices_only(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        await sam.post(room)
        await zoe.ok("read", room=room, seq=99)
        assert await zoe.hears("read") == [{"room": room, "seq": 1}]
        assert sam.of("read") == []
        async with connected(web, pottery, pottery.mia) as mia:
            assert (await mia.hears("unread"))[0] == {room: {"unread": 1, "mentions": 0}}


@pytest.mark.parametrize("person", ["ben", "sam"])
async def test_an_announcement_is_made_by_teachers_and_heard_by_all(web: Web, world: World, person: str) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "announcement")
    async with connected(web, pottery, pottery.people[person]) as client:
        answer = await client.ask("message.post", room=room, client_id=str(uuid4()), body="Hear!")
        assert ("ok" in answer) is (person == "ben")


async def test_another_channels_room_is_not_found(web: Web, world: World) -> None:
    room = await make_room(web, world.pottery, "open")
    async with connected(web, world.chess, world.chess.otto) as otto:
        given = {"room": room}
        posting = given | {"client_id": str(uuid4()), "body": "x"}
        assert await otto.code("room.join", **given) == "no_such_room"
        assert await otto.code("room.sync", **given, after_seq=0) == "no_such_room"
        assert await otto.code("message.post", **posting) == "no_such_room"
        assert await otto.code("read", **given, seq=1) == "no_such_room"
        assert await otto.code("typing", **given) == "not_joined"
        assert await otto.code("presence.watch", **given) == "not_joined"


async def test_strangers_and_visitors_are_turned_away_with_a_reason(web: Web, world: World) -> None:
    pottery = world.pottery
    for code, token, more in (
        ("not_a_member", world.nobody.token, {}),
        ("session_ended", "x" * 30, {}),
        ("no_such_channel", pottery.sam.token, {"channel": "nowhere-at-all"}),
        ("invalid", pottery.sam.token, {"more": 1}),
        ("invalid", pottery.sam.token, {"channel": ["a"]}),
        ("sign_in_needed", None, {}),
    ):
        told = await refusal(web, {"channel": pottery.slug, "token": token} | more)
        assert (told["data"]["code"], bool(told["message"])) == (code, True)


async def test_a_foreign_page_is_refused_and_our_own_may_use_the_cookie(web: Web, world: World) -> None:
    pottery = world.pottery
    cookie = f"guildhall={pottery.sam.token}"
    auth = {"channel": pottery.slug}
    foreign = {"Origin": "https://elsewhere.example", "Cookie": cookie}
    assert (await refusal(web, auth, headers=foreign))["data"]["code"] == "foreign_origin"
    assert (await refusal(web, auth, headers={"Cookie": cookie}))["data"]["code"] == "sign_in_needed"
    async with connected(
        web, pottery, pottery.sam, auth={"token": None}, headers={"Origin": web.url, "Cookie": cookie}
    ):
        pass


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Referer": "{url}/c/pottery/community/wheel"}, True),
        ({"Referer": "{url}.elsewhere.example/"}, False),
        ({"Referer": "https://elsewhere.example/{url}/"}, False),
        ({"Sec-Fetch-Site": "none", "Referer": "{url}/"}, False),
    ],
)
async def test_a_page_that_polls_its_own_host_sends_no_origin_and_may_use_the_cookie(
    web: Web, world: World, said: dict[str, str], ours: bool
) -> None:
    pottery = world.pottery
    headers = {"Cookie": f"guildhall={pottery.sam.token}"} | {
        name: value.format(url=web.url) for name, value in said.items()
    }
    given: dict[str, Any] = {"auth": {"channel": pottery.slug, "token": None}, "headers": headers}
    if ours:
        async with connected(web, pottery, pottery.sam, transports=["polling"], **given):
            return
    refused = await refusal(web, {"channel": pottery.slug}, headers=headers)
    assert refused["data"]["code"] == "sign_in_needed"


async def test_heads_of_joined_rooms_tell_of_a_lost_last_message(web: Web, world: World) -> None:
    pottery = world.pottery
    joined, other = await make_room(web, pottery), await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=joined)
        for room in (joined, joined, other):
            await sam.post(room)
        await web.app[WIRE].watch.tell_heads()
        assert await sam.hears("heads") == [{joined: 2}]


async def test_who_reloads_was_never_away(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=room)
        for _ in range(2):
            async with connected(web, pottery, pottery.zoe) as zoe:
                assert (await zoe.ok("room.join", room=room))["online"] == 2
                await sam.ok("presence.watch", room=room)
        assert [change for change in sam.of("presence.changed") if "left" in change] == []
        assert (await sam.ok("room.join", room=room))["online"] == 2
