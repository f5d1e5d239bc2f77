"""Who finds what: nobody finds what they may not open, and what is gone is not found."""

from uuid import UUID

import pytest

from tenants.batches import seats
from tenants.community import edits, insiders, room_editing, rooms
from tenants.courses import courses, lessons
from tenants.errors import Forbidden
from tenants.members import bans
from tenants.moderation import acts
from tenants.moderation.effects import Aim
from tenants.permissions import Actor
from tenants.scope import Tenancy
from tests.databases import bare
from tests.search.library import find, found, index, make_room, say
from tests.tenants.school import enrol, make_batch, make_course
from tests.world import School, World


@pytest.fixture
async def school(tenancy: Tenancy, world: World) -> School:
    return world.pottery


async def test_messages_are_found_by_members_only(tenancy: Tenancy, world: World, school: School) -> None:
    room = await make_room(tenancy, school, school.ana, kind="open")
    said = await say(tenancy, school, school.sam, room, "celadon")
    await index(tenancy, school.id)
    assert await found(tenancy, school, school.zoe, "celadon") == {said}
    assert await found(tenancy, school, None, "celadon") == set()
    assert await found(tenancy, school, world.nobody, "celadon") == set()


async def test_what_is_said_in_a_private_room_is_found_inside_it_only(tenancy: Tenancy, school: School) -> None:
    room = await make_room(tenancy, school, school.mia, kind="private")
    said = await say(tenancy, school, school.mia, room, "tenmoku")
    await index(tenancy, school.id)
    assert await found(tenancy, school, school.mia, "tenmoku") == {said}
    assert await found(tenancy, school, school.ana, "tenmoku") == {said}
    for who in (school.sam, school.ben):
        assert await found(tenancy, school, who, "tenmoku") == set()
        assert await found(tenancy, school, who, "tenmok") == set()
        assert await found(tenancy, school, who, "tenmoko") == set()
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await insiders.let_in(scope, room, school.sam.member_id)
    assert await found(tenancy, school, school.sam, "tenmoku") == {said}
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await insiders.take_out(scope, room, school.sam.member_id)
    assert await found(tenancy, school, school.sam, "tenmoku") == set()


async def test_what_moderators_took_away_is_not_found_and_what_they_gave_back_is(
    tenancy: Tenancy, school: School
) -> None:
    room = await make_room(tenancy, school, school.ana)
    said = await say(tenancy, school, school.sam, room, "celadon")
    for kind in ("hide", "delete"):
        async with tenancy.scope(school.id, school.mia.actor) as scope:
            act = await acts.act(scope, Aim(kind, "It advertises.", message_id=said))
        # At once, although the index does not know of it yet.
        assert await found(tenancy, school, school.zoe, "celadon") == set()
        await index(tenancy, school.id)
        assert await found(tenancy, school, school.zoe, "celadon") == set()
        async with tenancy.scope(school.id, school.mia.actor) as scope:
            await acts.undo(scope, act["id"])
        await index(tenancy, school.id)
        assert await found(tenancy, school, school.zoe, "celadon") == {said}


async def test_what_is_said_in_a_room_of_a_batch_is_found_by_its_students_while_they_are(
    tenancy: Tenancy, school: School
) -> None:
    course = await make_course(tenancy, school, school.ben)
    batch = await make_batch(tenancy, school, school.ben, course)
    async with tenancy.scope(school.id, school.ben.actor) as scope:
        room = UUID(str((await rooms.add(scope, "Spring", "batch", batch_id=batch))["id"]))
    said = await say(tenancy, school, school.ben, room, "sgraffito")
    await index(tenancy, school.id)
    await enrol(tenancy, school, school.sam, course, batch)
    await enrol(tenancy, school, school.zoe, course)
    finds = {who: await found(tenancy, school, who, "sgraffito") for who in (school.sam, school.mia, school.zoe)}
    assert finds == {school.sam: {said}, school.mia: {said}, school.zoe: set()}
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await seats.leave(scope, course.id)
    assert await found(tenancy, school, school.sam, "sgraffito") == set()


async def test_what_was_said_in_an_archived_room_is_still_found(tenancy: Tenancy, school: School) -> None:
    room = await make_room(tenancy, school, school.ana)
    said = await say(tenancy, school, school.sam, room, "shino")
    await index(tenancy, school.id)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await room_editing.archive(scope, room)
    assert await found(tenancy, school, school.zoe, "shino") == {said}


