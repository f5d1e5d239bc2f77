"""The proofs one after the other, what each tried, and the verdict."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog
from structlog.typing import EventDict

from cli.console import say, step
from cli.isolation.attacks import attack_database, attack_installation, lint_predicates
from cli.isolation.mutations import check_mutations, hold_by_predicates_alone
from cli.isolation.plan_lint import lint_plans, statements
from cli.isolation.schema_lint import lint_schema
from cli.isolation.scratch import connected, prepare, scratch
from cli.isolation.tally import Tally
from cli.stop import Stop
from providers.embedded import EmbeddedValkey
from settings import Settings


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: hostile statements, requests, events of each kind; and the seed that repeats a run."""

    statements: int = 14_000
    requests: int = 6_000
    events: int = 40
    mutant_statements: int = 2_500
    mutant_requests: int = 600
    seed: int = 1


def isolate(settings: Settings) -> None:
    """Prove it and print what was tried; Stop when anything leaks, or when there is no schema to look at."""
    asyncio.run(_require_schema(settings))
    structlog.configure(
        processors=[_drop, structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    with _apart(settings) as beside:
        tallies = asyncio.run(prove(settings, beside, Effort()))
    judge(tallies)


def judge(tallies: list[Tally]) -> None:
    """Print what was tried and found; Stop when anything leaks."""
    for tally in tallies:
        for line in tally.lines():
            say(line)
    leaks = sum(len(tally.found) for tally in tallies)
    say(f"{sum(tally.attempts for tally in tallies):,} attempts, {leaks} leaks")
    if leaks:
        raise Stop("Channels are not kept apart: see above.")


async def _require_schema(settings: Settings) -> None:
    try:
        owner = await asyncpg.connect(settings.database_url, timeout=10)
    except (OSError, asyncpg.PostgresError) as fault:
        raise Stop(f"PostgreSQL cannot be reached ({fault}): ask `guildhall doctor`.") from None
    try:
        if await owner.fetchval("SELECT to_regclass('public.channels')") is None:
            raise Stop("The database has no schema yet: run `guildhall migrate` first.")
    finally:
        await owner.close()


def _drop(_logger: object, method: str, event: EventDict) -> EventDict:
    """Thousands of refused requests are no news; a fault of ours is."""
    if method not in {"error", "critical", "exception"}:
        raise structlog.DropEvent
    return event


@contextlib.contextmanager
def _apart(settings: Settings) -> Iterator[Settings]:
    """The settings with a Redis and folders of their own, gone afterwards; the database is made later."""
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        valkey = EmbeddedValkey(Path(folder) / "kv")
        valkey.start()
        try:
            yield settings.model_copy(
                update={
                    "guildhall_home": home,
                    "redis_url": valkey.redis_url,
                    "storage": f"disk:{home / 'files'}",
                    "mail": f"folder:{home / 'mail'}",
                }
            )
        finally:
            valkey.stop()


async def prove(live: Settings, beside: Settings, effort: Effort) -> list[Tally]:
    """Read the live installation, then attack a scratch one `beside` it."""
    with step("The live database read"):
        tallies = await read_live(live)
    async with scratch(beside) as apart:
        with step("Twins made in a scratch database"):
            ground = await prepare(apart)
        with step("Plans looked at without policies"):
            tallies.append(await lint_predicates(apart))
        with step("Walls taken down one by one"):
            tallies.append(await check_mutations(ground, effort.mutant_statements, effort.mutant_requests, effort.seed))
        with step("Requests made where no policy holds"):
            tallies.append(await hold_by_predicates_alone(ground, effort.mutant_requests, effort.seed))
        with step("Hostile SQL tried"):
            tallies.append(await attack_database(ground, effort.statements, effort.seed))
        with step("Every route and event tried"):
            tallies += await attack_installation(ground, effort.requests, effort.events, effort.seed)
    return tallies


async def read_live(settings: Settings) -> list[Tally]:
    """The lints, over a database that is only read."""
    found = statements()  # first, for the schema lint asks for the references that the house declares
    owner = await asyncpg.connect(settings.database_url)
    try:
        schema = await lint_schema(owner)
    finally:
        await owner.close()
    async with connected(settings, "guildhall_app") as app:
        return [schema, await lint_plans(app, found)]
