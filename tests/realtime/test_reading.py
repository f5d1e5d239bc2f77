"""Read marks: written many at once, only ever forward, told to own devices, and not lost by an orderly end."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from cli.drill.servers import POSTGRES_SOCKET, stopped
from cli.drill.taps import tapped
from providers.embedded import EmbeddedValkey
from realtime import reading
from server.sockets import WIRE
from tenants.community import reads
from tenants.ids import RoomId
from tenants.scope import Scope, Tenancy
from tests.realtime.clients import connected
from tests.server.test_community_api import make_room
from tests.webapp import Web, serving
from tests.world import School, Somebody, World


async def mark(tenancy: Tenancy, school: School, person: Somebody, room: str) -> int:
    async with tenancy.scope(school.id, person.actor, readonly=True) as scope:
        return await reads.read_upto(scope, RoomId(UUID(room)))


async def filled_room(web: Web, school: School, count: int) -> str:
    room = await make_room(web, school)
    async with connected(web, school, school.ana) as ana:
        for _ in range(count):
            await ana.post(room)
    return room


async def test_the_marks_of_many_are_one_statement(
    web: Web, world: World, tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    pottery = world.pottery
    room = await filled_room(web, pottery, 5)
    batches: list[int] = []
    write = reads.mark_all_read

    async def counted(scope: Scope, marks: Sequence[Any]) -> Any:
        batches.append(len(marks))
        return await write(scope, marks)

    monkeypatch.setattr(reads, "mark_all_read", counted)
    people = (pottery.sam, pottery.zoe, pottery.mia)
    async with (
        connected(web, pottery, pottery.sam) as sam,
        connected(web, pottery, pottery.zoe) as zoe,
        connected(web, pottery, pottery.mia) as mia,
    ):
        for client in (sam, zoe, mia):
            await client.ok("room.join", room=room)
        await asyncio.gather(*(each.ok("read", room=room, seq=seq) for each in (sam, zoe, mia) for seq in (2, 5, 3)))
        for client in (sam, zoe, mia):
            assert await client.hears("read") == [{"room": room, "seq": 5}]
    assert sum(batches) == 3
    assert len(batches) <= 2, "one, or two where the tick fell between them"
    assert [await mark(tenancy, pottery, person, room) for person in people] == [5, 5, 5]


async def test_a_mark_never_goes_back_whichever_process_writes_it(
    web: Web, second: Web, world: World, tenancy: Tenancy
) -> None:
    pottery = world.pottery
    room = await filled_room(web, pottery, 4)
    async with (
        connected(web, pottery, pottery.sam) as here,
        connected(second, pottery, pottery.sam) as there,
        connected(second, pottery, pottery.zoe) as zoe,
    ):
        for client in (here, there, zoe):
            await client.ok("room.join", room=room)
        await here.ok("read", room=room, seq=99)
        assert await there.hears("read") == [{"room": room, "seq": 4}]
        await there.ok("read", room=room, seq=1)
        assert (await here.hears("read", 2))[-1] == {"room": room, "seq": 4}
        assert await mark(tenancy, pottery, pottery.sam, room) == 4
        assert zoe.of("read") == []


async def test_an_orderly_end_writes_what_waits(
    database: str, valkey: EmbeddedValkey, home: Path, world: World, tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GATHER_SECONDS", 600.0)
    pottery = world.pottery
    async with serving(database, valkey.redis_url, home / "var") as ending:
        room = await filled_room(ending, pottery, 2)
        async with connected(ending, pottery, pottery.sam) as sam:
            await sam.ok("room.join", room=room)
            await sam.ok("read", room=room, seq=2)
            assert await mark(tenancy, pottery, pottery.sam, room) == 0
    assert await mark(tenancy, pottery, pottery.sam, room) == 2


async def test_another_device_that_comes_at_once_is_not_told_of_what_was_just_read(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GATHER_SECONDS", 600.0)
    pottery = world.pottery
    room = await filled_room(web, pottery, 2)
    async with connected(web, pottery, pottery.sam) as sam:
        assert (await sam.hears("unread"))[0] == {room: {"unread": 2, "mentions": 0}}
        await sam.ok("room.join", room=room)
        await sam.ok("read", room=room, seq=2)
        async with connected(web, pottery, pottery.sam) as other:
            assert await other.hears("unread") == [{}]


async def test_what_postgresql_does_not_take_is_written_when_it_is_back(
    database: str, valkey: EmbeddedValkey, home: Path, world: World, tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AGAIN_SECONDS", 0.2)
    pottery, folder = world.pottery, home / "unread"
    source = Path(parse_qs(urlsplit(database).query)["host"][0]) / POSTGRES_SOCKET
    async with tapped(folder / POSTGRES_SOCKET, source) as tap:
        near = database.replace(str(source.parent), str(folder))
        async with serving(near, valkey.redis_url, home / "var") as web:
            room = await filled_room(web, pottery, 3)
            async with connected(web, pottery, pottery.sam) as sam:
                await sam.ok("room.join", room=room)
                async with stopped(tap):
                    await sam.ok("read", room=room, seq=3)
                    await web.app[WIRE].reading.flush()
                assert await sam.hears("read") == [{"room": room, "seq": 3}]
    assert await mark(tenancy, pottery, pottery.sam, room) == 3


async def test_a_room_that_was_not_joined_is_marked_after_a_look_at_the_rights(
    web: Web, world: World, tenancy: Tenancy
) -> None:
    pottery = world.pottery
    room = await filled_room(web, pottery, 2)
    private = await make_room(web, pottery, "private")
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("read", room=room, seq=1)
        assert await mark(tenancy, pottery, pottery.sam, room) == 1
        assert await sam.code("read", room=private, seq=1) == "no_such_room"
