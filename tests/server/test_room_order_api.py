"""Sections and the order of rooms over the API: shapes, conflicts, and what hostile clients send."""

from typing import Any
from uuid import uuid4

import pytest

from tests.webapp import Web
from tests.world import School, World


async def make(web: Web, school: School, path: str, **given: Any) -> str:
    made = await web.call("POST", f"/channels/{school.slug}/{path}", given, token=school.ana.token)
    assert made.status == 201, made.json
    return str(made.json["id"])


async def order(web: Web, school: School, token: str, *asked: tuple[str | None, list[str]]) -> Any:
    given = {"sections": [{"id": section, "rooms": rooms} for section, rooms in asked]}
    return await web.call("PUT", f"/channels/{school.slug}/room-order", given, token=token)


async def test_sections_are_made_renamed_ordered_and_deleted(web: Web, world: World) -> None:
    pottery = world.pottery
    a, b = [await make(web, pottery, "rooms", name=name) for name in "AB"]
    talk, work = [await make(web, pottery, "room-sections", name=name) for name in ("Talk", "Work")]
    answer = await order(web, pottery, pottery.mia.token, (work, [b]), (talk, [a]))
    assert answer.status == 200
    assert [(room["id"], room["section"]) for room in answer.json["items"]] == [(b, work), (a, talk)]
    assert set(answer.json) == {"items", "next"}
    assert (await order(web, pottery, pottery.mia.token, (work, [b]), (talk, [a]))).json == answer.json
    url = f"/channels/{pottery.slug}/room-sections"
    renamed = await web.call("PATCH", f"{url}/{work}", {"name": "Workshop"}, token=pottery.ben.token)
    assert renamed.json == {"id": work, "name": "Workshop"}
    listed = await web.call("GET", url, token=pottery.sam.token)
    assert listed.json == {"items": [{"id": work, "name": "Workshop"}, {"id": talk, "name": "Talk"}], "next": None}
    assert (await web.call("GET", url)).json["items"] == []
    assert (await web.call("DELETE", f"{url}/{work}", token=pottery.ana.token)).status == 204
    assert (await web.call("DELETE", f"{url}/{work}", token=pottery.ana.token)).status == 404
    rooms = (await web.call("GET", f"/channels/{pottery.slug}/rooms", token=pottery.sam.token)).json["items"]
    assert [(room["id"], room["section"]) for room in rooms] == [(b, None), (a, talk)]
    edited = await web.call("PATCH", f"/channels/{pottery.slug}/rooms/{a}", {"topic": "x"}, token=pottery.ana.token)
    assert edited.json["section"] == talk


async def test_who_orders_what_has_changed_is_told_so(web: Web, world: World) -> None:
    pottery = world.pottery
    a, b = [await make(web, pottery, "rooms", name=name) for name in "AB"]
    late = await order(web, pottery, pottery.ana.token, (None, [a]))
    assert (late.status, late.json["code"]) == (409, "rooms_changed")
    assert "Load them again" in late.json["detail"]
    section = await make(web, pottery, "room-sections", name="Talk")
    assert (await order(web, pottery, pottery.ana.token, (None, [b, a]))).status == 409
    assert (await order(web, pottery, pottery.ana.token, (section, [b, a]))).status == 200


async def test_an_order_that_was_not_seen_is_not_undone(web: Web, world: World) -> None:
    pottery = world.pottery
    a, b, c = [await make(web, pottery, "rooms", name=name) for name in "ABC"]
    url = f"/channels/{pottery.slug}/room-order"

    async def asks(token: str, rooms: list[str], seen: list[str]) -> Any:
        given = {"sections": [{"id": None, "rooms": rooms}], "seen": [{"id": None, "rooms": seen}]}
        return await web.call("PUT", url, given, token=token)

    assert (await asks(pottery.ana.token, [b, a, c], [a, b, c])).status == 200
    late = await asks(pottery.mia.token, [a, c, b], [a, b, c])
    assert (late.status, late.json["code"]) == (409, "order_changed")
    assert "Somebody else" in late.json["detail"]
    listed = (await web.call("GET", f"/channels/{pottery.slug}/rooms", token=pottery.mia.token)).json["items"]
    assert [room["id"] for room in listed] == [b, a, c]
    # The same again, when its answer was lost.
    assert (await asks(pottery.ana.token, [b, a, c], [a, b, c])).status == 200
    assert (await asks(pottery.mia.token, [b, c, a], [b, a, c])).status == 200
    assert (await order(web, pottery, pottery.ana.token, (None, [a, b, c]))).status == 200


async def test_what_is_not_there_or_elsewhere_is_not_found(web: Web, world: World) -> None:
    pottery, chess = world.pottery, world.chess
    a = await make(web, pottery, "rooms", name="A")
    theirs = await web.call(
        "POST", f"/channels/{chess.slug}/room-sections", {"name": "Openings"}, token=chess.otto.token
    )
    for missing in (theirs.json["id"], str(uuid4())):
        assert (await order(web, pottery, pottery.ana.token, (missing, [a]))).json["code"] == "no_such_section"
        assert (await order(web, pottery, pottery.ana.token, (None, [a, missing]))).json["code"] == "no_such_room"
        url = f"/channels/{pottery.slug}/room-sections/{missing}"
        assert (await web.call("PATCH", url, {"name": "Mine"}, token=pottery.ana.token)).status == 404
        assert (await web.call("DELETE", url, token=pottery.ana.token)).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {}, {"sections": None}, {"sections": [{"rooms": []}]}, {"sections": [{"id": None}]}, {"sections": [[]]},
        {"sections": [{"id": "x", "rooms": []}]}, {"sections": [{"id": None, "rooms": ["x"]}]},
        {"sections": [{"id": None, "rooms": []}] * 60}, {"sections": [{"id": None, "rooms": [str(uuid4())] * 501}]},
        {"sections": [{"id": None, "rooms": []}], "more": 1}, {"sections": [{"id": None, "rooms": [], "name": "x"}]},
        {"sections": [{"id": None, "rooms": []}] * 2},
    ],
)  # fmt: skip
async def test_what_is_no_order_is_refused(web: Web, world: World, body: Any) -> None:
    url = f"/channels/{world.pottery.slug}/room-order"
    assert (await web.call("PUT", url, body, token=world.pottery.ana.token)).status == 422


async def test_many_rooms_are_ordered_at_once(web: Web, world: World) -> None:
    pottery = world.pottery
    ids = [await make(web, pottery, "rooms", name=f"Room {n}") for n in range(120)]
    section = await make(web, pottery, "room-sections", name="All")
    asked = list(reversed(ids))
    answer = await order(web, pottery, pottery.ana.token, (section, asked))
    assert [room["id"] for room in answer.json["items"]] == asked


async def test_students_and_visitors_order_nothing(web: Web, world: World) -> None:
    pottery = world.pottery
    a = await make(web, pottery, "rooms", name="A")
    section = await make(web, pottery, "room-sections", name="Talk")
    for token, status in ((pottery.sam.token, 403), (world.nobody.token, 403), ("", 401)):
        assert (await order(web, pottery, token, (section, [a]))).status == status
        url = f"/channels/{pottery.slug}/room-sections"
        assert (await web.call("POST", url, {"name": "Mine"}, token=token)).status == status
        assert (await web.call("PATCH", f"{url}/{section}", {"name": "Mine"}, token=token)).status == status
        assert (await web.call("DELETE", f"{url}/{section}", token=token)).status == status
