"""The bell rings for mentions and for replies in followed threads, for those who may hear it, until they are read."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tenants.community import bell, edits, insiders, messages, reads, ringing, room_settings, threads
from tenants.community.bell import Told
from tenants.community.drafts import draft
from tenants.community.messages import Posted
from tenants.database.transactions import Writing
from tenants.ids import RoomId
from tenants.jobs import RingMany
from tenants.members import bans, members
from tenants.notices import Notice
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants import filtering
from tests.tenants.moderating import act, undo, waiting
from tests.tenants.school import enrol
from tests.tenants.test_community import make_room, say
from tests.tenants.test_rooms import a_batch, batch_room
from tests.world import School, Somebody, World
from workers.registry import job_of


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


async def reply(tenancy: Tenancy, school: School, who: Somebody, room: RoomId, root: Posted, body: str) -> Posted:
    async with tenancy.scope(school.id, who.actor) as scope:
        return await messages.post(scope, room, draft(uuid4(), body, root.id))


async def heard(tenancy: Tenancy, school: School, who: Somebody) -> tuple[list[Told], int]:
    async with tenancy.scope(school.id, who.actor, readonly=True) as scope:
        return await bell.page(scope), await bell.unread(scope)


async def count(tenancy: Tenancy, school: School, *names: str) -> list[int]:
    return [(await heard(tenancy, school, school.people[name]))[1] for name in names]


def at(who: Somebody) -> str:
    return f"<@{who.member_id}>"


async def test_a_mention_rings_for_whom_it_means_and_for_nobody_else(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        posted = await messages.post(
            scope, room, draft(uuid4(), f"Is *this* dry, {at(pottery.zoe)}? {at(pottery.sam)} @teachers")
        )
        told = [notice for _, notice in scope._notices if notice.event == "notice"]
    (one,), _ = await heard(tenancy, pottery, pottery.zoe)
    assert (one.kind, one.title, one.by, one.room_name) == (
        "mention", "Is this dry, @Zoe? @Sam @teachers", "Sam", "Wheel talk",
    )  # fmt: skip
    assert one.url == f"/c/{pottery.slug}/community/wheel-talk?at=1#m-1"
    assert await count(tenancy, pottery, "zoe", "ana", "ben", "mia", "sam") == [1, 1, 1, 0, 0]
    (mine,) = [notice.payload for notice in told if notice.person_id == pottery.zoe.person_id]
    same = ("id", "kind", "title", "url", "by", "message", "room")
    assert [mine[name] for name in same] == [
        str(one.id), "mention", one.title, one.url, "Sam", str(posted.id), str(room),
    ]  # fmt: skip


async def test_a_message_sent_again_rings_once(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery, client_id = world.pottery, uuid4()
    for _ in range(2):
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            await messages.post(scope, room, draft(client_id, at(pottery.zoe)))
    (one,), unread = await heard(tenancy, pottery, pottery.zoe)
    assert (one.times, unread) == (1, 1)


async def test_replies_of_a_thread_are_one_notice_for_those_who_follow_it(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    root = await say(tenancy, pottery, pottery.sam.actor, room, "Which clay?")
    for words in ("Stoneware", "or porcelain"):
        await reply(tenancy, pottery, pottery.zoe, room, root, words)
    (one,), unread = await heard(tenancy, pottery, pottery.sam)
    assert (one.kind, one.title, one.times, unread) == ("reply", "or porcelain", 2, 1)
    assert one.url == f"/c/{pottery.slug}/community/wheel-talk/t/1#m-3"
    # Who is mentioned in a reply hears of it once, as a mention.
    await reply(tenancy, pottery, pottery.zoe, room, root, f"{at(pottery.sam)}?")
    assert [each.kind for each in (await heard(tenancy, pottery, pottery.sam))[0]] == ["mention", "reply"]
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await threads.follow(scope, root.id, on=False)
    await reply(tenancy, pottery, pottery.zoe, room, root, "Anybody?")
    assert await count(tenancy, pottery, "sam", "zoe", "mia") == [2, 0, 0]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"level": "all"}, (1, 1)),
        ({"level": "mentions"}, (1, 0)),
        ({"level": "nothing"}, (0, 0)),
        ({"muted": True}, (0, 0)),
        ({"left": True}, (0, 0)),
    ],
)
async def test_how_one_holds_the_room_decides_what_rings(
    tenancy: Tenancy, world: World, room: RoomId, own: dict[str, Any], expected: tuple[int, int]
) -> None:
    pottery = world.pottery
    root = await say(tenancy, pottery, pottery.zoe.actor, room, "Which clay?")
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await room_settings.put(scope, room, **own)
    await say(tenancy, pottery, pottery.sam.actor, room, at(pottery.zoe))
    await reply(tenancy, pottery, pottery.sam, room, root, "Stoneware")
    kinds = [each.kind for each in (await heard(tenancy, pottery, pottery.zoe))[0]]
    assert (kinds.count("mention"), kinds.count("reply")) == expected


async def test_whom_the_room_shuts_out_it_rings_for_no_more_and_shows_nothing_of(
    tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(tenancy, pottery, "private", "Staff")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await insiders.let_in(scope, room, pottery.zoe.member_id)
    root = await say(tenancy, pottery, pottery.zoe.actor, room, "Which clay?")
    await reply(tenancy, pottery, pottery.ana, room, root, f"{at(pottery.sam)} {at(pottery.mia)} stoneware")
    assert await count(tenancy, pottery, "zoe", "sam", "mia") == [1, 0, 0]
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await insiders.take_out(scope, room, pottery.zoe.member_id)
    await reply(tenancy, pottery, pottery.ana, room, root, at(pottery.zoe))
    assert await heard(tenancy, pottery, pottery.zoe) == ([], 0)


async def test_a_room_of_a_batch_rings_for_those_who_are_enrolled(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    course, batch = await a_batch(tenancy, world)
    room = await batch_room(tenancy, pottery, batch)
    await enrol(tenancy, pottery, pottery.sam, course, batch)
    await say(tenancy, pottery, pottery.ben.actor, room, f"{at(pottery.sam)} {at(pottery.zoe)}")
    assert await count(tenancy, pottery, "sam", "zoe") == [1, 0]


async def test_who_left_or_is_banned_is_not_rung(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    root = await say(tenancy, pottery, pottery.sam.actor, room, "Which clay?")
    await reply(tenancy, pottery, pottery.zoe, room, root, "Stoneware")
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await members.leave(scope)
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await bans.ban(scope, pottery.zoe.member_id, "spam")
    await reply(tenancy, pottery, pottery.mia, room, root, f"{at(pottery.zoe)} {at(pottery.sam)} @room")
    assert await rung(tenancy, pottery, pottery.zoe, pottery.sam) == 1


async def rung(tenancy: Tenancy, school: School, *people: Somebody) -> int:
    """Rows of the bell, whoever may see them."""
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        query = "select count(*) from rings where channel_id = $1 and person_id = any($2)"
        rows, _ = await scope._transaction.run(query, [school.id, [each.person_id for each in people]])
        return int(rows[0][0])


async def test_reading_the_room_or_the_thread_reads_what_was_told_of_it(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery, other = world.pottery, await make_room(tenancy, world.pottery, name="Other")
    root = await say(tenancy, pottery, pottery.sam.actor, room, "Which clay?")
    await say(tenancy, pottery, pottery.zoe.actor, room, at(pottery.sam))
    await say(tenancy, pottery, pottery.zoe.actor, other, at(pottery.sam))
    await reply(tenancy, pottery, pottery.zoe, room, root, "Stoneware")
    assert await count(tenancy, pottery, "sam") == [3]

    async def read(call: Any, *about: Any) -> list[dict[str, Any]]:
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            await call(scope, *about)
            return [dict(notice.payload) for _, notice in scope._notices if notice.event == "bell"]

    assert await read(reads.mark_read, room, 1) == []
    assert await read(reads.mark_read, room, 2) == [{"unread": 2}]
    assert await read(threads.mark_read, root.id, 3) == [{"unread": 1}]
    assert await read(threads.mark_read, root.id, 3) == []
    async with tenancy.scope(pottery.id, acting_system("reading")) as scope:
        await reads.mark_all_read(scope, [(other, pottery.sam.member_id, 9), (other, pottery.zoe.member_id, 9)])
    assert await count(tenancy, pottery, "sam") == [0]
    await reply(tenancy, pottery, pottery.zoe, room, root, "or porcelain")
    (newest, *_), unread = await heard(tenancy, pottery, pottery.sam)
    assert (newest.title, newest.times, unread) == ("or porcelain", 1, 1)


async def test_a_message_that_lost_its_words_is_at_the_bell_without_them_and_counts_no_more(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    posted = await say(tenancy, pottery, pottery.sam.actor, room, f"{at(pottery.zoe)} secret")
    hidden = await act(tenancy, pottery, pottery.mia, "hide", message_id=posted.id)
    (one,), unread = await heard(tenancy, pottery, pottery.zoe)
    assert (one.gone, one.title, unread) == (True, "", 0)
    await undo(tenancy, pottery, pottery.mia, hidden["id"])
    (one,), unread = await heard(tenancy, pottery, pottery.zoe)
    assert (one.gone, one.title, unread) == (False, "@Zoe secret", 1)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await edits.remove(scope, posted.id)
        told = [(notice.person_id, notice.payload) for _, notice in scope._notices if notice.event == "bell"]
    assert told == [(pottery.zoe.person_id, {"unread": 0})]
    (one,), _ = await heard(tenancy, pottery, pottery.zoe)
    assert (one.gone, one.title) == (True, "")


async def test_an_edit_shows_the_new_words_and_rings_for_those_alone_whom_it_mentions_anew(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    posted = await say(tenancy, pottery, pottery.sam.actor, room, f"{at(pottery.zoe)} {at(pottery.mia)} one")

    async def edit(body: str) -> list[Notice]:
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            await edits.edit(scope, posted.id, draft(uuid4(), body))
            return [notice for _, notice in scope._notices if notice.event == "notice"]

    told = await edit(f"{at(pottery.zoe)} {at(pottery.ben)} two")
    assert [notice.person_id for notice in told] == [pottery.ben.person_id]
    assert await count(tenancy, pottery, "zoe", "mia", "ben") == [1, 0, 1]
    assert (await heard(tenancy, pottery, pottery.zoe))[0][0].title == "@Zoe @Ben two"
    assert await edit("nobody") == []
    assert await count(tenancy, pottery, "zoe", "mia", "ben") == [0, 0, 0]


async def test_a_room_is_rung_a_part_at_a_time_and_each_bell_once_however_often_it_is_done(
    tenancy: Tenancy, world: World, room: RoomId, monkeypatch: pytest.MonkeyPatch
) -> None:
    pottery = world.pottery
    monkeypatch.setattr(ringing, "AT_ONCE", 2)
    await say(tenancy, pottery, pottery.ana.actor, room, f"@room {at(pottery.zoe)} the kiln is hot")
    done = 0
    for _ in range(3):
        async with bare(tenancy.relay) as connection:
            query = "select payload from jobs where channel_id = $1 and name = 'RingMany' order by id"
            waiting = [row[0] for row in await connection.fetch(query, pottery.id)]
        for asked in waiting:
            job = job_of(RingMany, asked if isinstance(asked, dict) else json.loads(asked))
            async with tenancy.scope(pottery.id, acting_system("ring")) as scope:
                await bell.ring_on(scope, job.message_id, job.after)  # type: ignore[attr-defined]
            done += 1
    assert done > 3
    assert await count(tenancy, pottery, "ben", "mia", "sam", "zoe", "ana") == [1, 1, 1, 1, 0]
    assert [each.times for each in (await heard(tenancy, pottery, pottery.sam))[0]] == [1]


async def test_what_a_filter_held_rings_when_a_moderator_lets_it_pass(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    await filtering.add(tenancy, pottery, "words")
    posted = await say(tenancy, pottery, pottery.sam.actor, room, f"{at(pottery.zoe)} clay, @teachers")
    assert await count(tenancy, pottery, "zoe", "ben") == [0, 0]
    await say(tenancy, pottery, pottery.mia.actor, room, "Later")
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await reads.mark_read(scope, room, 2)
    (case,) = await waiting(tenancy, pottery, pottery.mia)
    await act(tenancy, pottery, pottery.mia, "keep", case_id=case.row["id"])
    (one,), unread = await heard(tenancy, pottery, pottery.zoe)
    assert (one.message_id, one.title, unread) == (posted.id, "@Zoe clay, @teachers", 1)


async def test_posting_asks_once_more_for_a_mention_or_a_reply_and_never_else(
    tenancy: Tenancy, world: World, room: RoomId, monkeypatch: pytest.MonkeyPatch
) -> None:
    pottery, seen, run = world.pottery, list[str](), Writing.run

    async def counted(self: Writing, sql: str, values: Any) -> Any:
        seen.append(sql)
        return await run(self, sql, values)

    monkeypatch.setattr(Writing, "run", counted)

    async def asked(body: str, root: Posted | None = None) -> int:
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            seen.clear()
            await messages.post(scope, room, draft(uuid4(), body, root.id if root else None))
        return sum("rings" in sql for sql in seen)

    root = await say(tenancy, pottery, pottery.zoe.actor, room, "Which clay?")
    everybody = " ".join(at(who) for who in pottery.people.values())
    assert [await asked("Hello"), await asked(f"{everybody} @teachers"), await asked(everybody, root)] == [0, 1, 1]
