"""Rooms are told apart by their names: no other one of the channel may take a name that goes on."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.server.browsing import signed_in
from tests.webapp import Reply, Web
from tests.world import School, World

TAKEN = "There is a room of that name already. Choose another name, or rename that room first."


async def call(web: Web, school: School, method: str, rest: str = "", body: Any = None) -> Reply:
    """An operation on the rooms of a school, by its owner."""
    return await web.call(method, f"/channels/{school.slug}/rooms{rest}", body, token=school.ana.token)


async def made(web: Web, school: School, name: str) -> str:
    """The id of a new room."""
    answer = await call(web, school, "POST", "", {"name": name, "kind": "members"})
    assert answer.status == 201
    return str(answer.json["id"])


def is_refused(answer: Reply) -> bool:
    """Whether the name was refused in the usual shape, at its field."""
    errors = [{"pointer": "/name", "code": "taken", "detail": TAKEN}]
    return (answer.status, answer.json.get("code"), answer.json.get("errors")) == (422, "taken", errors)


@pytest.mark.parametrize("name", ["Kiln talk", "KILN  talk ", "kiln\u00a0talk", "\uff4biln talk"])
async def test_no_room_is_made_or_renamed_to_the_name_of_another(web: Web, world: World, name: str) -> None:
    school = world.pottery
    await made(web, school, "Kiln talk")
    other = await made(web, school, "Wheel talk")
    assert is_refused(await call(web, school, "POST", "", {"name": name, "kind": "private"}))
    assert is_refused(await call(web, school, "PATCH", f"/{other}", {"name": name}))
    assert (await call(web, school, "PATCH", f"/{other}", {"name": "WHEEL talk"})).status == 200
    assert (await web.call("POST", f"/channels/{world.chess.slug}/rooms", {"name": name, "kind": "open"},
                           token=world.chess.otto.token)).status == 201  # fmt: skip


async def test_an_archived_room_frees_its_name_and_comes_back_to_a_free_one(web: Web, world: World) -> None:
    school = world.pottery
    old = await made(web, school, "Kiln talk")
    assert (await call(web, school, "PUT", f"/{old}/archive")).status == 204
    new = await made(web, school, "Kiln talk")
    assert is_refused(await call(web, school, "DELETE", f"/{old}/archive"))
    assert (await call(web, school, "PATCH", f"/{new}", {"name": "Glazes"})).status == 200
    assert (await call(web, school, "DELETE", f"/{old}/archive")).status == 204
    assert is_refused(await call(web, school, "PATCH", f"/{new}", {"name": "Kiln talk"}))


async def test_of_many_at_once_one_has_the_name(web: Web, world: World) -> None:
    school = world.pottery
    asked = [call(web, school, "POST", "", {"name": "Kiln talk", "kind": "members"}) for _ in range(6)]
    answers = await asyncio.gather(*asked)
    assert sorted(each.status for each in answers) == [201, *[422] * 5]
    first, second = await made(web, school, "A"), await made(web, school, "B")
    both = await asyncio.gather(*(call(web, school, "PATCH", f"/{each}", {"name": "C"}) for each in (first, second)))
    assert sorted(each.status for each in both) == [200, 422]


async def test_rooms_that_share_a_name_already_go_on(web: Web, world: World, database: str) -> None:
    school = world.pottery
    first, second = await made(web, school, "Kiln talk"), await made(web, school, "Glazes")
    connection = await asyncpg.connect(database)
    await connection.execute("update rooms set name = 'Kiln talk' where id = $1", second)
    await connection.close()
    for room in (first, second):
        assert (await call(web, school, "PATCH", f"/{room}", {"topic": "What came out"})).status == 200
        assert (await call(web, school, "PATCH", f"/{room}", {"name": "Kiln Talk"})).status == 200
    assert (await call(web, school, "PATCH", f"/{first}", {"name": "Firings"})).status == 200


async def test_the_studio_says_so_at_the_name(web: Web, world: World) -> None:
    school = world.pottery
    ana, home = await signed_in(web, school.ana), f"/c/{world.pottery.slug}/studio/rooms"
    kiln, wheel = await made(web, school, "Kiln talk"), await made(web, school, "Wheel talk")
    again = await ana.post(home, name="kiln talk", topic="Firings", kind="members")
    assert (again.status, 'id="name-error"' in again.text, TAKEN in again.text) == (422, True, True)
    assert 'value="Firings"' in again.text
    renamed = await ana.post(f"{home}/{wheel}", name="kiln  TALK", topic="Bowls", icon="", kind="members")
    assert (renamed.status, f'id="name-{wheel}-error"' in renamed.text, TAKEN in renamed.text) == (422, True, True)
    assert 'value="Bowls"' in renamed.text
    assert (await ana.post(f"{home}/{kiln}/archive", archived="1")).status == 303
    await made(web, school, "Kiln talk")
    back = await ana.post(f"{home}/{kiln}/archive", archived="0")
    assert (back.status, f'id="name-{kiln}-error"' in back.text, TAKEN in back.text) == (422, True, True)
