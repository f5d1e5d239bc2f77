"""What is unread in 200 rooms: PostgreSQL's own time for the one query behind the list, however much was said."""

import json
import statistics
from uuid import UUID

import asyncpg

from bench.report import Report, platform_facts
from bench.stage import Stage, staged
from tenants.community import room_settings, rooms
from tenants.community.rooms import LISTED
from tenants.scope import Tenancy
from tests.databases import as_role

ROOMS, MESSAGES, RUNS = 200, (1_000, 100_000), 50
GOAL_MS = 1.0
_SAY = """insert into messages (channel_id, id, room_id, member_id, client_id, seq, body, html)
select $1, gen_random_uuid(), r.id, $2, gen_random_uuid(), r.head_seq + n, 'Clay', '<p>Clay</p>'
from rooms r cross join generate_series(1, $3::int) n where r.channel_id = $1"""
_COUNT = "update rooms set head_seq = head_seq + $2 where channel_id = $1"
_READ = """insert into room_reads (channel_id, id, room_id, member_id, last_seq)
select $1, gen_random_uuid(), id, $2, head_seq / 2 from rooms where channel_id = $1"""


async def main() -> Report:
    """Ask for the list as a student, under row-level security, with little and then with much said in the channel."""
    async with staged() as stage:
        school = stage.world.pottery
        await _rooms(stage)
        app = await asyncpg.connect(as_role(stage.database_url, "guildhall_app"))
        await app.execute("select set_config('app.channel_id', $1, false)", str(school.id))
        await app.execute(_READ, school.id, school.sam.member_id)
        taken: dict[int, list[float]] = {}
        before = 0
        for messages in MESSAGES:
            more = (messages - before) // ROOMS
            await app.execute(_SAY, school.id, school.ana.member_id, more)
            await app.execute(_COUNT, school.id, more)
            await _analyze(stage)
            taken[messages], before = await _times(app, school.id, school.sam.member_id), messages
        await app.close()
    few, many = (statistics.median(taken[messages]) for messages in MESSAGES)
    rows = [
        [f"{messages:,} messages", f"{statistics.median(ms):.2f}", f"< {GOAL_MS}"] for messages, ms in taken.items()
    ]
    rows.append(["100 times as many", f"{many / few:.2f} x", "≤ 1.3 x"])
    said = f"unread of {ROOMS} rooms in a channel with"
    return Report("unread", [said, "PostgreSQL, ms (p50)", "goal"], rows, platform_facts(), {"ms": taken})


async def _rooms(stage: Stage) -> None:
    """Fill the channel up to so many rooms; the student has settings in every third."""
    school = stage.world.pottery
    tenancy = Tenancy.open(*(as_role(stage.database_url, f"guildhall_{role}") for role in ("app", "relay")))
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        standing = len(await rooms.seen(scope))
        made = [(await rooms.add(scope, f"More {n}", "members"))["id"] for n in range(ROOMS - standing)]
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        for place, room_id in enumerate(made[::3]):
            await room_settings.put(scope, room_id, muted=place % 2 == 0, favourite=place % 2 == 1)
    await tenancy.close()


async def _analyze(stage: Stage) -> None:
    owner = await asyncpg.connect(stage.database_url)
    await owner.execute("ANALYZE")
    await owner.close()


async def _times(app: "asyncpg.Connection", channel_id: UUID, member_id: UUID) -> list[float]:
    given = LISTED.arguments({"channel_id": channel_id, "me": member_id, "archived": False})
    plans = [
        await app.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {LISTED.sql}", *given) for _ in range(RUNS)
    ]
    return [json.loads(plan)[0]["Execution Time"] for plan in plans]
