"""Rooms in the studio as a browser without scripts uses it: sections, steps, who is in a private room."""

import re
from urllib.parse import quote

from tenants.scope import Tenancy
from tests.server.browsing import Browsing, signed_in
from tests.server.test_community_api import make_room
from tests.tenants.school import enrol, make_batch, make_course
from tests.webapp import Web
from tests.world import School, World


def standing(page: str) -> list[str]:
    """The names of sections and rooms in the order in which the page has them; a room is indented."""
    found = re.findall(r'<h2 id="h-[^"]+" dir="auto">([^<]+)</h2>|data-called="([^"]+)"', page)
    return [section or f" {room}" for section, room in found]


async def opened(web: Web, school: School, *names: str) -> tuple[Browsing, str, dict[str, str]]:
    """Mia at her studio, its rooms' address, and the ids of new rooms by name."""
    mia, home = await signed_in(web, school.mia), f"/c/{school.slug}/studio/rooms"
    for name in names:
        assert (await mia.post(home, name=name, topic="", kind="members")).status == 303
    listed = (await web.call("GET", f"/channels/{school.slug}/rooms", token=school.mia.token)).json["items"]
    return mia, home, {room["name"]: room["id"] for room in listed}


async def test_rooms_are_ordered_by_forms_alone(web: Web, world: World) -> None:
    pottery = world.pottery
    mia, home, ids = await opened(web, pottery, "A", "B", "C")
    assert standing((await mia.get(home)).text) == ["Rooms", " A", " B", " C"]
    made = await mia.post(f"{home}/sections", section_name="Talk")
    section = made.headers["Location"].partition("#section-")[2]
    await mia.post(f"{home}/sections", section_name="Work")
    moved = await mia.post(f"{home}/{ids['C']}/move", to="up")
    assert moved.headers["Location"].endswith(f"#room-{ids['C']}")
    assert (await mia.post(f"{home}/{ids['A']}/place", section=section)).status == 303
    assert (await mia.post(f"{home}/sections/{section}/move", to="down")).status == 303
    page = await mia.get(home)
    assert standing(page.text) == ["Without section", " C", " B", "Work", "Talk", " A"]
    assert (await mia.post(f"{home}/sections/{section}", name="Chat")).status == 303
    assert (await mia.post(f"{home}/sections/{section}/delete")).status == 303
    assert standing((await mia.get(home)).text) == ["Without section", " C", " B", " A", "Work"]


async def test_what_cannot_be_is_said_on_the_page(web: Web, world: World) -> None:
    pottery = world.pottery
    mia, home, ids = await opened(web, pottery, "A")
    empty = await mia.post(f"{home}/sections", section_name=" ")
    assert (empty.status, 'id="section_name-error"' in empty.text) == (422, True)
    made = await mia.post(f"{home}/sections", section_name="Talk")
    section = re.search(r"section-([0-9a-f-]{36})", made.headers["Location"])
    assert section is not None
    long = await mia.post(f"{home}/sections/{section[1]}", name="x" * 61)
    assert (long.status, "at most 60" in long.text) == (422, True)
    assert (await mia.post(f"{home}/{ids['A']}/move", to="sideways")).status == 422
    assert (await mia.post(f"{home}/{ids['A']}/place", section="nonsense")).status == 422
    assert (await mia.post(f"{home}/{section[1]}/move", to="up")).status == 404
    assert (await mia.post(f"{home}/sections/{ids['A']}/delete")).status == 404
    sam = await signed_in(web, pottery.sam)
    for path in ("sections", f"sections/{section[1]}", f"{ids['A']}/move", f"{ids['A']}/place", f"{ids['A']}/members"):
        assert (await sam.post(f"{home}/{path}", name="Mine", section_name="Mine", to="up")).status in {403, 422}
    assert (await sam.get(f"{home}/{ids['A']}/members")).status == 403


async def test_members_are_added_to_a_private_room_and_removed(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "private")
    ana, own = await signed_in(web, pottery.ana), f"/c/{pottery.slug}/studio/rooms/{room}/members"
    sam, place = await signed_in(web, pottery.sam), f"/c/{pottery.slug}/community/wheel-talk"
    assert f'href="{own}"' in (await ana.get(f"/c/{pottery.slug}/studio/rooms")).text
    assert (await sam.get(place)).status == 404
    found = await ana.get(f"{own}?add={quote('sá')}")
    assert f'value="{pottery.sam.member_id}"' in found.text
    for _ in range(2):
        assert (await ana.post(own, member=str(pottery.sam.member_id))).headers["Location"] == f"{own}?said=let-in"
    page = await ana.get(own)
    assert (f"{pottery.sam.member_id}/remove" in page.text, "Ben" in page.text) == (True, False)
    assert 'Remove<span class="unseen">Sam</span>' in page.text, "a browser reads a colon here as a word of its own"
    assert "No member outside of the room" in (await ana.get(f"{own}?add=sam")).text
    assert "Nobody in the room" in (await ana.get(f"{own}?q=ben")).text
    assert (await sam.get(place)).status == 200
    for refused, status in (({"member": ""}, 422), ({"member": "x"}, 422), ({}, 422)):
        assert (await ana.post(own, **refused)).status == status
    assert (await ana.post(own, member=str(world.chess.eve.member_id))).status == 404
    assert (await ana.post(f"{own}/{pottery.sam.member_id}/remove")).headers["Location"] == f"{own}?said=taken-out"
    assert (await sam.get(place)).status == 404
    assert (await ana.post(f"{own}/{pottery.sam.member_id}/remove")).status == 404
    for who in (pottery.ben, pottery.mia):
        assert (await (await signed_in(web, who)).get(own)).status == 404


async def test_whom_a_batch_brings_is_only_read(web: Web, tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    course = await make_course(tenancy, pottery, pottery.ben)
    batch = await make_batch(tenancy, pottery, pottery.ben, course)
    await enrol(tenancy, pottery, pottery.sam, course, batch)
    given = {"name": "Spring", "kind": "batch", "batch": str(batch)}
    made = await web.call("POST", f"/channels/{pottery.slug}/rooms", given, token=pottery.ana.token)
    own = f"/c/{pottery.slug}/studio/rooms/{made.json['id']}/members"
    page = (await (await signed_in(web, pottery.ana)).get(own)).text
    assert (f'/people/{pottery.sam.member_id}"' in page, "/remove" in page) == (True, False)
    assert f'href="/c/{pottery.slug}/studio/batches"' in page
    ana = await signed_in(web, pottery.ana)
    assert (await ana.post(own, member=str(pottery.zoe.member_id))).status == 422
    plain = await make_room(web, pottery)
    assert (await ana.get(f"/c/{pottery.slug}/studio/rooms/{plain}/members")).status == 422
