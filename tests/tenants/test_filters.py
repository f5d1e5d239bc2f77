"""Filters: what is caught is refused, held or flagged, when it is posted and when it is changed, and nothing else."""

import asyncio
from uuid import uuid4

import pytest

from tenants import audit
from tenants.community import bell, messages
from tenants.community.drafts import draft
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.ids import RoomId
from tenants.moderation import appeals, filter_editing
from tenants.scope import Committed, Tenancy
from tests.databases import bare
from tests.tenants.filtering import RULES, add, change, filter_of, joined_long_ago, owner_runs, say
from tests.tenants.moderating import act, acting, read, undo, waiting
from tests.tenants.test_community import make_room
from tests.waiting import until
from tests.world import School, World


async def caught(tenancy: Tenancy, school: School) -> int:
    async with acting(tenancy, school, school.mia) as scope:
        return sum(row["caught"] for row in await filter_editing.every(scope))


async def test_a_held_message_keeps_its_place_and_comes_back_when_a_moderator_keeps_it(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    await add(tenancy, school, "words")
    heard: list[Committed] = []
    tenancy.after_commit = heard.append
    held = await say(tenancy, school, school.sam, room, f"Buy clay <@{school.zoe.member_id}>")
    tenancy.after_commit = None
    (posted,) = [notice for _, notice in heard[0].notices if notice.event == "message.posted"]
    assert (posted.payload["seq"], posted.payload["body"], posted.payload["hidden"]) == (1, "", True)
    assert "clay" not in repr(heard[0].notices)
    assert await read(tenancy, school, held.id) | {"body": "", "hidden": True} == await read(tenancy, school, held.id)
    (case,) = await waiting(tenancy, school, school.mia)
    assert (case.row["kind"], [each["name"] for each in case.catches]) == ("hold", ["No words"])
    assert case.about is not None
    assert "Buy clay" in case.about["body"]
    async with acting(tenancy, school, school.zoe) as scope:
        assert await bell.page(scope) == []
    kept = await act(tenancy, school, school.mia, "keep", case_id=case.row["id"])
    async with acting(tenancy, school, school.zoe) as scope:
        assert [(told.kind, told.message_id) for told in await bell.page(scope)] == [("mention", held.id)]
    assert "Buy clay" in (await read(tenancy, school, held.id))["body"]
    assert await waiting(tenancy, school, school.mia) == []
    await undo(tenancy, school, school.mia, kept["id"])
    assert (await read(tenancy, school, held.id))["hidden"]
    (again,) = await waiting(tenancy, school, school.mia)
    hidden = await act(tenancy, school, school.mia, "hide", case_id=again.row["id"])
    assert (await read(tenancy, school, held.id))["hidden"]
    async with acting(tenancy, school, school.sam) as scope:
        case_id = await appeals.appeal(scope, hidden["id"], "It was a joke")
    async with acting(tenancy, school, school.ana) as scope:
        await appeals.decide(scope, case_id, "So it was", upheld=False)
    assert "Buy clay" in (await read(tenancy, school, held.id))["body"]


async def test_what_is_refused_is_told_why_leaves_no_hole_and_is_counted(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    await add(tenancy, school, "words", "refuse")
    for words in ("clay", "Free money!"):
        with pytest.raises(Forbidden, match="words that are not said here") as refused:
            await say(tenancy, school, school.sam, room, words)
        assert refused.value.code == "filtered"
    assert (await say(tenancy, school, school.sam, room, "A bowl")).seq == 1
    assert await caught(tenancy, school) == 2
    assert await waiting(tenancy, school, school.mia) == []


async def test_what_is_flagged_is_read_and_has_a_case(tenancy: Tenancy, school: School, room: RoomId) -> None:
    await add(tenancy, school, "links", "flag")
    said = await say(tenancy, school, school.sam, room, "https://sub.evil.example/x")
    assert "evil" in (await read(tenancy, school, said.id))["body"]
    (case,) = await waiting(tenancy, school, school.mia)
    assert (case.row["kind"], case.row["message_id"]) == ("flag", said.id)


async def test_an_edit_is_screened_as_well(tenancy: Tenancy, school: School, room: RoomId) -> None:
    first = await add(tenancy, school, "words", "refuse")
    said = await say(tenancy, school, school.sam, room, "A bowl")
    with pytest.raises(Forbidden, match="words"):
        await change(tenancy, school, school.sam, said.id, "A bowl of clay")
    assert (await read(tenancy, school, said.id))["body"] == "A bowl"
    async with acting(tenancy, school, school.mia) as scope:
        await filter_editing.edit(scope, first["id"], {"action": "hold"})
    changed = await change(tenancy, school, school.sam, said.id, "A bowl of clay")
    assert changed["hidden_at"] is not None
    (case,) = await waiting(tenancy, school, school.mia)
    await act(tenancy, school, school.mia, "keep", case_id=case.row["id"])
    assert (await read(tenancy, school, said.id))["body"] == "A bowl of clay"


async def test_staff_is_never_screened_and_exempt_members_are_not(
    tenancy: Tenancy, database: str, school: School, room: RoomId
) -> None:
    await add(tenancy, school, "words", "refuse", exempt_days=30)
    for who in (school.ana, school.ben, school.mia):
        await say(tenancy, school, who, room, "clay")
    with pytest.raises(Forbidden):
        await say(tenancy, school, school.sam, room, "clay")
    await joined_long_ago(database, school, 31)
    await say(tenancy, school, school.sam, room, "clay")


async def test_what_stood_before_a_filter_is_acknowledged_when_it_is_sent_again(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    client_id = uuid4()
    first = await say(tenancy, school, school.sam, room, "clay", client_id)
    await add(tenancy, school, "words", "refuse")
    again = await say(tenancy, school, school.sam, room, "clay", client_id)
    assert (again.id, again.again) == (first.id, True)
    assert await caught(tenancy, school) == 0


async def test_the_first_in_order_decides_and_those_that_are_off_do_nothing(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    first = await add(tenancy, school, "words", "flag")
    second = await add(tenancy, school, "words", "refuse")
    await say(tenancy, school, school.sam, room, "clay")
    async with acting(tenancy, school, school.mia) as scope:
        await filter_editing.edit(scope, second["id"], {"position": 0})
        assert [row["id"] for row in await filter_editing.every(scope)] == [second["id"], first["id"]]
    with pytest.raises(Forbidden):
        await say(tenancy, school, school.sam, room, "clay")
    async with acting(tenancy, school, school.mia) as scope:
        await filter_editing.remove(scope, second["id"])
        with pytest.raises(NotFound):
            await filter_editing.remove(scope, second["id"])
        await filter_editing.edit(scope, first["id"], {"enabled": False})
    await say(tenancy, school, school.sam, room, "clay again")
    assert len(await waiting(tenancy, school, school.mia)) == 1


async def test_new_members_write_less_until_they_are_known(
    tenancy: Tenancy, database: str, school: School, room: RoomId
) -> None:
    await add(tenancy, school, "newcomers", "refuse")
    other = await make_room(tenancy, school, name="Kilns")
    with pytest.raises(Forbidden, match="2 messages an hour"):
        await say(tenancy, school, school.sam, room, "https://a.example https://b.example")
    await say(tenancy, school, school.sam, room, "https://a.example")
    with pytest.raises(Forbidden):
        await say(tenancy, school, school.sam, other, "more")
    await say(tenancy, school, school.zoe, other, "another's are not counted")
    await joined_long_ago(database, school)
    with pytest.raises(Forbidden):
        await say(tenancy, school, school.sam, room, "of too few messages still")
    await owner_runs(database, "traces", "delete from traces where channel_id = $1", school.id)
    for n in range(4):
        await owner_runs(database, "traces", "delete from traces where channel_id = $1", school.id)
        await say(tenancy, school, school.sam, room, f"number {n}")
    for n in range(3):
        await say(tenancy, school, school.sam, room, f"known {n}")


async def test_the_same_text_is_caught_over_rooms_even_at_the_same_moment(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    await add(tenancy, school, "repeats", "refuse")
    other = await make_room(tenancy, school, name="Kilns")
    tries = (say(tenancy, school, school.sam, at, "Join us") for at in (room, other, room, other))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each).__name__ for each in outcomes].count("Posted") == 1
    await say(tenancy, school, school.zoe, room, "join us!")
    said = await say(tenancy, school, school.sam, room, "Something else")
    with pytest.raises(Forbidden, match="already"):
        await change(tenancy, school, school.sam, said.id, "join **us**")


async def test_the_same_text_waits_for_its_twin_in_another_room(tenancy: Tenancy, school: School, room: RoomId) -> None:
    await add(tenancy, school, "repeats", "refuse")
    other = await make_room(tenancy, school, name="Kilns")
    async with acting(tenancy, school, school.sam) as first:
        await messages.post(first, room, draft(uuid4(), "Join us"))
        twin = asyncio.create_task(say(tenancy, school, school.sam, other, "Join us"))

        async def has_come_so_far() -> bool:
            async with bare(tenancy.relay) as connection:
                waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
                return twin.done() or bool(await connection.fetchval(waits))

        await until(has_come_so_far)
    with pytest.raises(Forbidden, match="already"):
        await twin


async def test_a_held_reply_follows_its_thread_and_calls_nobody(tenancy: Tenancy, school: School, room: RoomId) -> None:
    await add(tenancy, school, "words")
    root = await say(tenancy, school, school.zoe, room, "Question")
    async with acting(tenancy, school, school.sam) as scope:
        await messages.post(scope, room, draft(uuid4(), f"clay <@{school.zoe.member_id}>", root.id))
    async with acting(tenancy, school, school.zoe) as scope:
        page = await messages.page(scope, room)
        assert [row["thread_count"] for row in page] == [1, 0]
        assert page[1]["html"] == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"kind": "regex"}, {"action": "burn"}, {"rule": {}}, {"rule": {"words": []}},
        {"rule": {"words": ["x" * 81]}}, {"rule": {"words": ["clay"], "times": 2}}, {"exempt_days": -1},
        {"kind": "links", "rule": {"mode": "deny", "domains": []}}, {"kind": "links", "rule": {"mode": "new"}},
        {"kind": "links", "rule": {"mode": "deny", "domains": ["no domain"]}},
        {"kind": "repeats", "rule": {"times": 1}},
        {"kind": "newcomers", "rule": {"days": 1}}, {"kind": "repeats", "rule": {"times": 2, "minutes": 9999}},
    ],
)  # fmt: skip
async def test_a_wrong_filter_is_not_made(tenancy: Tenancy, school: School, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        async with acting(tenancy, school, school.mia) as scope:
            await filter_editing.add(scope, filter_of("words", "hold") | wrong)


async def test_filters_are_for_moderators_of_their_channel_and_each_change_is_in_the_audit(
    tenancy: Tenancy, world: World, school: School
) -> None:
    made = await add(tenancy, school, "repeats")
    for who in (school.zoe, school.ben):
        for ask in (filter_editing.every, lambda scope: filter_editing.remove(scope, made["id"])):
            with pytest.raises(Forbidden):
                async with acting(tenancy, school, who) as scope:
                    await ask(scope)
    with pytest.raises(NotFound):
        async with acting(tenancy, world.chess, world.chess.otto) as scope:
            await filter_editing.edit(scope, made["id"], {"enabled": False})
    async with acting(tenancy, school, school.mia) as scope:
        await filter_editing.edit(scope, made["id"], {"rule": RULES["repeats"], "exempt_days": None})
        await filter_editing.remove(scope, made["id"])
    async with acting(tenancy, school, school.ana) as scope:
        told = [row["action"] for row in await audit.page(scope)]
    assert told[:3] == ["filter.remove", "filter.edit", "filter.add"]


async def test_a_channel_has_fifty_filters_at_most(tenancy: Tenancy, school: School) -> None:
    async with acting(tenancy, school, school.mia) as scope:
        for _ in range(50):
            await filter_editing.add(scope, filter_of("words", "hold", enabled=False))
    with pytest.raises(Conflict, match="at most 50"):
        await add(tenancy, school, "words")


async def test_another_channels_filters_catch_nothing_here(tenancy: Tenancy, world: World, school: School) -> None:
    await add(tenancy, world.chess, "words", "refuse")
    room = await make_room(tenancy, school)
    await say(tenancy, school, school.sam, room, "clay")