async def test_a_lesson_is_found_by_those_who_may_open_it(tenancy: Tenancy, school: School) -> None:
    course = await make_course(tenancy, school, school.ben)
    await index(tenancy, school.id)
    await enrol(tenancy, school, school.sam, course)
    finds = {who: await found(tenancy, school, who, "firmly") for who in (school.sam, school.ben, school.zoe, None)}
    assert finds == {school.sam: {course.text}, school.ben: {course.text}, school.zoe: set(), None: set()}
    assert await found(tenancy, school, None, "hello") == {course.free}
    assert await found(tenancy, school, None, "first bowl") == {course.id}


async def test_a_draft_is_found_by_nobody_and_leaves_with_its_course(tenancy: Tenancy, school: School) -> None:
    course = await make_course(tenancy, school, school.ben)
    await index(tenancy, school.id)
    await publish(tenancy, school, course.id, lesson=course.text, published=False)
    assert await found(tenancy, school, school.ben, "firmly") == set()
    await publish(tenancy, school, course.id, lesson=course.text)
    assert await found(tenancy, school, school.ben, "firmly") == {course.text}
    await publish(tenancy, school, course.id, published=False)
    for text in ("firmly", "hello", "centring", "bowl"):
        assert await found(tenancy, school, school.ben, text) == set()
    await publish(tenancy, school, course.id)
    assert await found(tenancy, school, school.ben, "hello") == {course.free}


async def publish(
    tenancy: Tenancy, school: School, course: UUID, *, lesson: UUID | None = None, published: bool = True
) -> None:
    async with tenancy.scope(school.id, school.ben.actor) as scope:
        if lesson:
            await lessons.publish(scope, lesson, published=published)
        else:
            await courses.publish(scope, course, published=published)
    await index(tenancy, school.id)


async def test_a_deleted_message_is_not_found_and_an_edited_one_by_its_new_words(
    tenancy: Tenancy, school: School
) -> None:
    from tenants.community.drafts import draft
    from tenants.ids import new_id

    room = await make_room(tenancy, school, school.ana)
    said = await say(tenancy, school, school.sam, room, "majolica")
    await index(tenancy, school.id)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await edits.edit(scope, said, draft(new_id(), "faience"))
    await index(tenancy, school.id)
    assert await found(tenancy, school, school.zoe, "majolica") == set()
    assert await found(tenancy, school, school.zoe, "faience") == {said}
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await edits.remove(scope, said)
    await index(tenancy, school.id)
    assert await found(tenancy, school, school.zoe, "faience") == set()


async def test_the_banned_search_nothing(tenancy: Tenancy, school: School) -> None:
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await bans.ban(scope, school.sam.member_id, "spam")
    banned = Actor(school.sam.person_id, school.sam.member_id, school.sam.actor.role, "Sam", banned="spam")
    with pytest.raises(Forbidden, match="spam"):
        await find(tenancy, school, banned, "anything")


async def test_another_channel_s_documents_do_not_exist(tenancy: Tenancy, world: World) -> None:
    said = {}
    for school, who in ((world.pottery, world.pottery.ana), (world.chess, world.chess.otto)):
        room = await make_room(tenancy, school, who)
        said[school.name] = await say(tenancy, school, who, room, "zugzwang")
        course = await make_course(tenancy, school, who, "zugzwang")
        await index(tenancy, school.id)
        said[school.name + " course"] = course.id
    assert await found(tenancy, world.pottery, world.pottery.ana, "zugzwang") == {said["Pottery"]}
    assert await found(tenancy, world.chess, world.chess.eve, "zugzwang") == {said["Chess"]}
    assert await found(tenancy, world.chess, None, "bowl") == {said["Chess course"]}
    async with bare(tenancy.app) as connection:
        seen = ["public", *(f"room:{each}" for each in said.values())]
        asked = "'zugzwang'", "'zugzwang'", "", ["message"], seen, None, None, None, None, True, 10
        rows = await connection.fetch("select * from find_exact($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", *asked)
        assert rows == []
        assert await connection.fetch("select * from search_documents") == []


async def test_the_application_cannot_write_into_another_channel_s_documents(tenancy: Tenancy, world: World) -> None:
    import asyncpg

    async with bare(tenancy.app, channel_id=world.chess.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "insert into search_documents (channel_id, id, kind, visibility, place, title, body, title_words,"
                " body_words) values ($1, $1, 'course', 'public', '', '', '', '', '')", world.pottery.id
            )  # fmt: skip
