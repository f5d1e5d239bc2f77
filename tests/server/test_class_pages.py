"""The address of a class: its door at the right time, a sentence at any other, and an event for one's calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from tenants.scope import Tenancy
from tests.tenants.live_school import ON_AIR, Held, make_class, make_held
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


async def test_the_address_of_a_class_leads_its_students_in(web: Web, held: Held) -> None:
    at = f"/c/{held.school.slug}/classes/{held.id}"
    let_in = await web.get(at, headers=held.school.sam.bearer)
    assert (let_in.status, let_in.headers["Location"]) == (303, ON_AIR)
    assert (await web.get(at, headers=held.school.zoe.bearer)).status == 403
    visitor = await web.get(at)
    assert (visitor.status, visitor.headers["Location"].partition("?")[0]) == (303, "/sign-in")
    assert (await web.get(f"/c/{held.school.slug}/classes/nonsense", headers=held.school.sam.bearer)).status == 404


async def test_before_its_time_the_door_says_when_it_opens(web: Web, tenancy: Tenancy, held: Held) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    times = {"starts_at": later, "ends_at": later + timedelta(hours=1), "url": ON_AIR}
    class_id = await make_class(tenancy, held.school, held.school.ana, held.batch, **times)
    shut = await web.get(f"/c/{held.school.slug}/classes/{class_id}", headers=held.school.sam.bearer)
    assert shut.status == 409
    assert b"15 minutes before" in shut.body
    assert ON_AIR.encode() not in shut.body


async def test_a_class_can_be_taken_into_a_calendar_by_those_who_may_see_it(web: Web, held: Held, world: World) -> None:
    at = f"/c/{held.school.slug}/classes/{held.id}.ics"
    taken = await web.get(at, headers=held.school.sam.bearer)
    assert (taken.status, taken.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert f"/c/{held.school.slug}/classes/{held.id}\r\n".encode() in taken.body.replace(b"\r\n ", b"")
    assert ON_AIR.encode() not in taken.body
    assert (await web.get(at, headers=held.school.zoe.bearer)).status == 403
    elsewhere = f"/c/{world.chess.slug}/classes/{held.id}.ics"
    assert (await web.get(elsewhere, headers=world.chess.otto.bearer)).status == 404
