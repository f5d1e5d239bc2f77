"""What moderators do reaches open sockets: of the room, of the person, of other moderators, and of nobody else."""

from datetime import UTC, datetime, timedelta

from tests.realtime.clients import connected
from tests.server.test_community_api import make_room, post
from tests.server.test_moderation_api import act, ask
from tests.webapp import Web
from tests.world import World


async def test_an_act_and_its_undoing_reach_the_room_and_the_person(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    message = (await post(web, pottery, room, pottery.sam.token, "Buy my clay")).json["id"]
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        done = (await act(web, pottery, pottery.mia, kind="hide", message=message)).json["id"]
        assert await zoe.hears("message.hidden") == [{"room": room, "id": message, "seq": 1}]
        (notice,) = await sam.hears("notice")
        assert (notice["kind"], notice["act"], notice["times"]) == ("decision", "hide", 1)
        await ask(web, pottery, pottery.mia, "PUT", f"/moderation/acts/{done}/undone")
        (restored,) = await zoe.hears("message.restored")
        assert (restored["id"], restored["body"], restored["hidden"]) == (message, "Buy my clay", False)
        await act(web, pottery, pottery.mia, kind="slow", room=room, seconds=20)
        assert await zoe.hears("room.slowed") == [{"room": room, "seconds": 20}]
        assert zoe.of("notice") == []


async def test_who_is_muted_hears_it_and_is_refused_on_the_wire(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        member = str(pottery.sam.member_id)
        done = (await act(web, pottery, pottery.mia, kind="mute", member=member, until=until)).json["id"]
        (muted,) = await sam.hears("muted")
        assert "It advertises" in muted["said"]
        given = {"room": room, "client_id": member, "body": "Hello"}
        assert await sam.code("message.post", **given) == "muted"
        await zoe.post(room, "I may")
        await sam.hears("message.posted")
        await ask(web, pottery, pottery.mia, "PUT", f"/moderation/acts/{done}/undone")
        assert (await sam.hears("muted", 2))[1]["said"] == ""
        await sam.ok("message.post", **given)
        assert zoe.of("muted") == []


async def test_moderators_hear_of_cases_and_claims_and_nobody_else_does(web: Web, world: World) -> None:
    pottery, chess = world.pottery, world.chess
    room = await make_room(web, pottery)
    message = (await post(web, pottery, room, pottery.sam.token, "Buy my clay")).json["id"]
    async with (
        connected(web, pottery, pottery.mia) as mia,
        connected(web, pottery, pottery.zoe) as zoe,
        connected(web, chess, chess.otto) as otto,
    ):
        await ask(web, pottery, pottery.zoe, "POST", f"/messages/{message}/flags", {"reason": "spam"})
        (opened,) = await mia.hears("moderation.changed")
        assert (opened["open"], opened["claimed_by"]) == (1, "")
        path = f"/moderation/cases/{opened['case']}/claim"
        await ask(web, pottery, pottery.ana, "PUT", path)
        assert (await mia.hears("moderation.changed", 2))[1]["claimed_by"] == "Ana"
        await act(web, pottery, pottery.ana, kind="keep", case=opened["case"])
        assert (await mia.hears("moderation.changed", 3))[2]["open"] == 0
        assert [client.of("moderation.changed") for client in (zoe, otto)] == [[], []]
