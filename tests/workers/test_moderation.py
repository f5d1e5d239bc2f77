"""Moderation's jobs: a deleted message's words are forgotten after the time to undo, by the job the act asked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from tenants.members import roles
from tenants.permissions import Role
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.filtering import owner_runs
from tests.tenants.moderating import act, flag, passed
from tests.tenants.test_community import make_room, say
from tests.workers.shop import make_shop
from tests.workers.test_mended import do, job_of
from tests.world import World
from workers.moderation import ask_for_reports
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


async def test_the_clock_asks_for_reports_and_one_is_written_and_mailed(
    own: Tenancy, here: World, fresh: str, tmp_path: Path
) -> None:
    shop, school = make_shop(own, tmp_path), here.pottery
    room = await make_room(own, school)
    posted = await say(own, school, school.sam.actor, room, "Buy my clay")
    await flag(own, school, school.zoe, posted.id)
    long_ago = "update channels set created_at = now() - interval '30 days'"
    await owner_runs(fresh, "channels", long_ago)
    today = datetime.now(UTC).replace(hour=12)
    next_monday = today + timedelta(days=7 - today.weekday())
    for _ in range(2):
        assert await ask_for_reports(shop, next_monday) == 2
    async with bare(own.relay) as connection:
        asked = await connection.fetch("select id, channel_id from jobs where name = 'WriteReport' order by id")
    mine = [row["id"] for row in asked if row["channel_id"] == school.id]
    assert len(mine) == 2
    for job in mine:
        assert await do(shop, job) is None
    async with bare(own.relay) as connection:
        mails = await connection.fetch("select id from jobs where name = 'SendMail'")
    assert len(mails) == 2, "Ana's and Mia's, who moderates no more when hers is written"
    async with own.scope(school.id, school.ana.actor) as scope:
        await roles.change(scope, school.mia.member_id, Role.STUDENT)
    for mail in mails:
        assert await do(shop, mail["id"]) is None
    letters = sorted(path.read_text() for path in tmp_path.rglob("*.eml"))
    assert len(letters) == 1
    assert all("A week of moderation" in letter and "Flags by members: 1." in letter for letter in letters)
