"""One run: an installation, a school, traffic of every kind, kills, and the reckoning."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import aiohttp
import asyncpg

from tests.films import make_film
from tests.kills.school import prepare
from tests.kills.traffic import Certificates, Client, Messages, Recordings, School, Uploads
from tests.slices.installation import Installation
from tests.standins.recordings import recording_server
from tests.waiting import until

PARTS = ("web", "render", "media", "index", "default", "steward", "valkey", "postgres")


class Kind(Protocol):
    """One kind of work: goes on until told to stop, then says what was acknowledged, lost and doubled."""

    async def run(self, until: asyncio.Event) -> None:
        """Work."""

    async def check(self) -> tuple[int, int, int]:
        """Reckon."""


@dataclass
class Report:
    """What was killed how often, and per kind of work: acknowledged, lost, doubled."""

    kills: Counter[str] = field(default_factory=Counter)
    work: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    retries: int = 0

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled, and something was done of each kind."""
        return all(done and not lost and not doubled for done, lost, doubled in self.work.values())

    def table(self) -> list[str]:
        """The report for people."""
        killed = [f"{part:<12} killed {count:>3} times" for part, count in sorted(self.kills.items())]
        head = f"{'work':<14}{'acknowledged':>14}{'lost':>8}{'doubled':>9}"
        rows = [f"{name:<14}{done:>14}{lost:>8}{doubled:>9}" for name, (done, lost, doubled) in self.work.items()]
        last = f"{sum(self.kills.values())} kills, {self.retries} requests sent again"
        return [*killed, "", head, *rows, "", last]


async def run(folder: Path, chance: random.Random, rounds: int) -> Report:
    """Kill `rounds` parts, one after the other, under traffic of every kind; the report."""
    async with AsyncExitStack() as stack:
        film = await stack.enter_async_context(recording_server(make_film(folder / "film.mp4", seconds=3)))
        installation = Installation(folder / "var", RECORDING_HOSTS=film.host, LOG_FORMAT="json")
        stack.callback(installation.stop)
        await asyncio.to_thread(installation.start)
        await installation.ready()
        school = await prepare(installation, film.url)
        timeout = aiohttp.ClientTimeout(total=20)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        return await _reckon(installation, Client(installation.url, session), school, chance, rounds)


async def _reckon(
    installation: Installation, client: Client, school: School, chance: random.Random, rounds: int
) -> Report:
    report, stop = Report(), asyncio.Event()
    kinds: dict[str, Kind] = {
        "messages": Messages(client, school),
        "recordings": Recordings(client, school, chance),
        "certificates": Certificates(client, school),
        "uploads": Uploads(client, school, chance),
    }
    async with asyncio.TaskGroup() as working:
        for kind in kinds.values():
            working.create_task(kind.run(stop))
        for number in range(rounds):
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            part = PARTS[number % len(PARTS)] if number < len(PARTS) else chance.choice(PARTS)
            await installation.killed(part)
            report.kills[part] += 1
        await asyncio.sleep(1)
        stop.set()
    await installation.ready()
    for name, kind in kinds.items():
        report.work[name] = await kind.check()
    report.work["search index"] = await _indexed(installation)
    report.work["outbox"] = await _settled(installation)
    report.retries = client.retries
    return report


async def _indexed(installation: Installation) -> tuple[int, int, int]:
    """Messages, and those that the index lacks or has twice."""
    owner = await asyncpg.connect(installation.database_url)
    try:

        async def caught_up() -> bool:
            return not await owner.fetchval("select count(*) from index_changes")

        await until(caught_up, within=60, every=0.2)
        rows = await owner.fetchval("select count(*) from messages where deleted_at is null")
        found = await owner.fetchval("select count(*) from search_documents where kind = 'message'")
        return int(rows), int(max(0, rows - found)), int(max(0, found - rows))
    finally:
        await owner.close()


async def _settled(installation: Installation) -> tuple[int, int, int]:
    """Whether all that was asked for is done: jobs or notices left, and jobs that failed, count as lost."""
    owner = await asyncpg.connect(installation.database_url)
    left = "select (select count(*) from jobs) + (select count(*) from person_jobs) + (select count(*) from notices)"
    try:

        async def empty() -> bool:
            failed = await owner.fetchval("select count(*) from jobs where state = 'failed'")
            return bool(failed) or not await owner.fetchval(left)

        await until(empty, within=90, every=0.2)
        return 1, int(await owner.fetchval(left)), 0
    finally:
        await owner.close()
