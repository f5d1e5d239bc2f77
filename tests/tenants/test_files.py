"""Files: what may be uploaded for which use, when a file is ready, and who may read it."""

import re
from typing import Any

import pytest

from tenants.courses import access, lessons
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, SignInNeeded, TooLarge
from tenants.files import files
from tenants.ids import new_id
from tenants.permissions import VISITOR, Actor, acting_system
from tenants.scope import Scope, Tenancy
from tests.tenants.school import enrol, make_course, make_file
from tests.world import World

FILM = {"name": "bowl.mp4", "content_type": "video/mp4", "purpose": "video", "size": 1000}


async def test_a_file_is_pending_until_the_store_holds_it(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        row = await files.begin(scope, **FILM)  # type: ignore[arg-type]
        assert (row["state"], row["object_key"]) == ("pending", f"c/{world.pottery.id}/f/{row['id']}")
        await files.remember_session(scope, row["id"], "https://store.example/session")
        with pytest.raises(NotFound):
            await access.open_file(scope, row["id"])
        with pytest.raises(Conflict) as refused:
            await files.finish(scope, row["id"], size=999, crc32c=7)
        assert refused.value.code == "wrong_size"
        done = await files.finish(scope, row["id"], size=1000, crc32c=2**32 - 1)
        assert (done["state"], done["crc32c"], done["session"]) == ("ready", 2**32 - 1, None)
        assert await files.finish(scope, row["id"], size=1, crc32c=1) == done


async def test_the_size_of_a_recording_is_known_at_its_end(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, acting_system("recordings")) as scope:
        row = await files.begin(scope, name="class.mp4", content_type="video/mp4", purpose="recording")
        assert (row["owner_id"], row["size"]) == (None, None)
        assert (await files.finish(scope, row["id"], size=5, crc32c=0))["size"] == 5


WRONG: list[tuple[dict[str, Any], type[Refusal]]] = [
    ({"purpose": "malware"}, Invalid), ({"content_type": "video/x-msvideo"}, Invalid), ({"size": 0}, Invalid),
    ({"content_type": "notatype", "purpose": "attachment"}, Invalid),
    ({"size": 21 * 1024**3}, TooLarge), ({"name": "a\0b"}, Invalid), ({"name": ""}, Invalid),
    ({"name": "gpj.\u202eexe"}, Invalid), ({"content_type": "text/html", "purpose": "attachment"}, Invalid),
    ({"content_type": "image/svg+xml; charset=utf-8", "purpose": "attachment"}, Invalid),
    ({"content_type": "image/svg+xml", "purpose": "logo"}, Invalid),
    ({"content_type": "image/png", "purpose": "logo", "size": 3 * 1024**2}, TooLarge),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "refusal"), WRONG, ids=ascii)
async def test_what_will_not_do_is_not_begun(
    tenancy: Tenancy, world: World, fields: dict[str, Any], refusal: type[Refusal]
) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(refusal):
            await files.begin(scope, **FILM | fields)  # type: ignore[arg-type]


async def test_a_file_may_bear_marks_that_nobody_typed(tenancy: Tenancy, world: World) -> None:
    for name in ("\u200eWhatsApp Image.jpg", "\u05d0\u05d1\u200f 12.jpg", "\ufeffplan.jpg"):
        async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
            row = await files.begin(scope, name=name, content_type="image/jpeg", purpose="attachment", size=9)
        assert row["name"] == re.sub("[\u200e\u200f\ufeff]", "", name)


async def test_only_those_who_teach_upload_and_each_finishes_their_own(tenancy: Tenancy, world: World) -> None:
    for actor in (VISITOR, world.pottery.sam.actor, world.pottery.mia.actor):
        async with tenancy.scope(world.pottery.id, actor) as scope:
            with pytest.raises((Forbidden, SignInNeeded)):
                await files.begin(scope, **FILM)  # type: ignore[arg-type]
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        row = await files.begin(scope, **FILM)  # type: ignore[arg-type]
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        with pytest.raises(NotFound):
            await files.finish(scope, row["id"], size=1000, crc32c=1)


async def test_uploads_under_way_are_bounded(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        for _ in range(files.MOST_PENDING):
            await files.begin(scope, **FILM)  # type: ignore[arg-type]
        with pytest.raises(Conflict) as refused:
            await files.begin(scope, **FILM)  # type: ignore[arg-type]
        assert refused.value.code == "too_many_uploads"


async def opened_by(tenancy: Tenancy, world: World, file_id: Any, *actors: Actor) -> list[str]:
    """How each actor fares with the file: `ok` or the refusal's code."""

    async def fare(scope: Scope) -> str:
        try:
            await access.open_file(scope, file_id)
        except Refusal as refused:
            return refused.code
        return "ok"

    fares = []
    for actor in actors:
        async with tenancy.scope(world.pottery.id, actor, readonly=True) as scope:
            fares.append(await fare(scope))
    return fares


async def test_a_lessons_film_is_for_those_enrolled_and_those_who_teach(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    course = await make_course(tenancy, pottery, pottery.ben)
    await enrol(tenancy, pottery, pottery.sam, course)
    actors = (pottery.ben.actor, pottery.ana.actor, pottery.sam.actor, pottery.zoe.actor, world.nobody.actor, VISITOR)
    assert await opened_by(tenancy, world, course.film_file, *actors) == [
        "ok", "ok", "ok", "not_enrolled", "not_a_member", "sign_in_needed",
    ]  # fmt: skip
    async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
        await lessons.publish(scope, course.film, published=False)
    assert await opened_by(tenancy, world, course.film_file, pottery.sam.actor) == ["not_enrolled"]
    async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
        row = await lessons.publish(scope, course.film)
        await lessons.edit(scope, course.film, row["version"], {"free": True})
    assert await opened_by(tenancy, world, course.film_file, VISITOR) == ["ok"]


async def test_logos_are_public_and_attachments_for_members(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    logo = await make_file(tenancy, pottery, pottery.ben, purpose="logo", content_type="image/png", name="l.png")
    paper = await make_file(
        tenancy, pottery, pottery.ben, purpose="attachment", content_type="application/pdf", name="p.pdf"
    )
    assert await opened_by(tenancy, world, logo, VISITOR) == ["ok"]
    assert await opened_by(tenancy, world, paper, VISITOR, pottery.sam.actor) == ["sign_in_needed", "ok"]


async def test_a_film_that_no_lesson_shows_is_for_those_who_teach(tenancy: Tenancy, world: World) -> None:
    film = await make_file(tenancy, world.pottery, world.pottery.ben)
    assert await opened_by(tenancy, world, film, world.pottery.sam.actor, world.pottery.ana.actor) == [
        "not_enrolled", "ok",
    ]  # fmt: skip


async def test_a_file_of_another_channel_is_not_found(tenancy: Tenancy, world: World) -> None:
    logo = await make_file(
        tenancy, world.chess, world.chess.otto, purpose="logo", content_type="image/png", name="l.png"
    )
    assert await opened_by(tenancy, world, logo, world.pottery.ana.actor, VISITOR) == ["not_found"] * 2
    assert await opened_by(tenancy, world, new_id(), VISITOR) == ["not_found"]
