"""Where a program's message is read it is marked as one: in a room, its thread, the pins, and the moderators' desk."""

import pytest

from tests.server.browsing import signed_in
from tests.server.incoming import make
from tests.server.test_community_api import post
from tests.server.test_moderation_api import ask
from tests.webapp import Web
from tests.world import School, World

MARK = '<span class="tag">Program</span>'


@pytest.fixture
def school(world: World) -> School:
    return world.pottery


async def test_the_room_and_its_thread_show_it_as_a_program(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    await post(web, school, kiln.room, school.ana.token, "Hot")
    await post(web, school, kiln.room, school.zoe.token, "How hot?", reply_to=message)
    zoe = await signed_in(web, school.zoe)
    room = next(each for each in (await ask(web, school, school.zoe, "GET", "/rooms")).json["items"])
    for path in (f"/c/{school.slug}/community/{room['slug']}", f"/c/{school.slug}/community/{room['slug']}/t/1"):
        page = (await zoe.get(path)).text
        assert f'<b dir="auto">Kiln</b>{MARK}' in page
        assert f"/people/{kiln.id}" not in page
    # Its maker's own words stand under a head of their own.
    assert (await zoe.get(f"/c/{school.slug}/community/{room['slug']}")).text.count('class="post"') >= 3


async def test_pins_show_it_as_a_program(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    assert (await ask(web, school, school.ben, "PUT", f"/messages/{message}/pin")).status in {200, 204}
    assert (await ask(web, school, school.zoe, "PUT", f"/messages/{message}/bookmark")).status in {200, 204}
    zoe = await signed_in(web, school.zoe)
    assert MARK in (await zoe.get(f"/c/{school.slug}/saved")).text


async def test_a_moderator_hides_it_and_switches_its_webhook_off_from_the_desk(web: Web, school: School) -> None:
    kiln = await make(web, school)
    message = (await kiln.post(web)).json["id"]
    await ask(web, school, school.zoe, "POST", f"/messages/{message}/flags", {"reason": "spam"})
    mia, url = await signed_in(web, school.mia), f"/c/{school.slug}/studio/moderation"
    page = (await mia.get(url)).text
    assert "A message of Kiln was flagged" in page
    assert 'value="ban"' not in page
    (case,) = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
    off = await mia.post(f"{url}/silence", webhook=kiln.id, case=case["id"])
    assert off.status == 303
    assert (await kiln.post(web)).status == 410
    hidden = await mia.post(url, case=case["id"], kind="hide", reason="spam")
    assert hidden.status == 303, hidden.text
    zoe = await signed_in(web, school.zoe)
    assert (await zoe.post(f"{url}/silence", webhook=kiln.id, case=case["id"])).status == 403
