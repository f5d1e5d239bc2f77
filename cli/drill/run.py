"""One drill: the installation, its school, work of every kind, one fault after the other, and the reckoning."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg

from cli.demo.films import film
from cli.drill.client import Client, Tally
from cli.drill.faults import Fault, faults
from cli.drill.film import FilmHouse, film_house
from cli.drill.installation import METRICS_TOKEN, Installation, installed
from cli.drill.looks import left_alone, look, standing, verify
from cli.drill.school import found
from cli.drill.surroundings import Scene, Surrounded, embedded
from cli.drill.waiting import until
from cli.drill.work import Certificates, Kind, Messages, Recordings, Uploads
from tenants.ids import new_id

SETTLE_SECONDS = 240.0
CALM_SECONDS = 1.0
WAITING = """
select (select count(*) from jobs where state <> 'failed' and id < $1 and (attempts + waits > 0 or run_at <= now()))
  + (select count(*) from person_jobs where state <> 'failed' and id < $1)
  + (select count(*) from index_changes where id < $1) + (select count(*) from notices where id < $1)
"""
FAILED = """
select name, error from jobs where state = 'failed' union all select name, error from person_jobs where state = 'failed'
"""
ROWS = "select count(*) from messages where deleted_at is null"
FOUND = "select count(*) from search_documents where kind = 'message'"


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: what people met meanwhile, how things were called, what waited at its end, seconds to catch up.

    `alone` are the providers that the web process left alone at its end.
    """

    fault: str
    tally: Tally
    standing: str
    waited: int
    caught_up: float
    alone: list[str]


@dataclass
class Report:
    """A row per fault; per kind of work: acknowledged, lost, doubled."""

    rows: list[Row] = field(default_factory=list)
    work: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    """Jobs that were given up, with the reason."""
    alone: list[str] = field(default_factory=list)
    """Providers that were still left alone when all was over."""
    memory: list[int] = field(default_factory=list)
    """What the processes held after each fault, in MB."""

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, given up, left alone or refused without a reason, and something done of each kind."""
        bad = sum(row.tally.answers["bad"] for row in self.rows)
        return (
            not bad
            and not self.failed
            and not self.alone
            and all(done and not lost and not doubled for done, lost, doubled in self.work.values())
        )


async def run(
    folder: Path, seed: int, only: Sequence[str], tell: Callable[[Row], None], surrounded: Surrounded = embedded
) -> Report:
    """Drill a scratch installation in `folder`; `only` names faults by parts of their names, or is empty for all."""
    async with (
        film_house(await asyncio.to_thread(film, 3, 20)) as source,
        surrounded(source) as around,
        installed(folder, around.settings) as installation,
        _client(installation) as worker,
        _client(installation) as visitor,
    ):
        scene = Scene(installation, await found(worker), worker, random.Random(seed))  # noqa: S311
        every = [*faults(installation, source), *around.faults(installation)]
        wanted = [fault for fault in every if not only or any(words in fault.name for words in only)]
        kinds = _kinds(scene, source) | await around.kinds(scene)
        return await _drill(scene, kinds, visitor, wanted, tell)


def _kinds(scene: Scene, source: FilmHouse) -> dict[str, Kind]:
    """The work of every drill."""
    worker, school = scene.client, scene.school
    return {
        "messages": Messages(worker, school),
        "recordings": Recordings(worker, school, scene.chance, source.url),
        "certificates": Certificates(worker, school),
        "uploads": Uploads(worker, school, scene.chance),
    }


async def _drill(
    scene: Scene, kinds: Mapping[str, Kind], visitor: Client, wanted: Sequence[Fault], tell: Callable[[Row], None]
) -> Report:
    report, stop, installation = Report(), asyncio.Event(), scene.installation
    async with asyncio.TaskGroup() as working:
        for kind in kinds.values():
            working.create_task(kind.run(stop))
        working.create_task(look(visitor, scene.school, stop))
        working.create_task(verify(visitor, scene.school, stop))
        for fault in wanted:
            row = await _suffer(fault, installation, visitor)
            report.rows.append(row)
            report.memory.append(installation.memory())
            tell(row)
        stop.set()
    await _caught_up(installation, new_id())
    for name, kind in kinds.items():
        report.work[name] = await kind.check()
    await _caught_up(installation, new_id())
    report.work["search index"] = await _indexed(installation)
    report.failed = [f"{row['name']}: {row['error']}" for row in await _rows(installation, FAILED)]
    report.alone = await left_alone(visitor, METRICS_TOKEN)
    return report


async def _suffer(fault: Fault, installation: Installation, visitor: Client) -> Row:
    """Let one fault happen, and see how it is met and overcome."""
    visitor.tally = tally = Tally()
    async with fault.happens():
        await asyncio.sleep(fault.seconds)
        called, alone = await standing(visitor), await left_alone(visitor, METRICS_TOKEN)
    asked_before, ended = new_id(), time.monotonic()
    await installation.ready()
    waited = await _ask(installation, WAITING, asked_before)
    await _caught_up(installation, asked_before)
    seconds = time.monotonic() - ended
    await asyncio.sleep(CALM_SECONDS)
    return Row(fault.name, tally, called, waited, seconds, alone)


async def _caught_up(installation: Installation, asked_before: UUID) -> None:
    """Wait until nothing waits any more that was asked for before an id was drawn."""

    async def empty() -> bool:
        return not await _ask(installation, WAITING, asked_before)

    await until(empty, within=SETTLE_SECONDS, every=0.1)


async def _indexed(installation: Installation) -> tuple[int, int, int]:
    """Messages, those that the index lacks, and those that it has too many."""
    rows, found_there = await _ask(installation, ROWS), await _ask(installation, FOUND)
    return rows, max(0, rows - found_there), max(0, found_there - rows)


@contextlib.asynccontextmanager
async def _client(installation: Installation) -> AsyncIterator[Client]:
    # A signed link that is led to is good only as it was written.
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, requote_redirect_url=False) as session:
        yield Client(installation.url, session)


async def _ask(installation: Installation, sql: str, *values: object) -> int:
    """A number from the database itself, past the tap."""
    return int((await _rows(installation, sql, *values))[0][0])


async def _rows(installation: Installation, sql: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(installation.servers.postgres.database_url, timeout=30)
    try:
        return await connection.fetch(sql, *values)
    finally:
        await connection.close()
