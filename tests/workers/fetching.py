"""Fetching recordings in tests: announced, tried once or to the end, and what became of them in course and store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from tenants import work
from tenants.courses import outline
from tenants.live import recordings
from tenants.live.recordings import Announced
from tenants.permissions import acting_system
from tenants.scope import Record, Tenancy
from tests.databases import bare
from tests.standins.recordings import Manners, RecordingServer, recording_server
from tests.tenants.live_school import SEALS, Held
from workers.media.faststart import fast_start
from workers.media.files import FileSource
from workers.media.ports import Limits
from workers.registry import Workshop
from workers.run import perform_leased


async def announce(tenancy: Tenancy, held: Held, url: str, key: str = "rec-1") -> UUID:
    """Announce a recording as the webhook does; its id."""
    told = Announced(key, url, "video/mp4", None, held.starts_at + timedelta(minutes=1))
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        await recordings.announce(scope, SEALS, held.id, told)
        kept = await recordings.of_class(scope, held.id)
    return UUID(str(kept[-1]["id"]))


async def recording(tenancy: Tenancy, held: Held, recording_id: UUID) -> Record:
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        return next(row for row in await recordings.of_class(scope, held.id) if row["id"] == recording_id)


async def ticket_of(tenancy: Tenancy, recording_id: UUID) -> work.Ticket | None:
    """The job that fetches a recording, due at once whoever held it; None when it is done."""
    sql = """update jobs set run_at = now(), lease = null, leased_until = null
             where payload->>'recording_id' = $1 and state <> 'failed' returning channel_id, id"""
    async with bare(tenancy.relay) as connection:
        row = await connection.fetchrow(sql, str(recording_id))
    return work.Ticket(row["channel_id"], None, row["id"]) if row else None


async def fetch(shop: Workshop, recording_id: UUID) -> None:
    """Try once."""
    ticket = await ticket_of(shop.tenancy, recording_id)
    assert ticket is not None
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await perform_leased(shop, leased)


async def fetch_to_the_end(shop: Workshop, recording_id: UUID) -> None:
    """Try until the job is done or given up."""
    while await ticket_of(shop.tenancy, recording_id):
        await fetch(shop, recording_id)


@asynccontextmanager
async def served(
    shop: Workshop, film: Path, manners: Manners | None = None
) -> AsyncIterator[tuple[RecordingServer, Workshop]]:
    async with recording_server(film, manners) as server:
        yield server, replace(shop, recording_hosts=(server.host,))


async def shelf(tenancy: Tenancy, held: Held) -> list[Record]:
    """The lessons in the course's section of recordings, as its student sees them."""
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        return [row for row in await outline.lessons(scope, held.course.id) if row["section_title"] == "Recordings"]


def objects(home: Path) -> list[str]:
    """What the store holds, by the kind of its parts: finished objects, and uploads under way."""
    finished = [path.name for path in (home / "files" / "objects").rglob("*@about")]
    under_way = [path.name for path in (home / "files" / "uploads").rglob("data")]
    return sorted(finished + under_way)


async def content(shop: Workshop, file: Record) -> bytes:
    """The bytes of a file's object."""
    return b"".join([block async for block in shop.store.open_range(file["object_key"])])


async def playable(film: Path) -> bytes:
    """The film with its index first, which is what the store should hold."""
    layout = await fast_start(await FileSource.of(film), Limits())
    assert layout is not None
    return await layout.read(0, layout.size)
