"""The ways around a channel: for its members on each of its pages, for nobody else, and a dressed page at dead ends."""

import pytest

from tenants.scope import Tenancy
from tests.server.test_community_api import make_room
from tests.tenants.live_school import make_held
from tests.webapp import Web
from tests.world import World

PLACES = ("", "/learn", "/classes", "/search", "/community/wheel-talk")


def signed_in(token: str) -> dict[str, str]:
    return {"Cookie": f"guildhall={token}"}


@pytest.mark.parametrize("place", PLACES)
async def test_a_member_gets_around_from_each_page_without_scripts(web: Web, world: World, place: str) -> None:
    pottery = world.pottery
    await make_room(web, pottery)
    page = (await web.get(f"/c/{pottery.slug}{place}", headers=signed_in(pottery.sam.token))).body.decode()
    around = page.partition('<nav class="ways')[2].partition("</nav>")[0]
    home = f"/c/{pottery.slug}"
    for way in (home, f"{home}/learn", f"{home}/community#rooms", f"{home}/classes", "/me"):
        assert f'href="{way}"' in around
    assert around.count("aria-current") == (place != "/search")
    assert "/studio" not in around


async def test_visitors_are_shown_no_ways_that_are_shut_to_them(web: Web, world: World) -> None:
    page = await web.get(f"/c/{world.pottery.slug}")
    assert b'class="ways' not in page.body


async def test_those_who_work_in_the_studio_are_led_to_their_part_of_it(web: Web, world: World) -> None:
    pottery = world.pottery
    for person, part in ((pottery.ana, "studio"), (pottery.ben, "studio"), (pottery.mia, "studio/rooms")):
        page = await web.get(f"/c/{pottery.slug}", headers=signed_in(person.token))
        assert f'class="studio" href="/c/{pottery.slug}/{part}"' in page.body.decode()
        there = await web.get(f"/c/{pottery.slug}/{part}", headers=signed_in(person.token))
        assert there.status == 200


async def test_classes_to_come_stand_on_one_page_with_the_way_in(web: Web, tenancy: Tenancy, world: World) -> None:
    held = await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)
    live = f"/c/{held.school.slug}/classes"
    page = await web.get(live, headers=signed_in(held.school.sam.token))
    assert f'href="{live}/{held.id}"' in page.body.decode()
    other = await web.get(live, headers=signed_in(held.school.zoe.token))
    assert b"No classes to come" in other.body
    assert str(held.id).encode() not in other.body
    assert (await web.get(live)).status == 303


async def test_an_address_where_nothing_is_says_so_in_the_dress_of_the_channel(web: Web, world: World) -> None:
    page = await web.get(f"/c/{world.pottery.slug}/no/such/place", headers=signed_in(world.pottery.sam.token))
    assert page.status == 404
    assert f'href="/c/{world.pottery.slug}"' in page.body.decode()
    assert b'class="ways' in page.body


async def test_without_a_room_its_makers_are_led_to_the_first_step_and_members_told(web: Web, world: World) -> None:
    pottery = world.pottery
    community = f"/c/{pottery.slug}/community"
    maker = await web.get(community, headers=signed_in(pottery.ana.token))
    assert (maker.status, maker.headers["Location"]) == (303, f"/c/{pottery.slug}/studio/rooms")
    member = await web.get(community, headers=signed_in(pottery.sam.token))
    assert member.status == 404
    assert b"There is no room here yet" in member.body
