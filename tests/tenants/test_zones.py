"""In whose time a member is told until when they may not write: their own where their profile names it, else ours."""

from datetime import UTC, datetime

import pytest

from tenants.channels import channels
from tenants.errors import Forbidden
from tenants.ids import RoomId
from tenants.members import members, profiles
from tenants.moderation import raid
from tenants.scope import Committed, Tenancy
from tests.tenants.filtering import say
from tests.tenants.moderating import SOON, act, acting
from tests.world import School, World, make_person


@pytest.fixture
async def zoned(tenancy: Tenancy, school: School) -> School:
    """A school in Lisbon, with Sam in Tokyo."""
    async with acting(tenancy, school, school.ana) as scope:
        await channels.edit(scope, {"time_zone": "Europe/Lisbon"})
    async with acting(tenancy, school, school.sam) as scope:
        await profiles.put(scope, profiles.prepare({"time_zone": "Asia/Tokyo"}))
    return school


async def told(tenancy: Tenancy, school: School, kind: str) -> dict[object, str]:
    """What those hear who are silenced by a mute of Sam and Zoe, or a raid."""
    heard: list[Committed] = []
    tenancy.after_commit = heard.append
    if kind == "raid":
        async with acting(tenancy, school, school.mia) as scope:
            await raid.begin(scope)
    else:
        for who in (school.sam, school.zoe):
            until = datetime.now(UTC) + SOON
            await act(tenancy, school, school.mia, "mute", member_id=who.member_id, until=until)
    tenancy.after_commit = None
    notices = [notice for each in heard for _, notice in each.notices if notice.event == "muted"]
    return {each.person_id: each.payload["said"] for each in notices}


@pytest.mark.parametrize("kind", ["mute", "raid"])
async def test_each_is_told_in_their_own_time(tenancy: Tenancy, zoned: School, room: RoomId, kind: str) -> None:
    said = await told(tenancy, zoned, kind)
    for who, zone in ((zoned.sam, r"\d\d:\d\d JST"), (zoned.zoe, r"\d\d:\d\d WES?T")):
        with pytest.raises(Forbidden, match=zone) as refused:
            await say(tenancy, zoned, who, room, "More")
        assert refused.value.message == said[who.person_id]


async def test_who_is_kept_out_by_a_raid_is_told_in_the_time_of_the_channel(
    tenancy: Tenancy, world: World, zoned: School
) -> None:
    await told(tenancy, zoned, "raid")
    person = await make_person(tenancy, "newcomer")
    with pytest.raises(Forbidden, match=r"Nobody new comes in until .* WES?T\. "):
        async with acting(tenancy, zoned, person) as scope:
            await members.join(scope)
