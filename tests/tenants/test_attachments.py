"""Files of messages: sent once, by who uploaded them, and seen by whoever sees the message while it has its words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import bindparam, update

from search import documents
from tenants.community import attachments, edits, hiding, messages, opening, withheld
from tenants.community.drafts import draft
from tenants.community.withheld import WITHHELD
from tenants.errors import Forbidden, Invalid, Refusal, SignInNeeded
from tenants.files import examinations, files
from tenants.files.examinations import Picture
from tenants.ids import RoomId
from tenants.moderation import queue
from tenants.permissions import VISITOR, Actor
from tenants.scope import Committed, Tenancy
from tenants.statements import scoped
from tests.databases import bare
from tests.tenants.filtering import add
from tests.tenants.moderating import act, acting, flag, read, undo, waiting
from tests.tenants.school import make_file
from tests.tenants.test_community import make_room
from tests.world import School, Somebody, World

OLD = scoped(
    update(WITHHELD)
    .where(WITHHELD.c.message_id == bindparam("message_id"))
    .values(at=WITHHELD.c.at - timedelta(hours=1))
)
PDF = {"name": "glazes.pdf", "content_type": "application/pdf", "purpose": "message"}
PNG = {"name": "bowl.png", "content_type": "image/png", "purpose": "message"}


async def picture(tenancy: Tenancy, school: School, who: Somebody) -> UUID:
    """A picture of somebody's that was looked at."""
    made = await make_file(tenancy, school, who, **PNG)
    async with acting(tenancy, school, who) as scope:
        await examinations.note_picture(scope, made, Picture(1200, 800, 900, 5, "image/png"))
    return made


async def send(
    tenancy: Tenancy, school: School, who: Somebody, room: RoomId, *ids: UUID, body: str = ""
) -> messages.Posted:
    async with acting(tenancy, school, who) as scope:
        return await messages.post(scope, room, draft(uuid4(), body, files=ids))


async def code(tenancy: Tenancy, school: School, actor: Actor, file_id: UUID) -> str:
    """How an actor fares who asks for a file: `ok`, or the refusal's code."""
    async with tenancy.scope(school.id, actor, readonly=True) as scope:
        try:
            await opening.open_file(scope, file_id)
        except Refusal as refused:
            return refused.code
    return "ok"


async def jobs_of(tenancy: Tenancy, kind: str, file_id: UUID) -> int:
    async with bare(tenancy.relay) as connection:
        sql = "select count(*) from jobs where name = $1 and payload->>'file_id' = $2"
        return int(await connection.fetchval(sql, kind, str(file_id)))


