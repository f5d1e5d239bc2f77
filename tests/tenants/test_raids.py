"""Raid mode: one switch that closes the door, silences who is new, slows all, and ends without a trace."""

from datetime import UTC, datetime, timedelta

import pytest

from tenants import audit
from tenants.community import bell, messages, rooms
from tenants.community.sanctions import said_of
from tenants.errors import Forbidden, Invalid, TooFast
from tenants.ids import RoomId
from tenants.members import members, raids
from tenants.moderation import raid
from tenants.scope import Committed, Record, Tenancy
from tests.tenants.filtering import change, joined_long_ago, owner_runs, say
from tests.tenants.moderating import act, acting, read, waiting
from tests.tenants.test_community import make_room
from tests.world import School, Somebody, World, make_person


async def begin(tenancy: Tenancy, school: School, minutes: int = 60, who: Somebody | None = None) -> Record:
    async with acting(tenancy, school, who or school.mia) as scope:
        return await raid.begin(scope, minutes)


async def end(tenancy: Tenancy, school: School) -> None:
    async with acting(tenancy, school, school.mia) as scope:
        await raid.end(scope)


async def test_who_is_new_only_reads_and_all_may_write_when_it_ends(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    said = await say(tenancy, school, school.sam, room, "Hello")
    await begin(tenancy, school)
    for attempt in (say(tenancy, school, school.sam, room, "More"), change(tenancy, school, school.sam, said.id, "x")):
        with pytest.raises(Forbidden, match="New members only read until") as refused:
            await attempt
        assert refused.value.code == "raid"
    await say(tenancy, school, school.ben, room, "The team writes")
    await say(tenancy, school, school.ben, room, "as fast as ever")
    await end(tenancy, school)
    await end(tenancy, school)
    await say(tenancy, school, school.sam, room, "Back")
    await say(tenancy, school, school.sam, room, "at once")


async def test_those_less_than_a_week_there_write_slowly_and_their_links_are_held(
    tenancy: Tenancy, database: str, school: School, room: RoomId
) -> None:
    await joined_long_ago(database, school, 3)
    await begin(tenancy, school)
    held = await say(tenancy, school, school.sam, room, "See https://example.org")
    assert (await read(tenancy, school, held.id))["hidden"]
    (case,) = await waiting(tenancy, school, school.mia)
    assert [each["name"] for each in case.catches] == ["Raid mode"]
    with pytest.raises(TooFast, match="30 seconds"):
        await say(tenancy, school, school.sam, room, "And more")
    await joined_long_ago(database, school, 30)
    free = await say(tenancy, school, school.zoe, room, "See https://example.org")
    assert not (await read(tenancy, school, free.id))["hidden"]


async def test_the_door_is_closed_and_members_stay(tenancy: Tenancy, world: World, school: School) -> None:
    person = await make_person(tenancy, "newcomer")
    await begin(tenancy, school)
    with pytest.raises(Forbidden, match="Nobody new comes in"):
        async with acting(tenancy, school, person) as scope:
            await members.join(scope)
    async with acting(tenancy, school, school.sam) as scope:
        await members.join(scope)
    async with acting(tenancy, world.chess, person) as scope:
        await members.join(scope)
    await end(tenancy, school)
    async with acting(tenancy, school, person) as scope:
        assert (await members.join(scope))["role"] == "student"


async def test_nobody_is_called_by_room(tenancy: Tenancy, school: School, room: RoomId) -> None:
    await begin(tenancy, school)
    said = await say(tenancy, school, school.ana, room, "@room look")
    assert "data-group" not in (await read(tenancy, school, said.id))["html"]
    await end(tenancy, school)
    said = await say(tenancy, school, school.ana, room, "@room look")
    assert 'data-group="room"' in (await read(tenancy, school, said.id))["html"]


async def test_open_screens_are_told_both_times_and_a_rooms_own_pace_comes_back(
    tenancy: Tenancy, database: str, school: School, room: RoomId
) -> None:
    await joined_long_ago(database, school, 2)
    sam = "update members set joined_at = now() where id = $1"
    await owner_runs(database, "members", sam, school.sam.member_id)
    await act(tenancy, school, school.mia, "slow", room_id=room, seconds=10)
    heard: list[Committed] = []
    tenancy.after_commit = heard.append
    await begin(tenancy, school)
    await end(tenancy, school)
    tenancy.after_commit = None
    on, off = [[notice for _, notice in each.notices] for each in heard]
    paces = [[each.payload["seconds"] for each in told if each.event == "room.slowed"] for told in (on, off)]
    assert paces == [[30], [10]]
    muted = [
        [(each.person_id, bool(each.payload["said"])) for each in told if each.event == "muted"] for told in (on, off)
    ]
    assert muted == [[(school.sam.person_id, True)], [(school.sam.person_id, False)]]
    rung = [{each.person_id for each in told if each.event == "notice"} for told in (on, off)]
    assert rung == [{school.ana.person_id, school.mia.person_id}] * 2
    async with acting(tenancy, school, school.mia) as scope:
        assert [told.title for told in await bell.page(scope)] == ["Raid mode has ended."]
    async with acting(tenancy, school, school.zoe) as scope:
        assert said_of(await rooms.find_by_slug(scope, "wheel-talk")) == ("", 10)


async def test_again_prolongs_it_and_it_runs_out_by_itself(tenancy: Tenancy, database: str, school: School) -> None:
    first = await begin(tenancy, school, 10)
    second = await begin(tenancy, school, 90)
    assert first["id"] == second["id"]
    assert second["ends_at"] > datetime.now(UTC) + timedelta(minutes=80)
    async with acting(tenancy, school, school.mia) as scope:
        await raid.run_out(scope, first["id"])
        assert await raids.standing(scope) is not None
    for table, column in (("raids", "ends_at"), ("restraints", "until")):
        past = f"update {table} set {column} = now() - interval '1 second' where channel_id = $1"
        await owner_runs(database, table, past, school.id)
    await say(tenancy, school, school.sam, await make_room(tenancy, school), "Over")
    async with acting(tenancy, school, school.mia) as scope:
        await raid.run_out(scope, first["id"])
        await raid.run_out(scope, first["id"])
    async with acting(tenancy, school, school.ana) as scope:
        told = [row["action"] for row in await audit.page(scope) if row["action"].startswith("raid")]
    assert told == ["raid.end", "raid.extend", "raid.begin"]
    assert (await begin(tenancy, school))["id"] != first["id"]


async def test_the_switch_is_the_moderators(tenancy: Tenancy, school: School) -> None:
    for who in (school.zoe, school.ben):
        with pytest.raises(Forbidden):
            await begin(tenancy, school, who=who)
        with pytest.raises(Forbidden):
            async with acting(tenancy, school, who) as scope:
                await raid.end(scope)
    for minutes in (0, 1441):
        with pytest.raises(Invalid):
            await begin(tenancy, school, minutes)


async def test_a_mute_of_ones_own_outlasts_a_raid(tenancy: Tenancy, school: School, room: RoomId) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    await act(tenancy, school, school.mia, "mute", member_id=school.sam.member_id, until=until)
    heard: list[Committed] = []
    await begin(tenancy, school)
    tenancy.after_commit = heard.append
    await end(tenancy, school)
    tenancy.after_commit = None
    told = {notice.person_id for _, notice in heard[0].notices if notice.event == "muted"}
    assert school.sam.person_id not in told
    with pytest.raises(Forbidden, match="muted until"):
        await say(tenancy, school, school.sam, room, "Hello")
    assert await _head(tenancy, school, room) == 0


async def _head(tenancy: Tenancy, school: School, room: RoomId) -> int:
    async with acting(tenancy, school, school.zoe) as scope:
        return len(await messages.page(scope, room))
