"""Live classes over the API: planned, changed, joined; connected once with a secret shown once; bad input by field."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenants.scope import Tenancy
from tests.tenants.live_school import ON_AIR, Held, make_held
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


def next_week(**given: Any) -> dict[str, Any]:
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    return {"title": "Glazing", "time_zone": "Europe/Lisbon", "url": ON_AIR, **times, **given}


async def test_a_class_is_planned_changed_and_called_off(web: Web, held: Held) -> None:
    at, token = f"/channels/{held.school.slug}", held.school.ben.token
    place = f"{at}/batches/{held.batch}/classes"
    made = await web.call("POST", place, next_week(connection_id=str(held.connection)), token=token)
    assert (made.status, made.json["state"], made.json["version"]) == (201, "scheduled", 1)
    one = f"{at}/classes/{made.json['id']}"
    edited = await web.call("PATCH", one, {"version": 1, "title": "Glazing, part one"}, token=token)
    assert (edited.json["title"], edited.json["url"], edited.json["version"]) == ("Glazing, part one", ON_AIR, 2)
    stale = await web.call("PATCH", one, {"version": 1, "state": "cancelled"}, token=token)
    assert (stale.status, stale.json["code"]) == (409, "changed_meanwhile")
    off = await web.call("PATCH", one, {"version": 2, "state": "cancelled"}, token=token)
    assert off.json["state"] == "cancelled"
    listed = await web.call("GET", place, token=token)
    assert [each["state"] for each in listed.json["items"]] == ["scheduled", "cancelled"]


async def test_a_class_can_still_be_changed_when_its_connection_was_closed(web: Web, held: Held) -> None:
    at, token = f"/channels/{held.school.slug}", held.school.ana.token
    assert (await web.call("DELETE", f"{at}/live-connections/{held.connection}", token=token)).status == 204
    one = f"{at}/classes/{held.id}"
    assert (await web.call("PATCH", one, {"version": 1, "title": "Centring II"}, token=token)).status == 200
    back = await web.call("PATCH", one, {"version": 2, "connection_id": str(held.connection)}, token=token)
    assert back.status == 404


async def test_a_student_sees_the_class_without_its_address_and_is_let_in_at_its_time(web: Web, held: Held) -> None:
    at, sam = f"/channels/{held.school.slug}", held.school.sam
    (shown,) = (await web.call("GET", f"{at}/classes", token=sam.token)).json["items"]
    assert (shown["id"], shown["url"], shown["connection_id"]) == (str(held.id), None, None)
    door = await web.call("POST", f"{at}/classes/{held.id}/join", token=sam.token)
    assert (door.status, door.json) == (200, {"url": ON_AIR, "participant": str(sam.member_id)})
    later = next_week()
    place = f"{at}/batches/{held.batch}/classes"
    planned = (await web.call("POST", place, later, token=held.school.ana.token)).json
    early = await web.call("POST", f"{at}/classes/{planned['id']}/join", token=sam.token)
    opens_at = datetime.fromisoformat(later["starts_at"]) - timedelta(minutes=15)
    assert (early.status, early.json["code"], early.json["opens_at"]) == (409, "too_early", opens_at.isoformat())


async def test_who_may_not_is_told_so(web: Web, held: Held, world: World) -> None:
    at, token = f"/channels/{held.school.slug}", world.chess.otto.token
    calls = [
        ("GET", f"{at}/classes"), ("GET", f"{at}/batches/{held.batch}/classes"), ("GET", f"{at}/classes/{held.id}"),
        ("POST", f"{at}/classes/{held.id}/join"), ("GET", f"{at}/classes/{held.id}/attendance"),
        ("GET", f"{at}/recordings"), ("GET", f"{at}/live-connections"),
        ("DELETE", f"{at}/live-connections/{held.connection}"),
    ]  # fmt: skip
    assert {(await web.call(*call)).status for call in calls} == {401}
    assert {(await web.call(*call, token=token)).status for call in calls} == {403}
    theirs = f"/channels/{world.chess.slug}"
    for method, path in calls[1:5] + calls[7:]:
        assert (await web.call(method, path.replace(at, theirs), token=token)).status == 404
    sam = held.school.sam.token
    assert {(await web.call(*call, token=sam)).status for call in calls[4:]} == {403}


async def test_a_connection_shows_its_secret_once(web: Web, held: Held) -> None:
    at, token = f"/channels/{held.school.slug}/live-connections", held.school.ana.token
    made = await web.call("POST", at, {"name": "Second room"}, token=token)
    assert (made.status, made.json["secret"][:6]) == (201, "whsec_")
    assert made.json["url"].endswith(f"/webhooks/live/{made.json['id']}")
    listed = await web.call("GET", at, token=token)
    assert [each["name"] for each in listed.json["items"]] == ["Our room", "Second room"]
    assert made.json["secret"].encode() not in listed.body


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"starts_at": "tomorrow"}, "/starts_at"),
        ({"starts_at": "2026-11-28T18:00:00"}, "/starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "/starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+12:00"}, "/starts_at"),
        ({"ends_at": "2026-11-20T18:00:00Z"}, "/ends_at"),
        ({"title": "\0"}, "/title"),
        ({"title": "a" * 121}, "/title"),
        ({"time_zone": "../etc/passwd"}, "/time_zone"),
        ({"url": "file:///etc/passwd"}, "/url"),
        ({"state": "ended"}, "/state"),
        ({"connection_id": 7}, "/connection_id"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_bad_fields_are_named(web: Web, held: Held, given: dict[str, Any], pointer: str) -> None:
    at = f"/channels/{held.school.slug}/batches/{held.batch}/classes"
    answer = await web.call("POST", at, next_week(**given), token=held.school.ana.token)
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (422, [pointer])


async def test_bad_changes_are_named(web: Web, held: Held) -> None:
    at, token = f"/channels/{held.school.slug}/classes/{held.id}", held.school.ana.token
    for given, pointer in (
        ({"state": "ended"}, "/state"), ({"starts_at": None}, "/starts_at"), ({"ends_at": None}, "/ends_at"),
        ({"starts_at": "2036-01-01T00:00:00Z"}, "/ends_at"),
    ):  # fmt: skip
        answer = await web.call("PATCH", at, {"version": 1, **given}, token=token)
        assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (422, [pointer])
    answer = await web.call(
        "POST", f"/channels/{held.school.slug}/live-connections", {"name": "x", "provider": "carrier pigeon"},
        token=token,
    )  # fmt: skip
    assert [error["pointer"] for error in answer.json["errors"]] == ["/provider"]
