"""The room's page: for members with the wire, for visitors of an open room to read, and both without scripts."""

from uuid import uuid4

import pytest

from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room, post
from tests.webapp import Web
from tests.world import World


async def test_a_member_sees_the_talk_and_writes_without_scripts(web: Web, world: World) -> None:
    pottery = world.pottery
    await make_room(web, pottery)
    cookie = {"Cookie": f"guildhall={pottery.sam.token}"}
    first = await web.get(f"/c/{pottery.slug}/community", headers=cookie)
    assert (first.status, first.headers["Location"]) == (303, f"/c/{pottery.slug}/community/wheel-talk")
    url, client_id = first.headers["Location"], str(uuid4())
    own = cookie | {"Sec-Fetch-Site": "same-origin"}
    for _ in range(2):
        form = {"body": "Hello <b>all</b>", "client_id": client_id}
        async with web.session.post(web.url + url, data=form, headers=own, allow_redirects=False) as sent:
            assert (sent.status, sent.headers["Location"]) == (303, f"{url}#m-1")
    page = (await web.get(url, headers=cookie)).body.decode()
    assert page.count("Hello &lt;b&gt;all&lt;/b&gt;</p>") == 1
    assert f'data-me="{pottery.sam.member_id}"' in page
    assert 'data-last="1"' in page


async def test_a_room_says_times_in_the_readers_zone_and_a_strangers_in_the_channels(web: Web, world: World) -> None:
    school = world.pottery
    room = await make_room(web, school, kind="open")
    await post(web, school, room, school.zoe.token, "Is it dry?")
    zone = {"time_zone": "Asia/Kolkata"}
    assert (await web.call("PATCH", f"/channels/{school.slug}/profile", zone, token=school.sam.token)).status == 200
    path = f"/c/{school.slug}/community/wheel-talk"
    assert 'data-zone="Asia/Kolkata"' in (await (await signed_in(web, school.sam)).get(path)).text
    stranger = (await web.get(path)).body.decode()
    assert 'data-zone="Asia/Kolkata"' not in stranger
    assert "data-zone=" in stranger


async def test_what_cannot_be_posted_comes_back_with_the_reason(web: Web, world: World) -> None:
    pottery = world.pottery
    await make_room(web, pottery)
    headers = {"Cookie": f"guildhall={pottery.sam.token}", "Sec-Fetch-Site": "same-origin"}
    form = {"body": "é" * 6000, "client_id": str(uuid4())}
    url = f"{web.url}/c/{pottery.slug}/community/wheel-talk"
    async with web.session.post(url, data=form, headers=headers) as answer:
        assert answer.status == 413
        assert "Shorten it." in await answer.text()


async def test_visitors_read_open_rooms_and_are_led_to_the_door_of_others(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "open")
    await post(web, pottery, room, pottery.sam.token, "For everyone")
    page = await web.get(f"/c/{pottery.slug}/community/wheel-talk")
    assert page.status == 200
    assert b"For everyone" in page.body
    assert b"<form class=" not in page.body
    closed = await web.get(f"/c/{pottery.slug}/community/elsewhere")
    assert (closed.status, closed.headers["Location"].startswith("/sign-in?next=")) == (303, True)
    older = await web.get(f"/c/{pottery.slug}/community/wheel-talk?before=1")
    assert b"For everyone" in older.body


async def test_what_is_said_in_open_rooms_is_not_for_search_engines(web: Web, world: World) -> None:
    pottery = world.pottery
    await make_room(web, pottery, "open")
    address = f"/c/{pottery.slug}/community/wheel-talk"
    assert b'<meta name="robots" content="noindex, nofollow">' in (await web.get(address)).body
    shown = (await (await signed_in(web, pottery.sam)).get(address)).body
    assert b'<meta name="description" content="What is said in Wheel talk.">' in shown
    assert b"noindex" not in shown


async def test_who_is_mentioned_sees_it_at_the_side_and_on_the_message(web: Web, world: World) -> None:
    pottery = world.pottery
    await make_room(web, pottery)
    kiln = await web.call(
        "POST", f"/channels/{pottery.slug}/rooms", {"name": "Kiln", "kind": "members"}, token=pottery.ana.token
    )
    await post(web, pottery, kiln.json["id"], pottery.ben.token, f"<@{pottery.sam.member_id}>, your bowl is out")
    cookie = {"Cookie": f"guildhall={pottery.sam.token}"}
    side = (await web.get(f"/c/{pottery.slug}/community/wheel-talk", headers=cookie)).body.decode()
    assert '<span class="num">1</span><span class="unseen"> mention you</span>' in side
    for who, tinted in ((pottery.sam, True), (pottery.zoe, False)):
        page = await web.get(f"/c/{pottery.slug}/community/kiln", headers={"Cookie": f"guildhall={who.token}"})
        assert (b'class="said tome"' in page.body) is tinted
        assert b">@Sam</span>, your bowl is out" in page.body


