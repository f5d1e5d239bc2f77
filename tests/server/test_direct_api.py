"""Direct messages over the API and as pages."""

import re
from uuid import uuid4

from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room, post
from tests.webapp import Reply, Web
from tests.world import School, Somebody, World

# What a script may fill in is not there yet.
TEMPLATE = re.compile(r"<template.*?</template>", re.DOTALL)


async def opened(web: Web, school: School, who: Somebody, *others: Somebody, **more: str) -> Reply:
    given = {"members": [str(each.member_id) for each in others]} | more
    return await web.call("POST", f"/channels/{school.slug}/direct", given, token=who.token)


async def test_a_conversation_is_opened_asked_for_accepted_and_listed(web: Web, world: World) -> None:
    pottery = world.pottery
    sam, zoe, at = pottery.sam, pottery.zoe, f"/channels/{world.pottery.slug}/direct"
    made, again = [await opened(web, pottery, sam, zoe) for _ in range(2)]
    assert (made.status, again.status, again.json["id"]) == (201, 200, made.json["id"])
    assert (made.json["pair"], made.json["name"], made.json["accepted"]) == (True, "Zoe", False)
    room = made.json["id"]
    assert (await post(web, pottery, room, sam.token)).status == 201
    asked = (await web.call("GET", f"{at}?state=asked", token=zoe.token)).json
    assert [(each["id"], each["name"], each["standing"]) for each in asked["items"]] == [(room, "Sam", "asked")]
    assert (await post(web, pottery, room, zoe.token)).json["code"] == "unanswered"
    assert (await web.call("PUT", f"{at}/{room}/accepted", token=zoe.token)).status == 204
    assert (await post(web, pottery, room, zoe.token)).status == 201
    listed = (await web.call("GET", at, token=sam.token)).json["items"]
    assert [(each["unread"], each["accepted"], each["people"][0]["name"]) for each in listed] == [(1, True, "Zoe")]
    assert [
        each["id"] for each in (await web.call("GET", f"/channels/{pottery.slug}/rooms", token=sam.token)).json["items"]
    ] == []
    for stranger in (pottery.ana, pottery.mia, pottery.ben):
        for method, path in (("GET", f"{at}/{room}"), ("PUT", f"{at}/{room}/accepted"), ("DELETE", f"{at}/{room}/me")):
            assert (await web.call(method, path, token=stranger.token)).status == 404
        messages = await web.call("GET", f"/channels/{pottery.slug}/rooms/{room}/messages", token=stranger.token)
        assert messages.status == 404
    assert (await web.call("GET", at)).status == 401
    assert (await web.call("GET", at, token=world.chess.eve.token)).status == 403


async def test_what_cannot_be_opened_is_refused(web: Web, world: World) -> None:
    pottery = world.pottery
    at, token = f"/channels/{pottery.slug}/direct", pottery.sam.token
    me, zoe = str(pottery.sam.member_id), str(pottery.zoe.member_id)
    for given, status in (
        ({"members": []}, 422), ({"members": [me]}, 422), ({"members": [str(uuid4())]}, 404), ({"members": "x"}, 422),
        ({"members": [zoe], "kind": "open"}, 422), ({"members": [str(uuid4()) for _ in range(21)]}, 422),
        ({"members": [str(world.chess.eve.member_id)]}, 404),
        ({"members": [zoe, str(pottery.ben.member_id)], "name": "x" * 61}, 422),
    ):  # fmt: skip
        assert (await web.call("POST", at, given, token=token)).status == status, given
    assert (await web.call("GET", f"{at}?after=bogus", token=token)).status == 422
    assert (await web.call("GET", f"{at}?state=shut", token=token)).status == 422


async def test_a_list_goes_on_after_a_page(web: Web, world: World) -> None:
    pottery = world.pottery
    for other in (pottery.zoe, pottery.ben, pottery.mia):
        room = (await opened(web, pottery, pottery.sam, other)).json["id"]
        await post(web, pottery, room, pottery.sam.token)
    at, seen = f"/channels/{pottery.slug}/direct?limit=2", []
    first = (await web.call("GET", at, token=pottery.sam.token)).json
    rest = (await web.call("GET", f"{at}&after={first['next']}", token=pottery.sam.token)).json
    seen = [each["name"] for each in (*first["items"], *rest["items"])]
    assert (seen, rest["next"]) == (["Mia", "Ben", "Zoe"], None)


