"""The studio as a browser without scripts uses it: from an empty channel to a student's certificate."""

import re
from typing import Any

import pytest

from tests.server.browsing import Browsing, signed_in
from tests.webapp import Web
from tests.world import World

PARTS = (
    "", "/courses", "/batches", "/classes", "/rooms", "/moderation", "/members", "/certificates", "/integrations",
    "/settings",
)  # fmt: skip


async def make_course(browser: Browsing, home: str, title: str = "First bowl") -> str:
    """A published course with one text; its id."""
    at = (await browser.post(f"{home}/courses", title=title)).headers["Location"].partition("?")[0]
    await browser.post(f"{at}/sections", title="Week one")
    page = await browser.get(at)
    section = re.search(r'<option value="([0-9a-f-]{36})" selected', page.text)
    assert section is not None
    lesson = (await browser.post(f"{at}/lessons", title="Wedging", kind="text", section=section[1])).headers["Location"]
    lesson = lesson.partition("?")[0]
    saved = await browser.post(f"{lesson}/publish", title="Wedging", body="Until it is **quiet**.")
    assert saved.headers["Location"] == f"{lesson}?said=published"
    assert (await browser.post(f"{at}/publish")).status == 303
    return str(at.rpartition("/")[2])


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_opens_for_its_owner_before_anything_is_there(web: Web, world: World, part: str) -> None:
    answer = await (await signed_in(web, world.pottery.ana)).get(f"/c/{world.pottery.slug}/studio{part}")
    assert answer.status == 200
    assert "nonce-" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("part", PARTS)
async def test_no_part_opens_for_a_student(web: Web, world: World, part: str) -> None:
    answer = await (await signed_in(web, world.pottery.sam)).get(f"/c/{world.pottery.slug}/studio{part}")
    assert answer.status == 403


async def test_the_owner_of_another_channel_sees_nothing_of_this_one(web: Web, world: World) -> None:
    answer = await (await signed_in(web, world.chess.otto)).get(f"/c/{world.pottery.slug}/studio")
    assert answer.status == 403
    assert "Join this channel first." in answer.text


