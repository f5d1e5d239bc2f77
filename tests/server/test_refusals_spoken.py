"""Refusals in the language of whoever reads them: the school's on its pages, and for programs what they accept."""

from uuid import uuid4

from tests.realtime.clients import connected
from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Reply, Web
from tests.world import School, World

LONG = "a" * 11_000
ENGLISH = "That is longer than the 10 KB that fit here. Shorten it."
GERMAN = "Das ist länger als die 10 KB, die hier Platz haben. Kürze es."
ARABIC = "هذا أطول من ١٠ كيلوبايت يتسع لها المكان. اختصره."


async def test_what_a_page_is_refused_is_said_in_the_language_of_its_school(web: Web, world: World) -> None:
    school = world.pottery
    room = await make_room(web, school)
    await web.call("PATCH", f"/channels/{school.slug}", {"locale": "ar"}, token=school.ana.token)
    page = await signed_in(web, school.sam)
    own = {"Cookie": f"guildhall={page.cookie}", "Sec_Fetch_Site": "same-origin", "Accept_Language": "de"}

    async def spoken() -> bool:
        return bool((await too_long(web, school, room, **own)).json["detail"] == ARABIC)

    await until(spoken)
    refused = await too_long(web, school, room, **own)
    assert (refused.json["code"], refused.headers["Content-Language"]) == ("text_too_large", "ar")
    shown = await page.get(f"/c/{school.slug}/community/no-such-room")
    assert 'lang="ar' in shown.body.decode()
    async with connected(web, school, school.sam) as client:
        await client.ok("room.join", room=room)
        answer = await client.ask("message.post", room=room, client_id=str(uuid4()), body=LONG)
        assert answer["error"] == {"code": "text_too_large", "message": ARABIC}


async def test_a_program_is_refused_in_the_language_that_it_accepts(web: Web, world: World) -> None:
    school = world.pottery
    room, own = await make_room(web, school), {"Authorization": f"Bearer {school.sam.token}"}
    for accepted, language, said in ((None, "en", ENGLISH), ("de-CH, en;q=0.5", "de", GERMAN), ("xx", "en", ENGLISH)):
        asked = {"Accept_Language": accepted} if accepted else {}
        refused = await too_long(web, school, room, **own, **asked)
        assert (refused.status, refused.json["detail"]) == (413, said)
        assert refused.headers["Content-Language"] == language


async def too_long(web: Web, school: School, room: str, **headers: str) -> Reply:
    """What a message gets that is longer than messages are."""
    given = {"client_id": str(uuid4()), "body": LONG}
    return await web.call("POST", f"/channels/{school.slug}/rooms/{room}/messages", given, **headers)