async def test_members_are_blocked_and_unblocked_over_the_api(web: Web, world: World) -> None:
    pottery = world.pottery
    room = (await opened(web, pottery, pottery.ben, pottery.sam)).json["id"]
    place = f"/channels/{pottery.slug}/blocks/{pottery.ben.member_id}"
    for _ in range(2):
        assert (await web.call("PUT", place, token=pottery.sam.token)).status == 204
    blocked = (await web.call("GET", f"/channels/{pottery.slug}/blocks", token=pottery.sam.token)).json["items"]
    assert [each["name"] for each in blocked] == ["Ben"]
    refused = await post(web, pottery, room, pottery.ben.token)
    assert (refused.status, refused.json["code"]) == (403, "unreachable")
    assert (await web.call("GET", f"/channels/{pottery.slug}/blocks", token=pottery.ben.token)).json["items"] == []
    for _ in range(2):
        assert (await web.call("DELETE", place, token=pottery.sam.token)).status == 204
    nobody = await web.call("DELETE", f"/channels/{pottery.slug}/blocks/{room}", token=pottery.sam.token)
    assert (nobody.status, nobody.json["code"]) == (404, "no_such_member")
    assert (await post(web, pottery, room, pottery.ben.token)).status == 201


async def test_a_group_is_named_and_left_over_the_api(web: Web, world: World) -> None:
    pottery = world.pottery
    made = await opened(web, pottery, pottery.ben, pottery.sam, pottery.zoe, name="Kiln watch")
    assert (made.json["name"], made.json["pair"]) == ("Kiln watch", False)
    at = f"/channels/{pottery.slug}/direct/{made.json['id']}"
    named = await web.call("PATCH", at, {"name": ""}, token=pottery.sam.token)
    assert named.json["name"] == "Ben, Zoe"
    assert (await web.call("DELETE", f"{at}/me", token=pottery.sam.token)).status == 204
    assert (await web.call("GET", at, token=pottery.sam.token)).status == 404
    pair = (await opened(web, pottery, pottery.ben, pottery.sam)).json["id"]
    assert (
        await web.call("DELETE", f"/channels/{pottery.slug}/direct/{pair}/me", token=pottery.ben.token)
    ).status == 409


async def test_the_pages_do_all_of_it_without_scripts(web: Web, world: World) -> None:
    pottery = world.pottery
    sam, zoe = await signed_in(web, pottery.sam), await signed_in(web, pottery.zoe)
    at = f"/c/{pottery.slug}/direct"
    found = (await sam.get(f"{at}?q=zo")).body.decode()
    assert f'name="m-{pottery.zoe.member_id}"' in found
    begun = await sam.post(at, **{f"m-{pottery.zoe.member_id}": "1"})
    room = begun.headers["Location"]
    assert (begun.status, room.startswith(f"/c/{pottery.slug}/community/direct-")) == (303, True)
    assert "3 messages may wait here" in (await sam.get(room)).body.decode()
    await sam.post(room, body="Hello Zoe", client_id=str(uuid4()))
    waiting = (await zoe.get(at)).body.decode()
    assert "Requests" in waiting
    asked = (await zoe.get(room)).body.decode()
    assert "Hello Zoe" in asked
    assert 'class="composer"' not in TEMPLATE.sub("", asked)
    accept = asked.split('action="')[1:]
    url = next(each.split('"')[0] for each in accept if "/accept" in each.split('"')[0])
    assert (await zoe.post(url)).headers["Location"] == room
    there = (await zoe.get(room)).body.decode()
    assert 'class="composer"' in there
    assert 'name="left"' not in there
    side = (await sam.get(room)).body.decode()
    assert "In this conversation" in side
    blocked = await zoe.post(f"{at}/block", member=str(pottery.sam.member_id))
    assert blocked.headers["Location"] == f"{at}?said=blocked"
    assert "Unblock" in (await zoe.get(at)).body.decode()
    assert "Unblock" in (await zoe.get(room)).body.decode()
    refused = await sam.post(room, body="Hello?", client_id=str(uuid4()))
    assert (refused.status, "Nobody here can receive" in refused.body.decode()) == (403, True)
    assert (await (await signed_in(web, pottery.ana)).get(room)).status == 404
    assert (await sam.post(url.replace("/accept", "/nothing"))).status == 404
    assert (await sam.post(at, **{"m-x": "1"})).status == 422


