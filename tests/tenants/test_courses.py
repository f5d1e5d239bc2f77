"""Courses, sections and lessons: drafts and what is published, order, edits that never overwrite one another."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from tenants.courses import access, courses, lessons, outline, sections
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded, TooLarge
from tenants.permissions import VISITOR
from tenants.scope import Committed, Tenancy
from tests.databases import bare
from tests.tenants.school import Taught, enrol, make_course, make_file
from tests.waiting import until
from tests.world import World


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    return await make_course(tenancy, world.pottery, world.pottery.ben)


async def test_a_draft_is_seen_by_those_who_edit_only(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        draft = await courses.add(
            scope, "Glazing", "glazing", {"about": "# Ash\n\n<b>x</b>", "outcomes": [{"act": "a"}]}
        )
        assert (draft["state"], draft["about_html"]) == (
            "draft", '<h1 dir="auto">Ash</h1>\n<p dir="auto">&lt;b&gt;x&lt;/b&gt;</p>',
        )  # fmt: skip
        assert draft["outcomes"] == [{"act": "a", "proof": ""}]
        assert [row["id"] for row in await courses.page(scope)] == [draft["id"]]
    for actor in (VISITOR, world.pottery.sam.actor, world.pottery.mia.actor):
        async with tenancy.scope(world.pottery.id, actor, readonly=True) as scope:
            assert await courses.page(scope) == []
            for attempt in (
                courses.read(scope, draft["id"]), courses.read_at(scope, "glazing"),
                outline.lessons(scope, draft["id"]), sections.of_course(scope, draft["id"]),
            ):  # fmt: skip
                with pytest.raises(NotFound):
                    await attempt


async def test_only_those_who_teach_write(tenancy: Tenancy, world: World, course: Taught) -> None:
    for actor in (world.pottery.sam.actor, world.pottery.mia.actor, VISITOR):
        async with tenancy.scope(world.pottery.id, actor) as scope:
            for attempt in (
                courses.add(scope, "Mine", "mine"), courses.edit(scope, course.id, 2, {"title": "Mine"}),
                courses.publish(scope, course.id, published=False), courses.remove(scope, course.id),
                sections.add(scope, course.id, "Mine"), sections.edit(scope, course.section, 1, "Mine"),
                sections.move(scope, course.section, 0), sections.remove(scope, course.section),
                lessons.add(scope, course.id, "text", "Mine"), lessons.edit(scope, course.text, 2, {"title": "x"}),
                lessons.publish(scope, course.text, published=False), lessons.remove(scope, course.text),
                lessons.move(scope, course.text, course.section, 0),
            ):  # fmt: skip
                with pytest.raises((Forbidden, SignInNeeded)):
                    await attempt


async def test_what_another_channel_owns_is_not_found(tenancy: Tenancy, world: World, course: Taught) -> None:
    foreign_file = await make_file(tenancy, world.pottery, world.pottery.ben)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        own = await courses.add(scope, "Openings", "openings")
        for attempt in (
            courses.read(scope, course.id), courses.edit(scope, course.id, 2, {"title": "Mine"}),
            courses.publish(scope, course.id), courses.remove(scope, course.id), sections.read(scope, course.section),
            sections.add(scope, course.id, "x"), sections.remove(scope, course.section),
            lessons.add(scope, course.id, "text", "x"), lessons.edit(scope, course.text, 2, {"title": "x"}),
            lessons.remove(scope, course.text), lessons.publish(scope, course.text),
            lessons.add(scope, own["id"], "text", "x", section_id=course.section),
            access.open_lesson(scope, course.free), outline.lessons(scope, course.id),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await attempt
        with pytest.raises(Invalid, match="Upload the file first"):
            await lessons.add(scope, own["id"], "video", "x", {"file_id": foreign_file})


async def test_two_edits_of_one_version_are_not_both_taken(tenancy: Tenancy, world: World, course: Taught) -> None:
    async def edit_late() -> None:
        async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
            await lessons.edit(scope, course.text, 2, {"title": "Late"})

    async def somebody_waits() -> bool:
        async with bare(tenancy.relay) as relay:
            return bool(await relay.fetchval("select count(*) from pg_locks where not granted"))

    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await lessons.edit(scope, course.text, 2, {"title": "Early"})
        late = asyncio.create_task(edit_late())
        await until(somebody_waits)
    with pytest.raises(Conflict) as refused:
        await late
    assert (refused.value.code, refused.value.data["version"]) == ("changed_meanwhile", 3)


async def test_a_slug_is_one_courses_in_a_channel(tenancy: Tenancy, world: World, course: Taught) -> None:
    with pytest.raises(Conflict, match="first-bowl"):
        async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
            await courses.add(scope, "Again", "first-bowl")
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        await courses.add(scope, "Bowls on boards", "first-bowl")


async def titles(tenancy: Tenancy, world: World, course: Taught) -> list[tuple[str, str]]:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        return [(row["section_title"], row["title"]) for row in await outline.lessons(scope, course.id)]


async def test_lessons_and_sections_are_moved(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        fire = (await sections.add(scope, course.id, "Fire"))["id"]
        await lessons.move(scope, course.free, course.section, 0)
        await lessons.move(scope, course.film, fire, 9)
    assert await titles(tenancy, world, course) == [("Clay", "Welcome"), ("Clay", "Wedging"), ("Fire", "Centring")]
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await sections.move(scope, fire, 0)
        added = await lessons.add(scope, course.id, "text", "Last")
    assert added["section_id"] == course.section
    assert [title for _, title in await titles(tenancy, world, course)] == ["Centring", "Welcome", "Wedging", "Last"]


async def test_lessons_added_at_once_all_have_their_place(tenancy: Tenancy, world: World, course: Taught) -> None:
    async def add(number: int) -> None:
        async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
            await lessons.add(scope, course.id, "text", f"Part {number}")

    await asyncio.gather(*(add(number) for number in range(8)))
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        positions = [row["position"] for row in await outline.lessons(scope, course.id)]
    assert positions == list(range(1, 12))


async def test_the_first_lesson_makes_the_first_section(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        empty = await courses.add(scope, "Empty", "empty")
        lesson = await lessons.add(scope, empty["id"], "text", "One")
        (section,) = await sections.of_course(scope, empty["id"])
        assert (lesson["section_id"], section["title"]) == (section["id"], "Lessons")


async def test_a_section_goes_when_it_is_empty(tenancy: Tenancy, world: World, course: Taught) -> None:
    with pytest.raises(Conflict) as refused:
        async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
            await sections.remove(scope, course.section)
    assert refused.value.code == "not_empty"
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        spare = await sections.add(scope, course.id, "Spare")
        await sections.remove(scope, spare["id"])
        assert len(await sections.of_course(scope, course.id)) == 1


async def test_a_course_never_published_can_be_deleted_whole(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        draft = await courses.add(scope, "Draft", "draft")
        lesson = await lessons.add(scope, draft["id"], "text", "One")
        await courses.remove(scope, draft["id"])
        for attempt in (courses.read(scope, draft["id"]), lessons.placed(scope, lesson["id"])):
            with pytest.raises(NotFound):
                await attempt
        with pytest.raises(Conflict) as refused:
            await courses.remove(scope, course.id)
        assert refused.value.code == "was_published"


INCOMPLETE: list[tuple[str, dict[str, Any]]] = [
    ("text", {}), ("text", {"body": "  \n "}), ("video", {}), ("audio", {}), ("file", {}), ("embed", {}),
    ("recording", {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields"), INCOMPLETE)
async def test_a_lesson_is_published_when_it_has_something_to_show(
    tenancy: Tenancy, world: World, course: Taught, kind: str, fields: Mapping[str, Any]
) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        lesson = await lessons.add(scope, course.id, kind, "Empty", fields)
        with pytest.raises(Invalid):
            await lessons.publish(scope, lesson["id"])


async def test_what_is_published_cannot_be_emptied(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(Invalid):
            await lessons.edit(scope, course.text, 2, {"body": ""})
        with pytest.raises(Invalid):
            await lessons.edit(scope, course.film, 2, {"file_id": None})


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("song", {}), ("text", {"title": ""}), ("text", {"title": "a\u202eb"}), ("text", {"body": "a\0b"}),
    ("text", {"body": "\ud800"}), ("text", {"colour": "blue"}), ("text", {"file_id": UUID(int=7)}),
    ("video", {"file_id": UUID(int=7)}), ("text", {"thumbnail_id": UUID(int=7)}), ("text", {"duration_seconds": -1}),
    ("text", {"duration_seconds": 10**6}), ("text", {"embed_url": "https://video.example/1"}),
    ("embed", {"embed_url": "http://video.example/1"}), ("embed", {"embed_url": "javascript:alert(1)"}),
    ("embed", {"embed_url": "https://127.0.0.1/"}), ("embed", {"embed_url": "https://localhost/"}),
    ("embed", {"embed_url": "https://a@b.example/"}), ("embed", {"embed_url": "https://[::1"}),
    ("text", {"body": "*" * 3000 + "a" + "*" * 3000}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields"), WRONG, ids=lambda value: ascii(value)[:50])
async def test_what_a_lesson_may_not_be(
    tenancy: Tenancy, world: World, course: Taught, kind: str, fields: dict[str, Any]
) -> None:
    title = fields.pop("title", "A title") if "title" in fields else "A title"
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(Invalid):
            await lessons.add(scope, course.id, kind, title, fields)


async def test_a_lesson_has_a_size(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(TooLarge, match="200 KB"):
            await lessons.add(scope, course.id, "text", "Long", {"body": "x" * (200 * 1024 + 1)})


async def test_a_film_of_the_wrong_purpose_is_refused(tenancy: Tenancy, world: World, course: Taught) -> None:
    logo = await make_file(
        tenancy, world.pottery, world.pottery.ben, purpose="logo", content_type="image/png", name="l.png"
    )
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(Invalid, match="uploaded as"):
            await lessons.add(scope, course.id, "video", "Film", {"file_id": logo})


async def test_who_may_open_a_lesson(tenancy: Tenancy, world: World, course: Taught) -> None:
    await enrol(tenancy, world.pottery, world.pottery.sam, course)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        opened = await access.open_lesson(scope, course.text)
        assert (opened["html"], opened["course_slug"], opened["section_title"]) == (
            '<p dir="auto">Press <em>firmly</em>.</p>', "first-bowl", "Clay",
        )  # fmt: skip
    for actor, error in (
        (world.pottery.zoe.actor, Forbidden),
        (world.nobody.actor, Forbidden),
        (VISITOR, SignInNeeded),
    ):
        async with tenancy.scope(world.pottery.id, actor) as scope:
            with pytest.raises(error):
                await access.open_lesson(scope, course.text)
            assert (await access.open_lesson(scope, course.free))["title"] == "Welcome"
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await courses.publish(scope, course.id, published=False)
        assert (await access.open_lesson(scope, course.text))["title"] == "Wedging"
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        for lesson in (course.text, course.free):
            with pytest.raises(NotFound):
                await access.open_lesson(scope, lesson)


async def test_the_search_index_follows_each_change(tenancy: Tenancy, world: World, course: Taught) -> None:
    told: list[Committed] = []
    own = Tenancy(tenancy.app, tenancy.relay, told.append)
    async with own.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await lessons.edit(scope, course.text, 2, {"title": "Wedging well"})
    async with own.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await lessons.remove(scope, course.free)
    async with own.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await courses.publish(scope, course.id)
    assert [committed.changes for committed in told] == [True, True]


async def test_a_course_published_or_withdrawn_takes_its_lessons_along_in_the_index(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    async with bare(tenancy.relay) as relay:
        await relay.execute("delete from index_changes where channel_id = $1", world.pottery.id)
        async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
            await courses.publish(scope, course.id, published=False)
        rows = await relay.fetch("select kind, document_id from index_changes where channel_id = $1", world.pottery.id)
    assert {(row["kind"], row["document_id"]) for row in rows} == {
        ("course", course.id), ("lesson", course.text), ("lesson", course.film), ("lesson", course.free),
    }  # fmt: skip
