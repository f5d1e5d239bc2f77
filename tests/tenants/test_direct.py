"""Direct rooms: found or made by their people, asked for first, seen by nobody else, shut by a block."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from search import query
from search.indexing import follow
from search.postgres import PostgresSearch
from tenants import directory, permissions
from tenants.community import (
    audience,
    bell,
    direct,
    direct_standing,
    messages,
    rooms,
    threads,
)
from tenants.community.drafts import draft
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from tenants.ids import RoomId
from tenants.members import bans, members
from tenants.permissions import VISITOR, Actor, Role
from tenants.scope import Record, Tenancy
from tests.tenants.test_community import say
from tests.tenants.test_rooms import sees
from tests.world import School, Somebody, World, add_member, make_person


async def opened(
    tenancy: Tenancy, school: School, who: Somebody, *others: Somebody, name: str = ""
) -> tuple[RoomId, bool]:
    async with tenancy.scope(school.id, who.actor) as scope:
        row, made = await direct.open_with(scope, [each.member_id for each in others], name)
    return RoomId(row["id"]), made


async def stand(tenancy: Tenancy, school: School, who: Somebody, how: str, thing: UUID) -> None:
    """Accept, decline, leave; block or unblock a member."""
    async with tenancy.scope(school.id, who.actor) as scope:
        await getattr(direct_standing, how)(scope, thing)


async def talking(tenancy: Tenancy, school: School, *people: Somebody) -> RoomId:
    """A conversation that all have accepted, with one message."""
    room, _ = await opened(tenancy, school, people[0], *people[1:])
    await say(tenancy, school, people[0].actor, room)
    for each in people[1:]:
        await stand(tenancy, school, each, "accept", room)
    return room


async def listed(tenancy: Tenancy, school: School, who: Somebody, state: str = "in") -> list[Record]:
    async with tenancy.scope(school.id, who.actor) as scope:
        return await direct.page(scope, state)


async def refusal(tenancy: Tenancy, school: School, who: Somebody, room: RoomId) -> str:
    """Why somebody cannot write in a room."""
    with pytest.raises(Refusal) as refused:
        await say(tenancy, school, who.actor, room)
    return refused.value.code


def names(rows: Sequence[Record]) -> list[str]:
    return [row["name"] for row in rows]


async def test_a_conversation_is_found_by_its_people_and_two_that_begin_at_once_make_one(
    tenancy: Tenancy, school: School
) -> None:
    sam, zoe, ben = school.sam, school.zoe, school.ben
    found = await asyncio.gather(
        *(opened(tenancy, school, one, other) for one, other in ((sam, zoe), (zoe, sam)) * 3),
        *(opened(tenancy, school, one, two, sam) for one, two in ((zoe, ben), (ben, zoe)) * 2),
    )
    pairs, groups = found[:6], found[6:]
    assert len({room for room, _ in pairs}) == len({room for room, _ in groups}) == 1
    assert [[made for _, made in each].count(True) for each in (pairs, groups)] == [1, 1]
    assert pairs[0][0] != groups[0][0]


async def test_who_is_asked_reads_apart_and_answers_once_they_accept(tenancy: Tenancy, school: School) -> None:
    sam, zoe = school.sam, school.zoe
    room, _ = await opened(tenancy, school, sam, zoe)
    assert (await listed(tenancy, school, zoe, "asked"), names(await listed(tenancy, school, sam))) == ([], ["Zoe"])
    for _ in range(3):
        await say(tenancy, school, sam.actor, room)
    assert await refusal(tenancy, school, sam, room) == "request_waits"
    assert names(await listed(tenancy, school, zoe, "asked")) == ["Sam"]
    assert await listed(tenancy, school, zoe) == []
    async with tenancy.scope(school.id, zoe.actor) as scope:
        assert len(await messages.page(scope, room)) == 3
    assert await refusal(tenancy, school, zoe, room) == "unanswered"
    for _ in range(2):
        await stand(tenancy, school, zoe, "accept", room)
    assert (await say(tenancy, school, zoe.actor, room)).seq == 4
    assert (await say(tenancy, school, sam.actor, room)).seq == 5
    assert [(row["name"], row["unread"]) for row in await listed(tenancy, school, zoe)] == [("Sam", 5)]


async def test_who_declines_is_asked_no_more_and_may_think_again(tenancy: Tenancy, school: School) -> None:
    sam, zoe = school.sam, school.zoe
    room, _ = await opened(tenancy, school, sam, zoe)
    await say(tenancy, school, sam.actor, room)
    for _ in range(2):
        await stand(tenancy, school, zoe, "decline", room)
    assert await listed(tenancy, school, zoe, "asked") == await listed(tenancy, school, zoe) == []
    # Whoever asked sees what they saw before.
    assert [(row["accepted"], row["standing"]) for row in await listed(tenancy, school, sam)] == [(False, "in")]
    assert (await say(tenancy, school, sam.actor, room)).seq == 2
    assert await opened(tenancy, school, zoe, sam) == (room, False)
    assert names(await listed(tenancy, school, zoe)) == ["Sam"]
    with pytest.raises(Conflict, match="take part"):
        await stand(tenancy, school, zoe, "decline", room)


async def test_staff_write_to_students_without_asking(tenancy: Tenancy, school: School) -> None:
    for who in (school.ben, school.mia, school.ana):
        room, _ = await opened(tenancy, school, who, school.sam)
        for _ in range(4):
            await say(tenancy, school, who.actor, room)
    assert sorted(names(await listed(tenancy, school, school.sam))) == ["Ana", "Ben", "Mia"]
    room, _ = await opened(tenancy, school, school.zoe, school.ben)
    await say(tenancy, school, school.zoe.actor, room)
    assert names(await listed(tenancy, school, school.ben, "asked")) == ["Zoe"]


async def test_nobody_sees_a_conversation_but_those_in_it_whatever_their_role(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await talking(tenancy, school, school.sam, school.zoe)
    for who in (school.ana, school.ben, school.mia):
        assert not await sees(tenancy, school, who.actor, room)
    for who in (school.sam, school.zoe):
        async with tenancy.scope(school.id, who.actor) as scope:
            assert (await rooms.find(scope, room))["kind"] == "direct"
        assert await directory.rooms_lost(tenancy, [(school.id, who.member_id, room)]) == []
    for actor in (VISITOR, school.ana.actor):
        async with tenancy.scope(school.id, actor) as scope:
            with pytest.raises(NotFound):
                await rooms.find(scope, room)
            assert room not in {row["id"] for row in await rooms.seen(scope, archived=True)}
    key = Actor(school.sam.person_id, school.sam.member_id, Role.STUDENT, "Sam", key_id=uuid4())
    async with tenancy.scope(school.id, key) as scope:
        with pytest.raises(NotFound):
            await rooms.find(scope, room)
        assert await direct.mine(scope) == []
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        with pytest.raises(NotFound):
            await direct.find(scope, room)


async def test_search_and_threads_find_what_is_said_there_for_those_inside_alone(
    tenancy: Tenancy, school: School
) -> None:
    room = await talking(tenancy, school, school.sam, school.zoe)
    posted = await say(tenancy, school, school.sam.actor, room, "porcelain secrets")
    async with tenancy.scope(school.id, school.zoe.actor) as scope:
        await messages.post(scope, room, draft(uuid4(), "a reply", posted.id))
        await follow(scope, PostgresSearch(), [("message", posted.id)])
        assert [row["id"] for row in await threads.followed(scope)] == [str(posted.id)]
    for who, expected in ((school.sam, ["Zoe"]), (school.zoe, ["Sam"]), (school.ana, []), (school.mia, [])):
        async with tenancy.scope(school.id, who.actor) as scope:
            found = await query.search(scope, PostgresSearch(), "porcelain")
            assert [hit.title for hit in found.items] == expected, who.name


async def test_who_left_or_is_banned_loses_it_at_once_and_is_reached_no_more(tenancy: Tenancy, school: School) -> None:
    sam, zoe = school.sam, school.zoe
    room = await talking(tenancy, school, sam, zoe)
    async with tenancy.scope(school.id, zoe.actor) as scope:
        await members.leave(scope)
    gone = Actor(zoe.person_id, None, None, "Zoe")
    async with tenancy.scope(school.id, gone) as scope:
        with pytest.raises(NotFound):
            await rooms.find(scope, room)
    assert await refusal(tenancy, school, sam, room) == "unreachable"
    with pytest.raises(NotFound):
        await opened(tenancy, school, school.ben, zoe)
    other = await talking(tenancy, school, sam, school.ben)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await bans.ban(scope, sam.member_id, "Spam.")
    assert await refusal(tenancy, school, school.ben, other) == "unreachable"


async def test_a_group_is_named_and_left_and_then_is_another_set(tenancy: Tenancy, school: School) -> None:
    sam, zoe, ben = school.sam, school.zoe, school.ben
    room = await talking(tenancy, school, sam, zoe, ben)
    assert names(await listed(tenancy, school, sam)) == ["Ben, Zoe"]
    async with tenancy.scope(school.id, zoe.actor) as scope:
        await direct_standing.rename(scope, room, "  Kiln   watch ")
    assert names(await listed(tenancy, school, sam)) == ["Kiln watch"]
    await stand(tenancy, school, zoe, "leave", room)
    async with tenancy.scope(school.id, zoe.actor) as scope:
        with pytest.raises(NotFound):
            await messages.page(scope, room)
    assert await directory.rooms_lost(tenancy, [(school.id, zoe.member_id, room)]) == [0]
    assert (await opened(tenancy, school, sam, zoe, ben))[0] != room
    pair = await talking(tenancy, school, sam, zoe)
    for act_ in ("leave",):
        with pytest.raises(Conflict):
            await stand(tenancy, school, sam, act_, pair)
    async with tenancy.scope(school.id, sam.actor) as scope:
        with pytest.raises(Conflict):
            await direct_standing.rename(scope, pair, "Us")


async def test_the_bell_tells_of_a_new_conversation_once(tenancy: Tenancy, school: School) -> None:
    room = await talking(tenancy, school, school.sam, school.zoe)
    await say(tenancy, school, school.sam.actor, room)
    for who, expected in ((school.zoe, ["Sam has written to you"]), (school.sam, []), (school.ana, [])):
        async with tenancy.scope(school.id, who.actor) as scope:
            assert [told.title for told in await bell.page(scope) if told.kind == "direct"] == expected


async def test_a_mention_rings_in_a_conversation_that_was_accepted_and_in_no_request(
    tenancy: Tenancy, school: School
) -> None:
    sam, zoe = school.sam, school.zoe
    room, _ = await opened(tenancy, school, sam, zoe)
    await say(tenancy, school, sam.actor, room, f"<@{zoe.member_id}>")
    kinds: list[list[tuple[str, str]]] = []
    for _ in range(2):
        async with tenancy.scope(school.id, zoe.actor) as scope:
            kinds.append([(told.kind, told.room_name) for told in await bell.page(scope)])
        await stand(tenancy, school, zoe, "accept", room)
        await say(tenancy, school, sam.actor, room, f"<@{zoe.member_id}>")
    assert kinds == [[("direct", "")], [("mention", "Sam"), ("direct", "")]]


async def test_whom_one_may_call_in_a_conversation_are_those_in_it(tenancy: Tenancy, school: School) -> None:
    room = await talking(tenancy, school, school.sam, school.zoe)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        place = await rooms.find(scope, room)
        marks = "".join(
            f'<span class="mention" data-member="{who.member_id}"></span>' for who in (school.zoe, school.ana)
        )
        assert (await audience.meant(scope, place, marks)).members == (school.zoe.member_id,)


async def test_who_asks_nobody_or_too_many_is_refused(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    crowd = [await add_member(tenancy, school, await make_person(tenancy, f"kid{n}"), Role.STUDENT) for n in range(21)]
    for wrong, refused in (
        ([], Invalid), ([school.sam], Invalid), (crowd[:8], Invalid), ([world.chess.eve], NotFound),
    ):  # fmt: skip
        with pytest.raises(refused):
            await opened(tenancy, school, school.sam, *wrong)
    for each in crowd[:20]:
        await opened(tenancy, school, school.sam, each)
    with pytest.raises(Conflict, match="not answered"):
        await opened(tenancy, school, school.sam, crowd[20])
    await opened(tenancy, school, school.sam, crowd[3])
    for each in crowd:
        await opened(tenancy, school, school.ben, each)


async def test_a_member_may_not_begin_without_the_right_and_still_answers(
    tenancy: Tenancy, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, _ = await opened(tenancy, school, school.ben, school.sam)
    narrowed = permissions.TABLE[Role.STUDENT] - {permissions.Action.MESSAGE_DIRECT}
    monkeypatch.setitem(permissions.TABLE, Role.STUDENT, narrowed)
    await say(tenancy, school, school.ben.actor, room)
    assert (await say(tenancy, school, school.sam.actor, room)).seq == 2
    with pytest.raises(Forbidden):
        await opened(tenancy, school, school.sam, school.zoe)


async def test_a_friend_who_accepts_lifts_no_limit_for_the_others(
    tenancy: Tenancy, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "MOST_UNANSWERED", 2)
    strangers = [
        await add_member(tenancy, school, await make_person(tenancy, f"stranger{n}"), Role.STUDENT) for n in range(3)
    ]
    for stranger in strangers[:2]:
        room, _ = await opened(tenancy, school, school.sam, school.zoe, stranger)
        await say(tenancy, school, school.sam.actor, room)
        await stand(tenancy, school, school.zoe, "accept", room)
    with pytest.raises(Conflict, match="have not answered"):
        await opened(tenancy, school, school.sam, school.zoe, strangers[2])
