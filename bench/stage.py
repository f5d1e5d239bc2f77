"""The stage: an embedded PostgreSQL and Valkey of the bench's own, and a channel with enough in it to be read."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tenants import migrations
from tenants.certificates import certificates
from tenants.community import drafts, messages, reactions, rooms
from tenants.ids import new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import Databases
from tests.tenants.school import make_batch, make_course
from tests.world import School, World, make_world

ROOMS, MESSAGES = 16, 60
WORDS = "The rim of my second bowl cracked while it dried under the cloth; was the wall too thin, or the air too dry?"


@dataclass(frozen=True, slots=True)
class Stage:
    """What both sides are given, and what they are asked about."""

    home: Path
    database_url: str
    redis_url: str
    world: World
    read_rooms: tuple[UUID, ...]
    write_rooms: tuple[UUID, ...]
    codes: tuple[str, ...]


@contextlib.asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Servers and data, in a temporary folder, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        postgres, valkey = EmbeddedPostgres(Path(folder) / "pg"), EmbeddedValkey(Path(folder) / "kv")
        try:
            postgres.start()
            valkey.start()
            await asyncio.to_thread(migrations.upgrade, postgres.database_url, {})
            yield await _filled(Path(folder), postgres.database_url, valkey.redis_url)
        finally:
            valkey.stop()
            postgres.stop()


async def _filled(folder: Path, database_url: str, redis_url: str) -> Stage:
    tenancy = Databases.tenancy(database_url)
    world = await make_world(tenancy)
    codes = await _teach(tenancy, world)
    both = await furnished(tenancy, world.pottery)
    await tenancy.close()
    owner = await asyncpg.connect(database_url)
    await owner.execute("ANALYZE")
    await owner.close()
    return Stage(folder, database_url, redis_url, world, tuple(both[::2]), tuple(both[1::2]), codes)


async def _teach(tenancy: Tenancy, world: World) -> tuple[str, ...]:
    """Courses with batches on the landing page, and an award to each student of each course."""
    school, codes = world.pottery, []
    for number in range(4):
        course = await make_course(tenancy, school, school.ben, f"bowl-{number}")
        await make_batch(tenancy, school, school.ben, course)
        for student in (school.sam, school.zoe):
            async with tenancy.scope(school.id, acting_system("bench")) as scope:
                codes.append((await certificates.issue(scope, student.member_id, course.id)).code)
    return tuple(codes)


async def furnished(tenancy: Tenancy, school: School) -> list[UUID]:
    """The rooms of a school, every other one with messages."""
    return [await _room(tenancy, school, number, 0 if number % 2 else MESSAGES) for number in range(2 * ROOMS)]


async def _room(tenancy: Tenancy, school: School, number: int, count: int) -> UUID:
    """A room for members with so many messages, every third with reactions."""
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        room_id = UUID(str((await rooms.add(scope, f"Room {number}", "members"))["id"]))
    people = list(school.people.values())
    for place in range(count):
        async with tenancy.scope(school.id, people[place % len(people)].actor) as scope:
            posted = await messages.post(scope, room_id, drafts.draft(new_id(), f"{WORDS} ({place})"))
            for emoji in ("👍", "🎉")[: (2, 0, 0)[place % 3]]:
                await reactions.put(scope, posted.id, emoji, on=True)
    return room_id
