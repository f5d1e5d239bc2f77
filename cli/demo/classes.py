"""The demo's live classes: one in the past with its recording, one next week; kept in the future as time goes by."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from cli.demo import films
from cli.demo.teaching import FILM_SECONDS, Taught
from cli.demo.world import School
from providers import live
from tenants.batches import batches
from tenants.courses import courses
from tenants.ids import ChannelId
from tenants.live import classes, connections, recordings
from tenants.live.recordings import Announced, Stored
from tenants.permissions import Actor, acting_system
from tenants.scope import Tenancy
from tenants.sealing import Seals

if TYPE_CHECKING:
    from cli.demo.seeding import Planter

LENGTH = timedelta(minutes=90)
WEEK = timedelta(days=7)


async def plant(
    planter: "Planter", channel_id: ChannelId, school: School, cast: Mapping[str, Actor], taught: Taught
) -> None:
    """A connection, a class of last week with its recording as a lesson, and one of next week."""
    owner, seals = cast[school.people[0].who], Seals(planter.secret)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    secret = live.choose("generic").make_secret()
    async with planter.tenancy.scope(channel_id, owner) as scope:
        connection = await connections.add(scope, seals, name="Live room", provider="generic", secret=secret)
        held = []
        for begins in (now - WEEK, now + WEEK):
            times = {"starts_at": begins, "ends_at": begins + LENGTH, "time_zone": school.time_zone}
            place = {"connection_id": connection["id"], "url": f"https://meet.example.org/{school.slug}"}
            given = {"title": school.class_title, **place, **times}
            held.append(await classes.add(scope, taught.batch_id, given))
    await _record(planter, channel_id, school, held[0]["id"], now - WEEK)


async def renew(tenancy: Tenancy, channel_id: ChannelId, school: School) -> None:
    """Move the coming class on when it has become a past one, so that there always is a next one."""
    async with tenancy.scope(channel_id, acting_system("demo")) as scope:
        if await classes.upcoming(scope):
            return
        course = await courses.read_at(scope, school.course_slug)
        for batch in await batches.page(scope, course["id"]):
            held = await classes.of_batch(scope, batch["id"])
            if not held:
                continue
            last = held[-1]
            weeks = (datetime.now(UTC) - last["starts_at"]) // WEEK + 1
            begins = last["starts_at"] + weeks * WEEK
            same = {name: last[name] for name in ("title", "time_zone", "connection_id", "url")}
            await classes.add(scope, batch["id"], {**same, "starts_at": begins, "ends_at": begins + LENGTH})


async def _record(planter: "Planter", channel_id: ChannelId, school: School, class_id: UUID, began: datetime) -> None:
    """What a provider's word and a worker would have done, with a film made here."""
    seals, film, picture = Seals(planter.secret), films.film(FILM_SECONDS, school.hue), films.picture(school.hue)
    told = Announced("demo", "https://live.example.org/demo.mp4", "video/mp4", len(film), began)
    async with planter.tenancy.scope(channel_id, acting_system("demo")) as scope:
        await recordings.announce(scope, seals, class_id, told)
        (row,) = await recordings.of_class(scope, class_id)
        errand = await recordings.claim(scope, seals, row["id"])
    if errand is None:
        return
    put = planter.store.put
    kept = await put(errand.file["object_key"], film, "video/mp4")
    shown = await put(errand.thumbnail["object_key"], picture, "image/jpeg")
    stored = Stored(kept.size, kept.crc32c, "video/mp4", FILM_SECONDS, shown.size, shown.crc32c)
    async with planter.tenancy.scope(channel_id, acting_system("demo")) as scope:
        await recordings.finish(scope, errand.id, stored)
