"""The bell over the API, on its page and in the head of each page."""

import re
from uuid import UUID, uuid4

import pytest

from tenants.community import messages
from tenants.community.drafts import draft
from tenants.ids import LessonId, PersonId, new_id
from tenants.members import bell
from tenants.moderation import acts
from tenants.notices import recording_ready
from tenants.scope import Tenancy
from tests.server.browsing import signed_in
from tests.tenants.moderating import act, acting
from tests.tenants.test_community import make_room, say
from tests.webapp import Web
from tests.world import School, Somebody, World


async def ring(tenancy: Tenancy, school: School, person: Somebody, title: str) -> None:
    thing = new_id()
    notice = recording_ready(PersonId(person.person_id), LessonId(thing), title, f"/c/{school.slug}/learn/x/{thing}")
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await bell.ring(scope, [notice], thing)


async def test_notices_come_in_pages_and_are_read_up_to_one(web: Web, tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    for number in range(3):
        await ring(tenancy, school, school.sam, f"Part {number}")
    path = f"/channels/{school.slug}/notices"
    first = (await web.call("GET", f"{path}?limit=2", token=school.sam.token)).json
    assert [each["title"] for each in first["items"]] == ["Part 2", "Part 1"]
    assert (first["items"][0]["read"], first["items"][0]["kind"]) == (False, "recording")
    rest = (await web.call("GET", f"{path}?after={first['next']}", token=school.sam.token)).json
    assert ([each["title"] for each in rest["items"]], rest["next"]) == (["Part 0"], None)
    for _ in range(2):
        done = await web.call("POST", f"{path}/read", {"upto": first["items"][1]["id"]}, token=school.sam.token)
        assert done.status == 204
    assert (await web.call("GET", f"{path}/unread", token=school.sam.token)).json == {"unread": 1}


async def test_what_is_no_cursor_or_no_id_is_told_and_strangers_are_sent_away(web: Web, world: World) -> None:
    path = f"/channels/{world.pottery.slug}/notices"
    sam, eve = world.pottery.sam.token, world.chess.eve.token
    assert (await web.call("GET", f"{path}?after=x", token=sam)).status == 422
    assert (await web.call("POST", f"{path}/read", {"upto": "x"}, token=sam)).status == 422
    assert (await web.call("POST", f"{path}/read", {"upto": str(UUID(int=7))}, token=sam)).status == 204
    for each in (path, f"{path}/unread"):
        assert (await web.call("GET", each, token=eve)).status == 403
        assert (await web.call("GET", each)).status == 401


async def test_the_page_shows_what_is_new_and_marks_it_as_read_without_scripts(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    school = world.pottery
    await ring(tenancy, school, school.sam, "Centring <b>")
    browser, here = await signed_in(web, school.sam), f"/c/{school.slug}/notices"
    head = (await browser.get(f"/c/{school.slug}")).text.partition("data-bell")[2]
    assert head.startswith('="1"><span class="num">1</span>')
    shown = (await browser.get(here)).text
    assert "Centring &lt;b&gt;" in shown
    done = await browser.post(f"{here}/read", upto=shown.partition('name="upto" value="')[2].partition('"')[0])
    assert (done.status, done.headers["Location"]) == (303, f"{here}?said=read")
    after = (await browser.get(here)).text
    assert 'data-bell="0" hidden' in after
    assert "Mark all as read" not in after
    assert (await browser.get(f"{here}?after=x")).status == 422


async def test_what_was_told_again_says_how_often_and_replies_how_many_they_are(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    school = world.pottery
    done = await act(tenancy, school, school.mia, "warn", member_id=school.sam.member_id)
    async with acting(tenancy, school, school.mia) as scope:
        await acts.undo(scope, done["id"])
    room = await make_room(tenancy, school)
    first = await say(tenancy, school, school.sam.actor, room, "Is it dry?")
    for words in ("Not yet", "Now it is"):
        async with acting(tenancy, school, school.zoe) as scope:
            await messages.post(scope, room, draft(uuid4(), words, first.id))
    page = (await (await signed_in(web, school.sam)).get(f"/c/{school.slug}/notices")).text
    assert "Moderation · told 2 times" in page
    assert page.count("2 replies") == 1


async def test_mentions_are_told_with_who_said_what_where_until_the_words_are_taken_away(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    said = f"<b> <@{school.sam.member_id}>, is it dry?"
    posted = await say(tenancy, school, school.zoe.actor, room, said)
    await say(tenancy, school, school.zoe.actor, room, said)
    path, here = f"/channels/{school.slug}/notices", f"/c/{school.slug}/notices"
    one = (await web.call("GET", path, token=school.sam.token)).json["items"][1]
    assert (one["kind"], one["title"], one["by"], one["room_name"], one["times"], one["gone"]) == (
        "mention", "<b> @Sam, is it dry?", "Zoe", "Wheel talk", 1, False,
    )  # fmt: skip
    assert (one["message"], one["room"]) == (str(posted.id), str(room))
    browser = await signed_in(web, school.sam)
    page = (await browser.get(here)).text
    assert "\u2068Zoe\u2069 mentioned you in \u2068Wheel talk\u2069" in page
    assert "&lt;b&gt; @Sam, is it dry?" in page
    assert (await browser.get(one["url"])).status == 200
    gone = await web.call("DELETE", f"/channels/{school.slug}/messages/{posted.id}", token=school.zoe.token)
    assert gone.status == 204
    one = (await web.call("GET", path, token=school.sam.token)).json["items"][1]
    assert (one["title"], one["gone"]) == ("", True)
    assert "The message was taken away." in (await browser.get(here)).text
    assert (await web.call("GET", f"{path}/unread", token=school.sam.token)).json == {"unread": 1}


@pytest.mark.parametrize("page", ["notices", "saved", "direct"])
async def test_lists_of_one_s_own_say_times_in_one_s_own_zone(
    web: Web, tenancy: Tenancy, world: World, page: str
) -> None:
    school, at = world.pottery, f"/channels/{world.pottery.slug}"
    room = await make_room(tenancy, school)
    said = await say(tenancy, school, school.zoe.actor, room, f"<@{school.sam.member_id}>, is it dry?")
    assert (await web.call("PUT", f"{at}/messages/{said.id}/bookmark", token=school.sam.token)).status == 204
    talk = {"members": [str(school.zoe.member_id)]}
    assert (await web.call("POST", f"{at}/direct", talk, token=school.sam.token)).status == 201
    browser = await signed_in(web, school.sam)
    zone = {"time_zone": "Asia/Kolkata"}
    assert (await web.call("PATCH", f"{at}/profile", zone, token=school.sam.token)).status == 200
    assert re.search(" \\d\\d:\\d\\d IST</time>", (await browser.get(f"/c/{school.slug}/{page}")).text)
