"""Polls: what may be asked, that one person votes once, when votes are refused, and what nobody is told."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tenants.community import bell, direct, direct_standing, drafts, edits, messages, polls, voting
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.ids import RoomId
from tenants.permissions import Role
from tenants.scope import Committed, Tenancy
from tests.tenants.moderating import acting
from tests.tenants.polling import ask, asked, close, counts, place, standing, vote
from tests.world import School, World, add_member, make_person


@pytest.fixture
async def room(tenancy: Tenancy, school: School) -> RoomId:
    return await place(tenancy, school)


def test_what_is_no_poll_is_refused_at_its_place() -> None:
    for options, pointer in (
        (["One"], "/poll/options"), ([str(n) for n in range(11)], "/poll/options"),
        (["Yes", " YES "], "/poll/options/1"),
        (["Yes", " "], "/poll/options/1"), (["x" * 201, "No"], "/poll/options/0"), (["a\nb", "No"], "/poll/options/0"),
        (["a\u202eb", "No"], "/poll/options/0"), (["\ud800", "No"], "/poll/options/0"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            asked(*options)
        assert [error.pointer for error in refused.value.errors] == [pointer]
    with pytest.raises(Invalid):
        drafts.draft(uuid4(), " ", poll=asked())
    assert polls.check(["x" * 200, " Jo  Ann "], several=False, anonymous=False, ends_at=None).options[1] == "Jo Ann"


async def test_a_poll_stands_in_its_message_and_nowhere_else(tenancy: Tenancy, school: School, room: RoomId) -> None:
    end = datetime.now(UTC) + timedelta(days=30)
    message = await ask(tenancy, school, school.sam, room, asked(several=True, ends_at=end))
    assert await standing(tenancy, school, school.zoe, message) == {
        "options": [{"text": each, "count": 0} for each in ("Tuesday", "Wednesday", "Thursday")], "voters": 0,
        "several": True, "anonymous": False, "ends_at": end.isoformat(timespec="seconds"), "closed": False, "v": 0,
        "mine": [],
    }  # fmt: skip
    async with acting(tenancy, school, school.sam) as scope:
        posted = await messages.post(scope, room, drafts.draft(uuid4(), "No poll"))
    assert await standing(tenancy, school, school.zoe, posted.id) is None
    with pytest.raises(NotFound, match="no poll"):
        await vote(tenancy, school, school.zoe, posted.id, 0)


async def test_a_poll_ends_within_thirty_days_and_is_sent_again_after_its_end(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    now, client_id = datetime.now(UTC), uuid4()
    for end in (now - timedelta(seconds=1), now + timedelta(days=30, minutes=1)):
        with pytest.raises(Invalid, match="within 30 days"):
            await ask(tenancy, school, school.sam, room, asked(ends_at=end))
    soon = asked(ends_at=now + timedelta(seconds=1))
    message = await ask(tenancy, school, school.sam, room, soon, client_id=client_id)
    await vote(tenancy, school, school.zoe, message, 1)
    await asyncio.sleep(1.1)
    assert await ask(tenancy, school, school.sam, room, soon, client_id=client_id) == message
    with pytest.raises(Conflict, match="closed"):
        await vote(tenancy, school, school.zoe, message)
    ended = await standing(tenancy, school, school.zoe, message)
    assert (counts(ended), ended and ended["closed"]) == ([0, 1, 0], True)


async def test_voting_again_replaces_and_the_same_again_counts_once_and_tells_nothing(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    message = await ask(tenancy, school, school.sam, room)
    for options, expected in (((0,), [1, 0, 0]), ((0,), [1, 0, 0]), ((2,), [0, 0, 1]), ((), [0, 0, 0])):
        poll = await vote(tenancy, school, school.zoe, message, *options)
        assert (counts(poll), poll["mine"], poll["voters"]) == (expected, list(options), len(options))
    assert poll["v"] == 3
    await vote(tenancy, school, school.zoe, message)
    for wrong in ((0, 1), (3,), (-1,)):
        with pytest.raises(Invalid):
            await vote(tenancy, school, school.zoe, message, *wrong)
    again = await standing(tenancy, school, school.zoe, message)
    assert again is not None
    assert again["v"] == 3


async def test_several_options_are_one_voter(tenancy: Tenancy, school: School, room: RoomId) -> None:
    message = await ask(tenancy, school, school.sam, room, asked(several=True))
    await vote(tenancy, school, school.zoe, message, 2, 0, 2)
    poll = await vote(tenancy, school, school.ben, message, 2)
    assert (counts(poll), poll["voters"]) == ([1, 0, 2], 2)


async def test_twenty_votes_of_one_person_at_once_count_once(tenancy: Tenancy, school: School, room: RoomId) -> None:
    message = await ask(tenancy, school, school.sam, room)
    await asyncio.gather(*(vote(tenancy, school, school.zoe, message, 1) for _ in range(20)))
    poll = await standing(tenancy, school, school.zoe, message)
    assert (counts(poll), poll and poll["voters"], poll and poll["v"]) == ([0, 1, 0], 1, 1)
    await asyncio.gather(*(vote(tenancy, school, school.zoe, message, n % 3) for n in range(20)))
    poll = await standing(tenancy, school, school.zoe, message)
    assert (sum(counts(poll)), poll and poll["voters"]) == (1, 1)


async def test_votes_of_many_at_once_are_all_counted(tenancy: Tenancy, school: School, room: RoomId) -> None:
    message = await ask(tenancy, school, school.sam, room)
    people = [await add_member(tenancy, school, await make_person(tenancy, f"p{n}"), Role.STUDENT) for n in range(20)]
    await asyncio.gather(*(vote(tenancy, school, each, message, n % 3) for n, each in enumerate(people)))
    assert counts(await standing(tenancy, school, school.sam, message)) == [7, 7, 6]


async def test_who_may_read_the_room_and_is_a_member_may_vote(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    announced = await place(tenancy, school, "announcement")
    message = await ask(tenancy, school, school.ben, announced)
    assert counts(await vote(tenancy, school, school.sam, message, 0)) == [1, 0, 0]
    private = await ask(tenancy, school, school.ana, await place(tenancy, school, "private"))
    with pytest.raises(NotFound):
        await vote(tenancy, school, school.sam, private, 0)
    with pytest.raises(NotFound):
        await vote(tenancy, world.chess, world.chess.eve, message, 0)
    opened = await ask(tenancy, school, school.ana, await place(tenancy, school, "open"))
    with pytest.raises(Forbidden, match="Join"):
        await vote(tenancy, school, world.nobody, opened, 0)


async def test_an_edit_changes_the_question_and_no_option(tenancy: Tenancy, school: School, room: RoomId) -> None:
    message = await ask(tenancy, school, school.sam, room)
    await vote(tenancy, school, school.zoe, message, 1)
    before = await standing(tenancy, school, school.zoe, message)
    async with acting(tenancy, school, school.sam) as scope:
        await edits.edit(scope, message, drafts.draft(uuid4(), "Which evening?", poll=asked("Other", "Options")))
    assert await standing(tenancy, school, school.zoe, message) == before
    with pytest.raises(Invalid):
        async with acting(tenancy, school, school.sam) as scope:
            await edits.edit(scope, message, drafts.draft(uuid4(), "", bare=True))


async def test_its_author_and_moderators_close_a_poll_and_nobody_else(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    for who in (school.sam, school.mia):
        message = await ask(tenancy, school, school.sam, room)
        await vote(tenancy, school, school.zoe, message, 1)
        with pytest.raises(Forbidden):
            await close(tenancy, school, school.zoe, message)
        assert (await close(tenancy, school, who, message))["closed"]
        assert (await close(tenancy, school, who, message))["v"] == 2
        for options in ((0,), ()):
            with pytest.raises(Conflict, match="closed"):
                await vote(tenancy, school, school.zoe, message, *options)


async def test_voters_are_named_page_by_page_and_of_an_anonymous_poll_never(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    named = await ask(tenancy, school, school.sam, room)
    secret = await ask(tenancy, school, school.sam, room, asked(anonymous=True))
    for who in (school.zoe, school.ben, school.mia):
        for message in (named, secret):
            await vote(tenancy, school, who, message, 1)
    async with acting(tenancy, school, school.sam) as scope:
        first = await voting.voters(scope, named, 1, limit=2)
        rest = await voting.voters(scope, named, 1, after=first[-1]["vote_id"])
        assert [row["name"] for row in (*first, *rest)] == ["Zoe", "Ben", "Mia"]
        assert await voting.voters(scope, named, 0) == []
        with pytest.raises(NotFound):
            await voting.voters(scope, named, 3)
    for who in (school.sam, school.ana, school.mia):
        with pytest.raises(Forbidden, match="anonymous"):
            async with acting(tenancy, school, who) as scope:
                await voting.voters(scope, secret, 1)


async def test_what_a_vote_tells_the_room_names_nobody_and_the_voter_alone_their_choice(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    message = await ask(tenancy, school, school.sam, room, asked(anonymous=True))
    told: list[Committed] = []
    tenancy.after_commit = told.append
    await vote(tenancy, school, school.zoe, message, 1)
    tenancy.after_commit = None
    changed, mine = [notice for committed in told for _, notice in committed.notices]
    assert (changed.event, changed.room_id) == ("poll.changed", room)
    assert changed.payload == {
        "room": str(room), "message": str(message), "v": 1, "counts": [0, 1, 0], "voters": 1, "closed": False,
    }  # fmt: skip
    assert (mine.event, mine.room_id, mine.person_id) == ("poll.voted", None, school.zoe.person_id)
    assert mine.payload["mine"] == [1]


async def test_a_conversation_votes_once_it_is_accepted(tenancy: Tenancy, school: School) -> None:
    async with acting(tenancy, school, school.sam) as scope:
        talk, _ = await direct.open_with(scope, [school.zoe.member_id], "")
    message = await ask(tenancy, school, school.sam, talk["id"])
    with pytest.raises(Forbidden):
        await vote(tenancy, school, school.zoe, message, 0)
    async with acting(tenancy, school, school.zoe) as scope:
        await direct_standing.accept(scope, talk["id"])
    assert counts(await vote(tenancy, school, school.zoe, message, 0)) == [1, 0, 0]
    for who in (school.ana, school.mia):
        with pytest.raises(NotFound):
            await vote(tenancy, school, who, message, 0)
        with pytest.raises(NotFound):
            await close(tenancy, school, who, message)


async def test_the_bell_says_that_it_is_a_poll(tenancy: Tenancy, school: School, room: RoomId) -> None:
    await ask(tenancy, school, school.sam, room, body=f"<@{school.zoe.member_id}> which day?")
    async with acting(tenancy, school, school.zoe) as scope:
        (told,) = await bell.page(scope)
    assert told.title == "Poll: @Zoe which day?"


async def test_a_page_without_polls_costs_no_further_statement(
    tenancy: Tenancy, school: School, room: RoomId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acting(tenancy, school, school.sam) as scope:
        await messages.post(scope, room, drafts.draft(uuid4(), "No poll"))
    async with acting(tenancy, school, school.sam) as scope:
        rows = await messages.page(scope, room)
        asked_of: list[UUID] = []
        monkeypatch.setattr(type(scope), "all", lambda *_given, **_named: asked_of.append(room))
        assert [one["poll"] for one in await voting.shown(scope, rows)] == [None]
    assert asked_of == []
