"""Polls on pages without scripts: asked, voted in and closed by forms; options are words and never markup."""

import re
from typing import Any
from uuid import uuid4

from tests.server.test_community_api import make_room
from tests.server.test_polls_api import POLL, ask, vote
from tests.webapp import Web
from tests.world import School, Somebody, World

HOSTILE = '<img src=x onerror="alert(1)">'


async def send(web: Web, who: Somebody, url: str, **fields: str) -> tuple[int, str, str]:
    """Post a form as a browser does: status, where it leads, and the page."""
    headers = {"Cookie": f"guildhall={who.token}", "Sec-Fetch-Site": "same-origin"}
    async with web.session.post(web.url + url, data=fields, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def see(web: Web, who: Somebody | None, url: str) -> str:
    return (await web.get(url, headers={"Cookie": f"guildhall={who.token}"} if who else {})).body.decode()


async def only_message(web: Web, school: School, room: str) -> dict[str, Any]:
    listed = await web.call("GET", f"/channels/{school.slug}/rooms/{room}/messages", token=school.ana.token)
    (message,) = listed.json["items"]
    shown: dict[str, Any] = message
    return shown


async def test_a_poll_is_asked_by_a_form_and_counts_once(web: Web, world: World) -> None:
    pottery = world.pottery
    room, url = await make_room(web, pottery), f"/c/{pottery.slug}/community/wheel-talk"
    fields = {"poll": "1", "client_id": str(uuid4()), "body": "Which day?", "option-1": "Tuesday", "option-3": HOSTILE,
              "option-2": " ", "several": "1", "ends": "24"}  # fmt: skip
    for _ in range(2):
        assert (await send(web, pottery.sam, url, **fields))[:2] == (303, f"{url}#m-1")
    poll = (await only_message(web, pottery, room))["poll"]
    assert [each["text"] for each in poll["options"]] == ["Tuesday", HOSTILE]
    assert (poll["several"], poll["anonymous"], poll["ends_at"] is None) == (True, False, False)
    page = await see(web, pottery.zoe, url)
    assert HOSTILE not in page
    assert "&lt;img src=x onerror=" in page


async def test_what_cannot_be_asked_comes_back_with_all_that_was_typed(web: Web, world: World) -> None:
    pottery = world.pottery
    await make_room(web, pottery)
    url = f"/c/{pottery.slug}/community/wheel-talk"
    given = {"poll": "1", "client_id": str(uuid4()), "body": "Which day?", "ends": "999999999"}
    for options, words in (
        ({"option-1": "Tuesday"}, "Give 2 to 10 options."), ({"option-1": "A", "option-2": "a"}, "there already"),
        ({"option-1": "A", "option-2": "B"}, "within 30 days"),
    ):  # fmt: skip
        status, _, page = await send(web, pottery.sam, url, **given, **options)
        assert (status, words in page) == (422, True)
        asking = re.search(r'<form class="ballot.*?</form>', page, re.DOTALL)
        assert asking is not None
        assert "popover" not in asking.group().partition(">")[0]
        assert "Which day?</textarea>" in asking.group()
        assert f'value="{options["option-1"]}"' in asking.group()
        assert page.count("Which day?") == 1


async def test_one_votes_takes_back_and_closes_by_forms(web: Web, world: World) -> None:
    pottery = world.pottery
    room, url = await make_room(web, pottery), f"/c/{pottery.slug}/community/wheel-talk"
    message = (await ask(web, pottery, pottery.sam, room, POLL)).json["id"]
    form = f"{url}/polls/{message}"
    assert f'action="{form}"' in await see(web, pottery.zoe, url)
    for fields, counts in (
        ({"act": "vote", "option": "1"}, [0, 1]), ({"act": "vote", "option": "0"}, [1, 0]),
        ({"act": "withdraw"}, [0, 0]), ({"option": "1"}, [0, 1]),
    ):  # fmt: skip
        status, to, _ = await send(web, pottery.zoe, form, **fields)
        assert (status, to) == (303, f"{url}?at=1#m-1")
        poll = (await only_message(web, pottery, room))["poll"]
        assert [each["count"] for each in poll["options"]] == counts
    for fields in (
        {"act": "vote"},
        {"option": "7"},
        {"option": "x"},
        {"act": "vote", "option-0": "0", "option-1": "1"},
    ):
        assert (await send(web, pottery.zoe, form, **fields))[0] == 422
    page = await see(web, pottery.zoe, url)
    assert re.search(r'value="1" required checked>', page)
    assert "1 person voted" in page
    assert (await send(web, pottery.zoe, form, act="close"))[0] == 403
    assert (await send(web, pottery.sam, form, act="close"))[0] == 303
    status, _, page = await send(web, pottery.zoe, form, act="vote", option="0")
    assert (status, "This poll is closed." in page) == (409, True)
    assert "<fieldset disabled>" in await see(web, pottery.zoe, url)


async def test_who_voted_is_a_page_for_members_and_names_nobody_of_an_anonymous_poll(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "open")
    for hidden in (False, True):
        message = (await ask(web, pottery, pottery.sam, room, POLL | {"anonymous": hidden})).json["id"]
        await vote(web, pottery, pottery.zoe, message, 0)
        url = f"/c/{pottery.slug}/community/wheel-talk/polls/{message}"
        page = await see(web, pottery.ben, url)
        assert ("Zoe</a>" in page, "&lt;b&gt;Wednesday&lt;/b&gt;" in page) == (not hidden, True)
        assert ("Zoe" in page) is not hidden
        assert (await web.get(url)).status in ({200} if hidden else {303, 401})
        elsewhere = f"/c/{pottery.slug}/community/kiln/polls/{message}"
        assert (await web.get(elsewhere, headers={"Cookie": f"guildhall={pottery.ben.token}"})).status == 404


async def test_a_visitor_sees_the_result_and_no_form(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "open")
    message = (await ask(web, pottery, pottery.sam, room, POLL)).json["id"]
    await vote(web, pottery, pottery.zoe, message, 0)
    page = await see(web, None, f"/c/{pottery.slug}/community/wheel-talk")
    assert "<form class=" not in page
    assert "1 (100" in page
    assert "Who voted" not in page


async def test_pinned_and_flagged_polls_are_read_where_those_are_listed(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    message = (await ask(web, pottery, pottery.sam, room, POLL)).json["id"]
    base = f"/channels/{pottery.slug}/messages/{message}"
    await web.call("PUT", f"{base}/pin", token=pottery.ana.token)
    await web.call("POST", f"{base}/flags", {"reason": "spam"}, token=pottery.zoe.token)
    pinned = await see(web, pottery.zoe, f"/c/{pottery.slug}/community/wheel-talk/pins")
    desk = await see(web, pottery.mia, f"/c/{pottery.slug}/studio/moderation")
    thread = await see(web, pottery.zoe, f"/c/{pottery.slug}/community/wheel-talk/t/1")
    for page in (pinned, desk, thread):
        assert "&lt;b&gt;Wednesday&lt;/b&gt;" in page
    await web.call("POST", f"/channels/{pottery.slug}/moderation/acts", {
        "kind": "hide", "reason": "spam", "message": message,
    }, token=pottery.mia.token)  # fmt: skip
    hidden = [await see(web, who, f"/c/{pottery.slug}/community/wheel-talk") for who in (pottery.zoe, pottery.mia)]
    assert ["Wednesday" in page for page in hidden] == [False, True]
    assert '<form class="poll"' not in hidden[1].partition('<template id="t-post"')[0]