async def test_a_message_shows_its_files_in_the_order_of_its_writer(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    paper, bowl = await make_file(tenancy, school, school.sam, **PDF), await picture(tenancy, school, school.sam)
    posted = await send(tenancy, school, school.sam, room, bowl, paper)
    url = f"/c/{school.slug}/files"
    assert (await read(tenancy, school, posted.id))["files"] == [
        {
            "id": str(bowl), "name": "bowl.png", "kind": "image", "content_type": "image/png", "size": 900,
            "url": f"{url}/{bowl}", "width": 1200, "height": 800, "thumbnail": f"{url}/{bowl}/thumbnail",
            "seconds": None,
        },
        {
            "id": str(paper), "name": "glazes.pdf", "kind": "file", "content_type": "application/pdf", "size": 1000,
            "url": f"{url}/{paper}", "width": None, "height": None, "thumbnail": None, "seconds": None,
        },
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["another's", "a lesson's", "of another channel", "nobody's"])
async def test_what_is_not_the_writers_own_for_a_message_is_not_taken(
    tenancy: Tenancy, world: World, school: School, room: RoomId, what: str
) -> None:
    made = {
        "another's": (school, school.zoe, PDF), "of another channel": (world.chess, world.chess.eve, PDF),
        "a lesson's": (school, school.ben, PDF | {"purpose": "attachment"}),
    }  # fmt: skip
    file_id = await make_file(tenancy, made[what][0], made[what][1], **made[what][2]) if what in made else uuid4()
    writer = school.ben if what == "a lesson's" else school.sam
    with pytest.raises(Invalid, match="Upload the file first"):
        await send(tenancy, school, writer, room, file_id, body="Look")
    async with acting(tenancy, school, school.zoe) as scope:
        assert await messages.page(scope, room) == []


async def test_a_file_is_sent_when_it_is_whole_and_looked_at_and_once(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    async with acting(tenancy, school, school.sam) as scope:
        begun = (await files.begin(scope, **PNG, size=1000))["id"]

    async def refused() -> str:
        with pytest.raises(Refusal) as refusal:
            await send(tenancy, school, school.sam, room, begun)
        return refusal.value.code

    assert await refused() == "not_uploaded"
    async with acting(tenancy, school, school.sam) as scope:
        await files.finish(scope, begun, size=1000, crc32c=1)
    assert await refused() == "not_examined"
    assert await jobs_of(tenancy, "ExamineAttachment", begun) == 1
    async with acting(tenancy, school, school.sam) as scope:
        await examinations.note_fault(scope, begun, "It is broken.")
    posted = await send(tenancy, school, school.sam, room, begun)
    assert (await read(tenancy, school, posted.id))["files"][0]["kind"] == "file"
    assert await refused() == "sent"


async def test_what_was_posted_with_files_stands_when_it_is_sent_again(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    again = draft(uuid4(), "Look", files=(await make_file(tenancy, school, school.sam, **PDF),))
    posted = []
    for _ in range(2):
        async with acting(tenancy, school, school.sam) as scope:
            posted.append(await messages.post(scope, room, again))
    assert (posted[0].id, posted[1].again) == (posted[1].id, True)


@pytest.mark.parametrize("ids", [[uuid4()] * 2, [uuid4() for _ in range(attachments.MOST + 1)]], ids=["twice", "many"])
def test_a_file_named_twice_and_too_many_are_refused_before_anything_is_read(ids: list[UUID]) -> None:
    with pytest.raises(Invalid):
        draft(uuid4(), "Look", files=ids)


async def test_words_may_be_left_out_only_where_there_are_files(tenancy: Tenancy, school: School, room: RoomId) -> None:
    paper = await make_file(tenancy, school, school.sam, **PDF)
    posted = await send(tenancy, school, school.sam, room, paper, body="The recipe")
    async with acting(tenancy, school, school.sam) as scope:
        assert (await edits.edit(scope, posted.id, draft(uuid4(), "", bare=True)))["body"] == ""
    plain = await send(tenancy, school, school.sam, room, body="Words alone")
    async with acting(tenancy, school, school.sam) as scope:
        with pytest.raises(Invalid, match="needs words"):
            await edits.edit(scope, plain.id, draft(uuid4(), " ", bare=True))
    with pytest.raises(Invalid):
        draft(uuid4(), "")


async def test_members_upload_for_messages_and_nobody_else_does(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    for who in (school.sam, school.mia, school.ben):
        await make_file(tenancy, school, who, **PDF)
    for actor, refusal in ((VISITOR, SignInNeeded), (world.nobody.actor, Forbidden)):
        async with tenancy.scope(school.id, actor) as scope:
            with pytest.raises(refusal):
                await files.begin(scope, **PDF, size=1000)


async def test_a_file_is_for_those_who_see_its_room_and_before_it_is_sent_for_its_owner(
    tenancy: Tenancy, world: World, school: School
) -> None:
    private = await make_room(tenancy, school, "private", "Staff")
    paper = await make_file(tenancy, school, school.ana, **PDF)
    everyone = (school.ana.actor, school.ben.actor, school.sam.actor, world.nobody.actor, VISITOR)

    async def fares() -> list[str]:
        return [await code(tenancy, school, actor, paper) for actor in everyone]

    assert await fares() == ["ok", *["not_found"] * 4]
    await send(tenancy, school, school.ana, private, paper)
    assert await fares() == ["ok", *["no_such_room"] * 4]
    opened = await make_room(tenancy, school, "open", "Everyone")
    shared = await make_file(tenancy, school, school.ana, **PDF)
    await send(tenancy, school, school.ana, opened, shared)
    assert [await code(tenancy, school, actor, shared) for actor in everyone] == ["ok"] * 5
    banned = replace(school.sam.actor, banned="Spam")
    assert await code(tenancy, school, banned, shared) == "banned"


async def test_a_hidden_message_has_no_files_until_it_has_them_back(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    bowl = await picture(tenancy, school, school.sam)
    posted = await send(tenancy, school, school.sam, room, bowl, body="Buy it")
    await flag(tenancy, school, school.zoe, posted.id)
    before = await read(tenancy, school, posted.id)
    done = await act(tenancy, school, school.mia, "hide", message_id=posted.id)
    assert (await read(tenancy, school, posted.id))["files"] == []
    people = (school.mia, school.zoe, school.sam, school.ben)
    assert [await code(tenancy, school, who.actor, bowl) for who in people] == ["ok", *["not_found"] * 3]
    async with acting(tenancy, school, school.mia) as scope:
        case = await queue.one(scope, done["case_id"]) if done["case_id"] else None
        assert (await withheld.of(scope, [posted.id]))[posted.id]["files"] == before["files"]
    if case is not None:
        assert case.about is not None
        assert case.about["files"] == before["files"]
    await undo(tenancy, school, school.mia, done["id"])
    assert await read(tenancy, school, posted.id) == before
    assert [await code(tenancy, school, who.actor, bowl) for who in people] == ["ok"] * 4
    assert [one["files"] for one in (await waiting(tenancy, school, school.mia))[0].around] == [before["files"]]


@pytest.mark.parametrize("how", ["author", "moderator"])
async def test_a_deleted_message_lets_its_files_go(tenancy: Tenancy, school: School, room: RoomId, how: str) -> None:
    bowl = await picture(tenancy, school, school.sam)
    posted = await send(tenancy, school, school.sam, room, bowl)
    if how == "author":
        async with acting(tenancy, school, school.sam) as scope:
            await edits.remove(scope, posted.id)
    else:
        await act(tenancy, school, school.mia, "delete", message_id=posted.id)
        assert await jobs_of(tenancy, "ForgetFile", bowl) == 0
        await _undo_time_passes(tenancy, school, posted.id)
    assert await jobs_of(tenancy, "ForgetFile", bowl) == 1
    assert (await read(tenancy, school, posted.id))["files"] == []
    assert [await code(tenancy, school, who.actor, bowl) for who in (school.mia, school.zoe)] == ["not_found"] * 2


async def _undo_time_passes(tenancy: Tenancy, school: School, message_id: UUID) -> None:
    async with acting(tenancy, school, school.ana) as scope:
        await scope.run(OLD, message_id=message_id)
        await hiding.forget_deleted(scope, message_id)


async def test_a_message_is_found_by_the_names_of_its_files(tenancy: Tenancy, school: School, room: RoomId) -> None:
    paper = await make_file(tenancy, school, school.sam, **PDF)
    posted = await send(tenancy, school, school.sam, room, paper, body="The **recipe**")
    async with acting(tenancy, school, school.sam) as scope:
        (found,) = await documents.read(scope, "message", [posted.id])
    assert found.body == "The recipe glazes.pdf"


async def test_what_was_not_sent_is_dropped_by_its_owner_and_what_was_is_not(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    unsent, sent = [await make_file(tenancy, school, school.sam, **PDF) for _ in range(2)]
    await send(tenancy, school, school.sam, room, sent)
    async with acting(tenancy, school, school.sam) as scope:
        await files.drop(scope, unsent)
    assert await jobs_of(tenancy, "ForgetFile", unsent) == 1
    refusals: list[Any] = []
    for who, file_id in ((school.sam, sent), (school.zoe, unsent)):
        with pytest.raises(Refusal) as refused:
            async with acting(tenancy, school, who) as scope:
                await files.drop(scope, file_id)
        refusals.append(refused.value.code)
    assert refusals == ["sent", "not_found"]


async def test_what_a_filter_holds_keeps_its_files_back_and_files_alone_repeat_no_words(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    await add(tenancy, school, "words")
    await add(tenancy, school, "repeats", "refuse")
    bowl = await picture(tenancy, school, school.sam)
    heard: list[Committed] = []
    tenancy.after_commit = heard.append
    held = await send(tenancy, school, school.sam, room, bowl, body="Buy clay")
    tenancy.after_commit = None
    assert [notice.payload["files"] for _, notice in heard[0].notices if notice.event == "message.posted"] == [[]]
    assert (await read(tenancy, school, held.id))["files"] == []
    assert [await code(tenancy, school, who.actor, bowl) for who in (school.zoe, school.mia)] == ["not_found", "ok"]
    (case,) = await waiting(tenancy, school, school.mia)
    assert case.about is not None
    assert [file["id"] for file in case.about["files"]] == [str(bowl)]
    await act(tenancy, school, school.mia, "keep", case_id=case.row["id"])
    assert [file["id"] for file in (await read(tenancy, school, held.id))["files"]] == [str(bowl)]
    for _ in range(3):
        await send(tenancy, school, school.sam, room, await make_file(tenancy, school, school.sam, **PDF))
