"""Moderation's jobs: a deleted message's words are forgotten after the time to undo, by the job the act asked for."""

import asyncpg

from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.moderating import act, passed
from tests.tenants.test_community import make_room, say
from tests.workers.test_mended import do, job_of
from tests.world import World
from workers.registry import Workshop


async def test_deleted_words_are_forgotten_by_the_job_that_the_act_asked_for(
    tenancy: Tenancy, world: World, shop: Workshop, database: str
) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    done = await act(tenancy, school, school.mia, "delete", message_id=posted.id)
    job = await job_of(tenancy, "ForgetWords", "message_id", posted.id)
    async with bare(tenancy.relay) as connection:
        run_at = await connection.fetchval("select run_at from jobs where id = $1", job)
    assert 10 < (run_at - done["at"]).total_seconds() < 12
    await passed(database, "withheld", "at", school)
    assert await do(shop, job) is None, "it is done"
    owner = await asyncpg.connect(database)
    assert await owner.fetchval("select count(*) from withheld where channel_id = $1", school.id) == 0
    await owner.close()
