"""What is kept of the talk: the API and the pages without scripts."""

from uuid import UUID

from tests.server.test_community_api import make_room, post
from tests.webapp import Web
from tests.world import Somebody, World


async def keep(web: Web, who: Somebody, path: str, method: str = "PUT") -> int:
    """The status of pinning or saving."""
    return (await web.call(method, path, token=who.token)).status


def headers_of(who: Somebody) -> dict[str, str]:
    """A browser of somebody, on a page of ours."""
    return {"Cookie": f"guildhall={who.token}", "Sec-Fetch-Site": "same-origin"}


async def test_a_teacher_pins_and_everybody_finds_it(web: Web, world: World) -> None:
    school = world.pottery
    room, at = await make_room(web, school), f"/channels/{school.slug}"
    message = (await post(web, school, room, school.sam.token, "The kiln is hot on Fridays")).json["id"]
    assert await keep(web, school.sam, f"{at}/messages/{message}/pin") == 403
    assert [await keep(web, school.ben, f"{at}/messages/{message}/pin") for _ in range(2)] == [204, 204]
    listed = await web.call("GET", f"{at}/rooms/{room}/pins", token=school.sam.token)
    assert [each["id"] for each in listed.json["items"]] == [message]
    page = (await web.get(f"/c/{school.slug}/community/wheel-talk/pins", headers=headers_of(school.sam))).body.decode()
    assert "The kiln is hot on Fridays" in page
    assert "Take it down" not in page
    room_page = (await web.get(f"/c/{school.slug}/community/wheel-talk", headers=headers_of(school.sam))).body.decode()
    assert f'href="/c/{school.slug}/community/wheel-talk/pins"' in room_page
    url = f"{web.url}/c/{school.slug}/community/wheel-talk/pins"
    async with web.session.post(url, data={"message": message}, headers=headers_of(school.ben)) as done:
        assert "Nothing is pinned here" in await done.text()


async def test_what_is_saved_is_listed_in_pages_for_oneself(web: Web, world: World) -> None:
    school = world.pottery
    room, at = await make_room(web, school), f"/channels/{school.slug}"
    asked = [(await post(web, school, room, school.ana.token, f"Words {number}")).json["id"] for number in range(3)]
    for message in asked:
        assert await keep(web, school.sam, f"{at}/messages/{message}/bookmark") == 204
    found: list[str] = []
    cursor = ""
    while True:
        page = await web.call("GET", f"{at}/bookmarks?limit=2{cursor}", token=school.sam.token)
        found += [each["message"]["id"] for each in page.json["items"]]
        if page.json["next"] is None:
            break
        cursor = f"&after={page.json['next']}"
    assert found == asked[::-1]
    assert (await web.call("GET", f"{at}/bookmarks", token=school.ana.token)).json["items"] == []
    marks = (await web.call("GET", f"{at}/rooms/{room}/marks", token=school.sam.token)).json
    assert (marks["pinned"], {UUID(each) for each in marks["saved"]}) == ([], {UUID(each) for each in asked})
    async with web.session.post(
        f"{web.url}/c/{school.slug}/saved", data={"message": asked[0]}, headers=headers_of(school.sam)
    ) as done:
        text = await done.text()
    assert ("Words 1" in text, "Words 0" in text) == (True, False)


async def test_what_was_kept_is_let_go_however_often_and_what_is_no_message_is_not_found(
    web: Web, world: World
) -> None:
    school = world.pottery
    room, at = await make_room(web, school), f"/channels/{school.slug}"
    message = (await post(web, school, room, school.ana.token, "Words")).json["id"]
    place = f"{at}/messages/{message}/bookmark"
    assert await keep(web, school.sam, place) == 204
    assert [(await web.call("DELETE", place, token=school.sam.token)).status for _ in range(2)] == [204, 204]
    gone = await web.call("DELETE", f"{at}/messages/{room}/bookmark", token=school.sam.token)
    assert (gone.status, gone.json["code"]) == (404, "no_such_message")


async def test_another_channel_keeps_nothing_of_this_one(web: Web, world: World) -> None:
    school, other = world.pottery, world.chess
    room = await make_room(web, school)
    message = (await post(web, school, room, school.ana.token, "Ours alone")).json["id"]
    for place in ("pin", "bookmark"):
        assert await keep(web, other.otto, f"/channels/{other.slug}/messages/{message}/{place}") == 404
    assert (await web.call("GET", f"/channels/{other.slug}/rooms/{room}/marks", token=other.otto.token)).status == 404
