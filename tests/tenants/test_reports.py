"""Weekly reports: a week in figures, once for each channel, in its own zone, without anybody's words or names."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from tenants import directory
from tenants.channels import channels
from tenants.community import caseload, insiders
from tenants.errors import Forbidden, NotFound
from tenants.members import bans
from tenants.moderation import appeals, deleting, reports
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.tenants.filtering import add, owner_runs, say
from tests.tenants.moderating import act, acting, flag, waiting
from tests.tenants.test_community import make_room
from tests.world import School, World

MONDAY = date(2026, 11, 23)


def this_week() -> date:
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


async def write(tenancy: Tenancy, school: School, week_on: date) -> object:
    async with tenancy.scope(school.id, acting_system("clock")) as scope:
        return await reports.write(scope, week_on)


async def test_a_week_is_told_in_figures_once_and_mailed_to_those_who_moderate(
    tenancy: Tenancy, database: str, world: World
) -> None:
    school = world.pottery
    room, private = await make_room(tenancy, school), await make_room(tenancy, school, "private", "Back room")
    async with acting(tenancy, school, school.ana) as scope:
        for who in (school.sam, school.zoe):
            await insiders.let_in(scope, private, who.member_id)
    await add(tenancy, school, "words", "refuse")
    with pytest.raises(Forbidden):
        await say(tenancy, school, school.sam, room, "clay")
    said = [await say(tenancy, school, school.sam, at, "secret words") for at in (room, room, private)]
    for each in said:
        await flag(tenancy, school, school.zoe, each.id)
    (first, second) = await waiting(tenancy, school, school.mia)
    hidden = await act(tenancy, school, school.mia, "hide", case_id=first.row["id"])
    async with acting(tenancy, school, school.mia) as scope:
        await deleting.delete(scope, second.row["message_id"])
    async with acting(tenancy, school, school.sam) as scope:
        case_id = await appeals.appeal(scope, hidden["id"], "No")
    async with acting(tenancy, school, school.ana) as scope:
        await appeals.decide(scope, case_id, "Right", upheld=False)
    assert await write(tenancy, school, this_week()) is not None
    assert await write(tenancy, school, this_week()) is None
    async with acting(tenancy, school, school.mia) as scope:
        (report,) = await reports.page(scope)
    told = report["figures"]
    assert told["flags"] == {"spam": 3}
    assert told["acts"] == {"delete": {"count": 1, "undone": 0}, "hide": {"count": 1, "undone": 1}}
    assert told["appeals"] == {"made": 1, "upheld": 0, "overturned": 1}
    assert told["catches"] == [{"name": "No words", "action": "refuse", "count": 1}]
    assert told["cases"] | {"median_seconds": 0} == {"opened": 4, "decided": 3, "waiting": 1, "median_seconds": 0}
    assert [each["flags"] for each in told["rooms"]] == [2, 1]
    assert "secret" not in repr(told)
    assert "Sam" not in repr(told)
    mails = "select count(*) from jobs where channel_id = $1 and payload->>'template' = 'moderation_report'"
    owner = await asyncpg.connect(database)
    async with owner.transaction():
        await owner.execute("alter table jobs no force row level security")
        assert await owner.fetchval(mails, school.id) == 2
        await owner.execute("alter table jobs force row level security")
    await owner.close()


async def test_nobody_who_was_banned_or_left_is_told(tenancy: Tenancy, world: World) -> None:
    school = world.pottery

    async def staff() -> set[object]:
        async with tenancy.scope(school.id, acting_system("test")) as scope:
            return set(await caseload.moderators(scope))

    assert await staff() == {school.ana.person_id, school.mia.person_id}
    async with acting(tenancy, school, school.ana) as scope:
        await bans.ban(scope, school.mia.member_id, "spam")
    assert await staff() == {school.ana.person_id}


async def test_a_quiet_week_is_written_down_and_mailed_to_nobody(tenancy: Tenancy, world: World) -> None:
    await write(tenancy, world.chess, MONDAY)
    async with acting(tenancy, world.chess, world.chess.otto) as scope:
        (report,) = await reports.page(scope)
        assert not reports.happened(report["figures"])
        assert (await reports.find(scope, report["id"]))["week_on"] == MONDAY
        assert await reports.page(scope, before=MONDAY) == []
    for who in (world.chess.eve,):
        with pytest.raises(Forbidden):
            async with acting(tenancy, world.chess, who) as scope:
                await reports.page(scope)
    with pytest.raises(NotFound):
        async with acting(tenancy, world.pottery, world.pottery.mia) as scope:
            await reports.find(scope, report["id"])


async def test_a_report_is_due_on_monday_morning_where_the_channel_is(own: Tenancy, fresh: str, here: World) -> None:
    chess, pottery = here.chess, here.pottery
    for school, zone in ((pottery, "Pacific/Auckland"), (chess, "America/Los_Angeles")):
        async with own.scope(school.id, next(iter(school.people.values())).actor) as scope:
            await channels.edit(scope, {"time_zone": zone})
    await owner_runs(fresh, "channels", "update channels set created_at = $1", datetime(2026, 1, 1, tzinfo=UTC))
    await write(own, chess, date(2026, 11, 16))
    sunday_in_chess = datetime(2026, 11, 29, 20, tzinfo=UTC)  # Monday 09:00 in Auckland, Sunday noon in Los Angeles
    assert await directory.reports_due(own, sunday_in_chess, 10) == [(pottery.id, MONDAY)]
    await write(own, pottery, MONDAY)
    assert await directory.reports_due(own, sunday_in_chess, 10) == []
    assert await directory.reports_due(own, datetime(2026, 11, 30, 13, tzinfo=UTC), 10) == []
    assert await directory.reports_due(own, datetime(2026, 11, 30, 15, tzinfo=UTC), 10) == [(chess.id, MONDAY)]