async def test_words_of_the_blocked_are_folded_in_a_room_for_the_one_who_blocked(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    await post(web, pottery, room, pottery.sam.token, "Look at me")
    await web.call("PUT", f"/channels/{pottery.slug}/blocks/{pottery.sam.member_id}", token=pottery.zoe.token)
    for who, folded in ((pottery.zoe, True), (pottery.ben, False)):
        page = (await (await signed_in(web, who)).get(f"/c/{pottery.slug}/community/wheel-talk")).body.decode()
        stream = page.split('id="messages"')[1].split("</ol>")[0]
        assert "Look at me" in stream
        assert ("<details" in stream) is folded
        assert (f'data-folds="{pottery.sam.member_id}"' in page) is folded


async def test_a_case_of_a_conversation_is_in_the_moderators_queue_over_the_api(web: Web, world: World) -> None:
    pottery = world.pottery
    room = (await opened(web, pottery, pottery.ben, pottery.sam)).json["id"]
    said = (await post(web, pottery, room, pottery.ben.token, "You are hopeless")).json["id"]
    flagged = await web.call(
        "POST", f"/channels/{pottery.slug}/messages/{said}/flags", {"reason": "abuse"}, token=pottery.sam.token
    )
    assert flagged.status == 201
    (case,) = (await web.call("GET", f"/channels/{pottery.slug}/moderation/queue", token=pottery.ana.token)).json[
        "items"
    ]
    assert [one["body"] for one in case["around"]] == ["You are hopeless"]
    desk = (await (await signed_in(web, pottery.ana)).get(f"/c/{pottery.slug}/studio/moderation")).body.decode()
    assert "In a conversation: you see what surrounds the message, and no more." in desk
    done = await web.call(
        "POST", f"/channels/{pottery.slug}/moderation/acts",
        {"kind": "delete", "reason": "abuse", "case": case["id"]}, token=pottery.ana.token,
    )  # fmt: skip
    assert done.status == 201
    page = (await web.call("GET", f"/channels/{pottery.slug}/rooms/{room}/messages", token=pottery.sam.token)).json
    assert [one["deleted"] for one in page["items"]] == [True]


async def test_who_was_ticked_stays_while_others_are_looked_for(web: Web, world: World) -> None:
    pottery, browser = world.pottery, await signed_in(web, world.pottery.sam)
    url, zoe, ben = f"/c/{pottery.slug}/direct", f"m-{pottery.zoe.member_id}", f"m-{pottery.ben.member_id}"
    page = (await browser.get(f"{url}?{zoe}=1&name=Kiln+crew&q=be&m-1=1&m-{uuid4()}=1")).body.decode()
    for words in (f'name="{zoe}" value="1" checked', f'name="{ben}" value="1" checked', 'value="Kiln crew"'):
        assert words in page
    alone = (await browser.get(f"{url}?{zoe}=1&q=nobody")).body.decode()
    assert f'name="{zoe}" value="1" checked' in alone
    assert "Nobody is called so." in alone
    begun = await browser.post(url, **{zoe: "1", ben: "1", "name": "Kiln crew", "q": ""})
    assert "Kiln crew" in (await browser.get(begun.headers["Location"])).body.decode()


async def test_whom_a_refused_form_had_found_is_still_there(web: Web, world: World) -> None:
    pottery, browser = world.pottery, await signed_in(web, world.pottery.sam)
    url, zoe = f"/c/{pottery.slug}/direct", f'name="m-{pottery.zoe.member_id}" value="1"'
    assert f"{zoe} checked" in (await browser.get(f"{url}?q=zo")).body.decode(), "the only one"
    refused = await browser.post(url, q="zo", name="Kiln crew")
    page = refused.body.decode()
    assert (refused.status, "Choose one to 7 people" in page) == (422, True)
    for words in ('value="zo"', zoe, 'value="Kiln crew"'):
        assert words in page
