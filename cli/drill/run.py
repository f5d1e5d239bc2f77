"""One drill: the installation, its school, work of every kind, one fault after the other, and the reckoning."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg

from cli.demo.films import film
from cli.drill.client import Client, Tally
from cli.drill.faults import Fault, faults
from cli.drill.film import FilmHouse, film_house
from cli.drill.installation import Installation, installed
from cli.drill.looks import look, standing, verify
from cli.drill.school import School, found
from cli.drill.waiting import until
from cli.drill.work import Certificates, Kind, Messages, Recordings, Uploads
from tenants.ids import new_id

SETTLE_SECONDS = 240.0
CALM_SECONDS = 1.0
WAITING = """
select (select count(*) from jobs where state <> 'failed' and id < $1)
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
    """One fault: what people met meanwhile, how things were called, what waited at its end, seconds to catch up."""

    fault: str
    tally: Tally
    standing: str
    waited: int
    caught_up: float


@dataclass
class Report:
    """A row per fault; per kind of work: acknowledged, lost, doubled."""

    rows: list[Row] = field(default_factory=list)
    work: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    """Jobs that were given up, with the reason."""

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, given up or refused without a reason, and something was done of each kind."""
        bad = sum(row.tally.answers["bad"] for row in self.rows)
        return (
            not bad
            and not self.failed
            and all(done and not lost and not doubled for done, lost, doubled in self.work.values())
        )


async def run(folder: Path, seed: int, only: Sequence[str], tell: Callable[[Row], None]) -> Report:
    """Drill a scratch installation in `folder`; `only` names faults by parts of their names, or is empty for all."""
    async with (
        film_house(await asyncio.to_thread(film, 3, 20)) as source,
        installed(folder, source.host) as installation,
        _client(installation) as worker,
        _client(installation) as visitor,
    ):
        school = await found(worker)
        wanted = [fault for fault in faults(installation, source) if not only or any(x in fault.name for x in only)]
        return await _drill(installation, source, worker, visitor, school, random.Random(seed), wanted, tell)  # noqa: S311


async def _drill(
    installation: Installation,
    source: FilmHouse,
    worker: Client,
    visitor: Client,
    school: School,
    chance: random.Random,
    wanted: Sequence[Fault],
    tell: Callable[[Row], None],
) -> Report:
    report, stop = Report(), asyncio.Event()
    kinds: dict[str, Kind] = {
        "messages": Messages(worker, school),
        "recordings": Recordings(worker, school, chance, source.url),
        "certificates": Certificates(worker, school),
        "uploads": Uploads(worker, school, chance),
    }
    async with asyncio.TaskGroup() as working:
        for kind in kinds.values():
            working.create_task(kind.run(stop))
        working.create_task(look(visitor, school, stop))
        working.create_task(verify(visitor, school, stop))
        for fault in wanted:
            row = await _suffer(fault, installation, visitor)
            report.rows.append(row)
            tell(row)
        stop.set()
    await _caught_up(installation, new_id())
    for name, kind in kinds.items():
        report.work[name] = await kind.check()
    await _caught_up(installation, new_id())
    report.work["search index"] = await _indexed(installation)
    report.failed = [f"{row['name']}: {row['error']}" for row in await _rows(installation, FAILED)]
    return report


async def _suffer(fault: Fault, installation: Installation, visitor: Client) -> Row:
    """Let one fault happen, and see how it is met and overcome."""
    visitor.tally = tally = Tally()
    async with fault.happens():
        await asyncio.sleep(fault.seconds)
        called = await standing(visitor)
    asked_before, ended = new_id(), time.monotonic()
    await installation.ready()
    waited = await _ask(installation, WAITING, asked_before)
    await _caught_up(installation, asked_before)
    seconds = time.monotonic() - ended
    await asyncio.sleep(CALM_SECONDS)
    return Row(fault.name, tally, called, waited, seconds)


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
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield Client(installation.url, session)


async def _ask(installation: Installation, sql: str, *values: object) -> int:
    """A number from the database itself, past the tap."""
    return int((await _rows(installation, sql, *values))[0][0])


async def _rows(installation: Installation, sql: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(installation.postgres.database_url, timeout=30)
    try:
        return await connection.fetch(sql, *values)
    finally:
        await connection.close()