async def test_a_course_is_written_published_and_studied(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    await make_course(ana, home)
    visitor = await web.get(f"/c/{world.pottery.slug}")
    assert "Wedging" in visitor.text
    eve = await signed_in(web, world.chess.eve)
    course = f"/c/{world.pottery.slug}/learn/first-bowl"
    assert (await eve.post(f"{course}/enrol")).headers["Location"] == f"{course}?said=enrolled"
    outline = await eve.get(course)
    lesson = re.search(rf'href="({course}/[0-9a-f-]+)"', outline.text)
    assert lesson is not None
    page = await eve.get(lesson[1])
    assert "<strong>quiet</strong>" in page.text
    assert "0\xa0%" in page.text
    done = await eve.post(f"{lesson[1]}/done")
    assert done.headers["Location"] == f"{lesson[1]}?said=awarded"
    assert "Your certificate is being made." in (await eve.get(done.headers["Location"])).text
    assert "100\xa0%" in (await eve.get(course)).text


async def test_what_was_typed_comes_back_beside_what_is_wrong(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    course = await make_course(ana, home)
    fields: dict[str, Any] = {"course": course, "name": "Tuesdays", "starts_on": "2027-01-12", "seats": "many"}
    answer = await ana.post(f"{home}/batches", **fields, zone="Europe/Amsterdam")
    assert answer.status == 422
    assert 'value="Tuesdays"' in answer.text
    assert "Write a whole number, such as 12." in answer.text


async def test_a_batch_a_connection_and_a_class_are_planned(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    course = await make_course(ana, home)
    batch = {"course": course, "name": "Tuesdays", "starts_on": "2027-01-12", "seats": "12", "zone": "Europe/Lisbon"}
    assert (await ana.post(f"{home}/batches", **batch)).status == 303
    made = await ana.post(f"{home}/connections")
    assert made.status == 201
    assert "whsec_" in made.text
    classes = await ana.get(f"{home}/classes")
    assert "whsec_" not in classes.text
    option = re.search(r'<option value="([0-9a-f-]{36})">Tuesdays', classes.text)
    assert option is not None
    planned = await ana.post(
        f"{home}/classes", title="First class", batch=option[1], starts_at="2027-01-12T19:00", minutes="90", link=""
    )
    assert planned.headers["Location"] == f"{home}/classes?said=planned"
    assert "First class" in (await ana.get(f"{home}/classes")).text


async def test_settings_dress_the_landing_page(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    given = {"name": "Salt & Clay", "tagline": "Pots that hold water", "about": "", "colour": "#b4512d", "logo": ""}
    assert (await ana.post(f"{home}/settings", **given)).status == 303
    page = await web.get(f"/c/{world.pottery.slug}")
    assert "Salt &amp; Clay" in page.text
    assert "--brand:#b4512d" in page.text
    wrong = await ana.post(f"{home}/settings", **{**given, "colour": "red"})
    assert wrong.status == 422
    assert "six digits" in wrong.text


async def test_settings_choose_the_time_zone_and_put_one_at_the_field_that_is_wrong(web: Web, world: World) -> None:
    ana, home = await signed_in(web, world.pottery.ana), f"/c/{world.pottery.slug}/studio"
    assert (await ana.post(f"{home}/settings", name="Pottery", time_zone="Asia/Tokyo")).status == 303
    assert '<option value="Asia/Tokyo" selected>' in (await ana.get(f"{home}/settings")).text
    for sent, shown in (({}, ""), ({"link_previews": "1"}, " checked")):
        assert (await ana.post(f"{home}/settings", name="Pottery", toggles="1", **sent)).status == 303
        assert f'name="link_previews" value="1"{shown}>' in (await ana.get(f"{home}/settings")).text
    wrong = await ana.post(f"{home}/settings", name="", time_zone="Asia/Tokyo")
    assert wrong.status == 422
    assert wrong.text.count(" autofocus") == 1


async def test_a_role_is_given_and_a_member_banned_and_let_in_again(web: Web, world: World) -> None:
    home, sam = f"/c/{world.pottery.slug}/studio", world.pottery.sam
    ana = await signed_in(web, world.pottery.ana)
    assert (await ana.post(f"{home}/members/{sam.member_id}/role", role="teacher")).status == 303
    assert (await (await signed_in(web, sam)).get(f"{home}/courses")).status == 200
    assert (await ana.post(f"{home}/members/{sam.member_id}/ban", reason="Rude words")).status == 303
    shut = await (await signed_in(web, sam)).get(f"{home}/courses")
    assert shut.status == 403
    assert "Rude words" in shut.text
    assert (await ana.post(f"{home}/members/{sam.member_id}/unban")).status == 303


async def test_a_moderator_looks_after_people_and_finds_no_dead_links(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    mia = await signed_in(web, world.pottery.mia)
    assert (await mia.get(home)).headers["Location"] == f"{home}/members"
    page = await mia.get(f"{home}/members")
    shown = set(re.findall(rf'href="({home}[^"]*)"', page.text))
    assert f"{home}/members" in shown
    assert f"{home}/settings" not in shown
    for address in shown:
        assert (await mia.get(address)).status == 200


async def test_a_room_is_opened(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    assert (await ana.post(f"{home}/rooms", name="Kiln talk", topic="", kind="open")).status == 303
    assert "Kiln talk" in (await ana.get(f"{home}/rooms")).text


async def test_a_certificate_is_issued_by_hand(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    course = await make_course(ana, home)
    issued = await ana.post(f"{home}/certificates", member=str(world.pottery.sam.member_id), course=course)
    assert issued.headers["Location"] == f"{home}/certificates?said=issued"
    page = await ana.get(f"{home}/certificates")
    code = re.search(r"/verify/([0-9A-Z-]{16})", page.text)
    assert code is not None
    revoked = await ana.post(f"{home}/certificates/{code[1]}/revoke", reason="Wrong member")
    assert revoked.headers["Location"] == f"{home}/certificates?said=revoked"


async def test_a_key_is_made_shown_once_and_revoked(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    empty = await ana.post(f"{home}/keys", name="Robot", days="30")
    assert (empty.status, "Choose one or more of" in empty.text) == (422, True)
    assert 'value="Robot"' in empty.text
    made = await ana.post(f"{home}/keys", **{"name": "Robot", "days": "30", "read:community": "on"})
    assert made.status == 201
    key = re.search(r"guildkey_\w{46}", made.text)
    assert key is not None
    rooms = f"/channels/{world.pottery.slug}/rooms"
    assert (await web.call("GET", rooms, token=key[0])).status == 200
    page = await ana.get(f"{home}/integrations")
    assert key[0] not in page.text
    assert "acts as Ana" in page.text
    revoke = re.search(r'action="([^"]+/revoke)"', page.text)
    assert revoke is not None
    assert (await ana.post(revoke[1])).headers["Location"] == f"{home}/integrations?said=key-revoked"
    assert (await web.call("GET", rooms, token=key[0])).status == 401
    assert "No keys yet" in (await ana.get(f"{home}/integrations")).text
    ben = await signed_in(web, world.pottery.ben)
    assert (await ben.post(f"{home}/keys", **{"name": "x", "read:community": "on"})).status == 403


async def test_a_room_is_renamed_moved_and_archived_in_the_studio(web: Web, world: World) -> None:
    pottery = world.pottery
    mia, home = await signed_in(web, pottery.mia), f"/c/{pottery.slug}/studio/rooms"
    await mia.post(home, name="Kiln talk", topic="", kind="members")
    listed = (await web.call("GET", f"/channels/{pottery.slug}/rooms", token=pottery.mia.token)).json["items"]
    own = f"{home}/{listed[0]['id']}"
    assert (await mia.post(own, name="Ash glazes", topic="Wood ash", icon="sun", kind="open")).status == 303
    room = (await web.call("GET", f"/channels/{pottery.slug}/rooms")).json["items"][0]
    assert [room[name] for name in ("name", "topic", "icon", "kind")] == ["Ash glazes", "Wood ash", "sun", "open"]
    refused = await mia.post(own, name="", topic="", icon="sun", kind="open")
    assert (refused.status, "Ash glazes" in refused.text) == (422, True)
    assert (await mia.post(f"{own}/archive", archived="1")).status == 303
    assert "Bring it back" in (await mia.get(home)).text
    assert (await web.call("GET", f"/channels/{pottery.slug}/rooms")).json["items"] == []
    await mia.post(f"{own}/archive", archived="0")
    assert len((await web.call("GET", f"/channels/{pottery.slug}/rooms")).json["items"]) == 1
    sam = await signed_in(web, pottery.sam)
    assert (await sam.post(own, name="Mine", kind="open")).status == 403
