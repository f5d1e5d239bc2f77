"""The demo's course: a lesson of every kind, a batch, students who have come some way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cli.demo import films
from cli.demo.world import School
from providers.storage import ObjectStore
from tenants.batches import batches, seats
from tenants.courses import courses, lessons, progress, sections
from tenants.files import files
from tenants.ids import ChannelId
from tenants.permissions import Actor, Role
from tenants.scope import Tenancy

FILM_SECONDS, HUM_SECONDS = 12, 6


@dataclass(frozen=True, slots=True)
class Taught:
    """What was planted, for those who plant on top of it."""

    course_id: UUID
    batch_id: UUID
    lesson_ids: tuple[UUID, ...]


async def plant(
    tenancy: Tenancy, store: ObjectStore, channel_id: ChannelId, school: School, cast: Mapping[str, Actor]
) -> Taught:
    """A published course with its lessons, a batch that has begun, everybody enrolled who learns."""
    owner = cast[school.people[0].who]
    held = await _files(tenancy, store, channel_id, school, owner)
    async with tenancy.scope(channel_id, owner) as scope:
        outcomes = [{"act": act, "proof": proof} for act, proof in school.outcomes]
        changes = {"summary": school.summary, "outcomes": outcomes}
        course = await courses.add(scope, school.course, school.course_slug, changes)
        lesson_ids: list[UUID] = []
        for chapter in school.chapters:
            section = await sections.add(scope, course["id"], chapter.title)
            for kind, title, body in chapter.lessons:
                given = {"body": body, "free": not lesson_ids, **held.get(kind, {})}
                if kind == "embed":
                    given["embed_url"] = school.embed
                lesson = await lessons.add(scope, course["id"], kind, title, given, section_id=section["id"])
                lesson_ids.append((await lessons.publish(scope, lesson["id"]))["id"])
        await courses.publish(scope, course["id"])
        today = datetime.now(UTC).date()
        dates = {"ends_on": today + timedelta(days=42), "seats": 14, "time_zone": school.time_zone}
        batch = await batches.add(scope, course["id"], school.batch, today - timedelta(days=14), dates)
    for actor in cast.values():
        if actor.role is Role.STUDENT:
            async with tenancy.scope(channel_id, actor) as scope:
                await seats.enroll(scope, course["id"], batch["id"])
                await progress.mark_done(scope, lesson_ids[0])
    return Taught(course["id"], batch["id"], tuple(lesson_ids))


async def keep(
    tenancy: Tenancy, store: ObjectStore, channel_id: ChannelId, owner: Actor, *, name: str, kind: str, use: str,
    content: bytes,
) -> UUID:  # fmt: skip
    """A file of the channel with its content in the store; its id."""
    async with tenancy.scope(channel_id, owner) as scope:
        row = await files.begin(scope, name=name, content_type=kind, purpose=use, size=len(content))
    info = await store.put(row["object_key"], content, kind)
    async with tenancy.scope(channel_id, owner) as scope:
        await files.finish(scope, row["id"], size=info.size, crc32c=info.crc32c)
    file_id: UUID = row["id"]
    return file_id


async def _files(
    tenancy: Tenancy, store: ObjectStore, channel_id: ChannelId, school: School, owner: Actor
) -> dict[str, dict[str, Any]]:
    """What lessons of each kind hold."""

    async def kept(name: str, kind: str, use: str, content: bytes) -> UUID:
        return await keep(tenancy, store, channel_id, owner, name=name, kind=kind, use=use, content=content)

    card = f"{school.course}\n\n" + "\n".join(f"{act}: {proof}" for act, proof in school.outcomes) + "\n"
    return {
        "video": {
            "file_id": await kept("lesson.mp4", "video/mp4", "video", films.film(FILM_SECONDS, school.hue)),
            "thumbnail_id": await kept("lesson.jpg", "image/jpeg", "thumbnail", films.picture(school.hue)),
            "duration_seconds": FILM_SECONDS,
        },
        "audio": {
            "file_id": await kept("practice.m4a", "audio/mp4", "audio", films.hum(HUM_SECONDS)),
            "duration_seconds": HUM_SECONDS,
        },
        "file": {"file_id": await kept("card.txt", "text/plain", "attachment", card.encode())},
    }