async def test_a_link_to_a_message_shows_it_among_its_neighbours_whatever_was_said_since(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pages.community.PAGE", 4)
    monkeypatch.setattr("server.pages.community.NEAR_THE_END", 2)
    pottery = world.pottery
    room = await make_room(web, pottery)
    for n in range(1, 11):
        await post(web, pottery, room, pottery.ben.token, f"said {n}.")
    url, cookie = f"/c/{pottery.slug}/community/wheel-talk", {"Cookie": f"guildhall={pottery.sam.token}"}

    async def shown(query: str) -> tuple[list[int], str]:
        page = (await web.get(url + query, headers=cookie)).body.decode()
        return [n for n in range(1, 11) if f"said {n}." in page], page

    at, page = await shown("?at=5")
    assert at == [3, 4, 5, 6]
    assert 'class="said sought" id="m-5"' in page
    assert f'href="{url}?after=6"' in page
    assert "<script" not in page
    assert "composer" not in page
    assert "This is an earlier part of the talk." in page
    assert f'href="{url}?at=3#m-3"' in page
    near, page = await shown("?at=7")
    assert near == [5, 6, 7, 8, 9, 10], "where the end is near the talk goes on to it, and is live"
    assert [words in page for words in ("<script", 'class="composer', f'href="{url}?after=')] == [True, True, False]
    assert [(await shown(query))[0] for query in ("?after=6", "?at=99", "?at=0", "?after=10", "?before=1")] == [
        [7, 8, 9, 10], [9, 10], [1, 2], [7, 8, 9, 10], [7, 8, 9, 10]
    ]  # fmt: skip
    assert (await shown("?on=1999-12-31"))[0] == [1, 2]
    assert [(await shown(query))[0] for query in ("?on=2999-01-01", "?on=nonsense", "?at=x")] == [[7, 8, 9, 10]] * 3
    newest, page = await shown("")
    assert newest == [7, 8, 9, 10]
    assert "<script" in page


async def test_a_thread_is_read_and_answered_without_scripts(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    asked = (await post(web, pottery, room, pottery.sam.token, "Which clay?")).json["id"]
    await post(web, pottery, room, pottery.ben.token, "Beside the thread")
    await post(web, pottery, room, pottery.zoe.token, "Stoneware", reply_to=asked)
    url, sam = f"/c/{pottery.slug}/community/wheel-talk", await signed_in(web, pottery.sam)
    assert f'href="{url}/t/1"><' in (await sam.get(url)).body.decode()
    page = (await sam.get(f"{url}/t/1")).body.decode()
    assert ["Which clay?" in page, "Stoneware" in page, "Beside the thread" in page] == [True, True, False]
    assert f'data-root="{asked}"' in page
    listed = (await web.call("GET", f"/channels/{pottery.slug}/threads", token=pottery.sam.token)).json["items"]
    assert [each["unread"] for each in listed] == [0], "the page has shown the reply"
    client_id = str(uuid4())
    for _ in range(2):
        sent = await sam.post(f"{url}/t/1", body="Thank you", client_id=client_id)
        assert (sent.status, sent.headers["Location"]) == (303, f"{url}/t/1#m-4")
    message = (await web.call("GET", f"/channels/{pottery.slug}/messages/{asked}", token=pottery.sam.token)).json
    assert message["thread"] == {"count": 2, "last_seq": 4}
    assert (await sam.post(f"{url}/t/1", body="", client_id=client_id)).status == 422
    for wrong in ("0", "99", "x", "1" * 30):
        assert (await sam.get(f"{url}/t/{wrong}")).status == 404
        assert (await sam.post(f"{url}/t/{wrong}", body="lost", client_id=str(uuid4()))).status == 404
    stranger = await web.get(f"{url}/t/1")
    assert (stranger.status, stranger.headers["Location"].startswith("/sign-in?next=")) == (303, True)


async def test_threads_are_listed_followed_and_left_without_scripts(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pages.threads.PAGE", 2)
    pottery = world.pottery
    room = await make_room(web, pottery)
    url, sam = f"/c/{pottery.slug}/community/wheel-talk", await signed_in(web, pottery.sam)
    assert "You follow no thread yet" in (await sam.get(f"/c/{pottery.slug}/threads")).body.decode()
    for n in range(1, 4):
        asked = (await post(web, pottery, room, pottery.sam.token, f"Question {n}.")).json["id"]
        await post(web, pottery, room, pottery.zoe.token, "An answer", reply_to=asked)
    count = f"/channels/{pottery.slug}/threads/unread"
    assert (await web.call("GET", count, token=pottery.sam.token)).json == {"threads": 3}
    assert '<span class="num">3</span><span class="unseen"> with unread' in (await sam.get(url)).body.decode()
    page = (await sam.get(f"/c/{pottery.slug}/threads")).body.decode()
    assert [n for n in range(1, 4) if f"Question {n}." in page] == [2, 3]
    assert page.index("Question 3.") < page.index("Question 2.")
    older = page.split("/threads?after=")[1].split('"')[0]
    assert "Question 1." in (await sam.get(f"/c/{pottery.slug}/threads?after={older}")).body.decode()
    assert (await sam.get(f"/c/{pottery.slug}/threads?after=nonsense")).status == 422
    thread = (await sam.get(f"{url}/t/5")).body.decode()
    assert "Follow no more" in thread
    for fields, left in (({"off": "1"}, [2]), ({"on": "1"}, [2, 3])):
        assert (await sam.post(f"{url}/t/5/follow", **fields)).headers["Location"] == f"{url}/t/5"
        page = (await sam.get(f"/c/{pottery.slug}/threads")).body.decode()
        assert [n for n in (2, 3) if f"Question {n}." in page] == left
    assert (await web.call("GET", count, token=pottery.sam.token)).json == {"threads": 2}
    assert (await web.call("GET", count, token=world.chess.eve.token)).status == 403
    assert (await sam.post(f"{url}/t/99/follow", on="1")).status == 404
    stranger = await web.get(f"/c/{pottery.slug}/threads")
    assert (stranger.status, stranger.headers["Location"].startswith("/sign-in?next=")) == (303, True)


async def test_a_long_thread_is_read_back_without_scripts(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pages.threads.MOST", 2)
    pottery = world.pottery
    room = await make_room(web, pottery)
    asked = (await post(web, pottery, room, pottery.sam.token, "Which clay?")).json["id"]
    for n in range(2, 6):
        await post(web, pottery, room, pottery.zoe.token, f"said {n}.", reply_to=asked)
    url, sam = f"/c/{pottery.slug}/community/wheel-talk/t/1", await signed_in(web, pottery.sam)

    async def shown(query: str) -> tuple[list[int], str]:
        page = (await sam.get(url + query)).body.decode()
        assert "Which clay?" in page
        return [n for n in range(2, 6) if f"said {n}." in page], page

    newest, page = await shown("")
    assert (newest, f'href="{url}?before=4"' in page, 'data-last="5"' in page) == ([4, 5], True, True)
    older, page = await shown("?before=4")
    assert (older, "?before=2" in page, "<script" in page) == ([2, 3], False, False)
    assert f'href="{url}"' in page


async def test_a_member_holds_a_room_their_own_way_without_scripts(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    await web.call(
        "POST", f"/channels/{pottery.slug}/rooms", {"name": "Glazes", "kind": "members"}, token=pottery.ana.token
    )
    await post(web, pottery, room, pottery.ana.token)
    sam, url = await signed_in(web, pottery.sam), f"/c/{pottery.slug}/community"

    async def side(of: str) -> str:
        page = (await sam.get(f"{url}/{of}")).body.decode()
        return page[page.index('<aside class="side"') : page.index("</aside>")]

    assert "Favourites" not in await side("glazes")
    assert (await sam.post(f"{url}/wheel-talk/me", level="mentions", favourite="1", muted="1")).status == 303
    beside = await side("glazes")
    assert beside.index("Favourites") < beside.index("Wheel talk") < beside.index("Glazes")
    assert f'data-room="{room}" class="muted"' in beside
    await sam.post(f"{url}/wheel-talk/me", level="all", left="1")
    beside = await side("glazes")
    assert beside.index("Glazes") < beside.index("Rooms you left") < beside.index("Wheel talk")
    assert '<details class="section"><summary>' in beside, "what was left is folded"
    assert "Rooms you left" not in await side("wheel-talk")
    assert "You have left this room." in (await sam.get(f"{url}/wheel-talk")).body.decode()
    await sam.post(f"{url}/wheel-talk/me", level="all")
    assert "Wheel talk" in await side("glazes")
    assert (await sam.post(f"{url}/wheel-talk/me", level="loud")).status == 422


async def test_beside_a_room_each_stands_under_a_heading_that_holds(web: Web, world: World) -> None:
    pottery = world.pottery
    await make_room(web, pottery)
    page = (await (await signed_in(web, pottery.sam)).get(f"/c/{pottery.slug}/community/wheel-talk")).text
    about = page.partition('id="people"')[2].partition("</aside>")[0]
    groups = {each.partition("</h2>")[0]: each for each in about.split("<h2>")[1:]}
    assert list(groups) == ["Teachers", "Moderators", "Students"]
    held = {title: [name for name in ("Ana", "Ben", "Mia", "Sam", "Zoe") if f">{name}<" in each]
            for title, each in groups.items()}  # fmt: skip
    assert held == {"Teachers": ["Ana", "Ben"], "Moderators": ["Mia"], "Students": ["Sam", "Zoe"]}
    assert page.index(">Threads<") < page.index(">Saved messages<") < page.index('id="places"')
