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
from cli.stop import Stop
from tenants.ids import new_id

SETTLE_SECONDS = 240.0
CALM_SECONDS, WARM_SECONDS = 1.0, 10.0
REST_SECONDS = 120.0
GROWTH_MB = 32
"""What a process may hold more at the end than before the first fault."""
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

    `alone` are the providers that a process left alone at its end; `lost` and `doubled` is what all kinds of work
    missed or found twice after it, `memory` what web and workers held then, in MB.
    """

    fault: str
    tally: Tally
    standing: str
    waited: int
    caught_up: float
    alone: list[str]
    lost: int
    doubled: int
    memory: int
    amiss: list[str]
    """The kinds of work of which something is lost or doubled."""


@dataclass
class Report:
    """A row per fault; per kind of work: acknowledged, lost, doubled."""

    rows: list[Row] = field(default_factory=list)
    work: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    """Jobs that were given up, with the reason."""
    alone: list[str] = field(default_factory=list)
    """Providers that were still left alone when all was over."""
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    """What each process held before the first fault, once it had done work of every kind, and after the last, in MB."""

    @property
    def grown(self) -> dict[str, int]:
        """The processes that hold more than GROWTH_MB more than before, and by how much."""
        held = {name: self.after[name] - at_first for name, at_first in self.before.items() if name in self.after}
        return {name: more for name, more in held.items() if more > GROWTH_MB}

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, given up, left alone, grown or refused unexplained; something done of each kind."""
        bad = sum(row.tally.answers["bad"] for row in self.rows)
        return (
            not (bad or self.failed or self.alone or self.grown)
            and not any(row.lost or row.doubled for row in self.rows)
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
        return await _drill(Stage(scene, kinds, visitor), wanted, tell)


def _kinds(scene: Scene, source: FilmHouse) -> dict[str, Kind]:
    """The work of every drill."""
    worker, school = scene.client, scene.school
    return {
        "messages": Messages(worker, school),
        "recordings": Recordings(worker, school, scene.chance, source.url),
        "certificates": Certificates(worker, school),
        "uploads": Uploads(worker, school, scene.chance),
    }


@dataclass(frozen=True, slots=True)
class Stage:
    """What faults happen to: the scene, the work that goes on in it, and who looks on."""

    scene: Scene
    kinds: Mapping[str, Kind]
    visitor: Client

    @property
    def installation(self) -> Installation:
        """What is drilled."""
        return self.scene.installation

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Work of every kind and looks go on within the block."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as working:
            for kind in self.kinds.values():
                working.create_task(kind.run(stop))
            working.create_task(look(self.visitor, self.scene.school, stop))
            working.create_task(verify(self.visitor, self.scene.school, stop))
            yield
            stop.set()

    async def reckon(self) -> dict[str, tuple[int, int, int]]:
        """Wait until all that was begun is done, and count."""
        await _caught_up(self.installation, new_id())
        counted = {name: await kind.check() for name, kind in self.kinds.items()}
        await _caught_up(self.installation, new_id())
        return counted | {"search index": await _indexed(self.installation)}


async def _drill(stage: Stage, wanted: Sequence[Fault], tell: Callable[[Row], None]) -> Report:
    report, installation = Report(), stage.installation
    async with stage.at_work():
        await asyncio.sleep(WARM_SECONDS)
    report.work = await stage.reckon()
    report.before = installation.memory()
    for fault in wanted:
        row, report.work = await _suffer(fault, stage, report.work)
        report.rows.append(row)
        tell(row)
    report.after = installation.memory()
    report.failed = [f"{row['name']}: {row['error']}" for row in await _rows(installation, FAILED)]
    report.alone = await _still_alone(stage)
    return report


async def _suffer(
    fault: Fault, stage: Stage, before: Mapping[str, tuple[int, int, int]]
) -> tuple[Row, dict[str, tuple[int, int, int]]]:
    """Let one fault happen while work goes on, see how it is met and overcome, and reckon."""
    installation, visitor = stage.installation, stage.visitor
    visitor.tally = tally = Tally()
    async with stage.at_work():
        async with fault.happens():
            await asyncio.sleep(fault.seconds)
            called, alone = await standing(visitor), await left_alone(visitor, METRICS_TOKEN)
        asked_before, ended = new_id(), time.monotonic()
        await installation.ready()
        waited = await _ask(installation, WAITING, asked_before)
        await _caught_up(installation, asked_before)
        seconds = time.monotonic() - ended
        await asyncio.sleep(CALM_SECONDS)
    counted = await stage.reckon()
    lost, doubled = (sum(max(0, each[i] - before[name][i]) for name, each in counted.items()) for i in (1, 2))
    memory = sum(installation.memory().values())
    amiss = [name for name, each in counted.items() if each[1:] > before[name][1:]]
    return Row(fault.name, tally, called, waited, seconds, alone, lost, doubled, memory, amiss), counted


async def _still_alone(stage: Stage) -> list[str]:
    """The providers left alone although a breaker's rest is long over; somebody has to ask, so work goes on."""

    async def none() -> bool:
        return not await left_alone(stage.visitor, METRICS_TOKEN)

    with contextlib.suppress(Stop):
        async with stage.at_work():
            await until(none, within=REST_SECONDS, every=1.0)
    await stage.reckon()
    return await left_alone(stage.visitor, METRICS_TOKEN)


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
