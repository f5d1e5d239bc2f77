"""The proofs one after the other, what each tried, and the verdict."""

import asyncio
from dataclasses import dataclass

import asyncpg

from cli.console import say, step
from cli.isolation.plan_lint import lint_plans, statements
from cli.isolation.schema_lint import lint_schema
from cli.isolation.scratch import Ground, connected, prepare, scratch
from cli.isolation.sql_fuzz import fuzz_sql
from cli.isolation.tally import Tally
from cli.stop import Stop
from settings import Settings


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: hostile statements, and the seed that repeats a run."""

    statements: int = 14_000
    seed: int = 1


def isolate(settings: Settings) -> None:
    """Prove it and print what was tried; Stop when anything leaks."""
    tallies = asyncio.run(_prove(settings, Effort()))
    for tally in tallies:
        for line in tally.lines():
            say(line)
    leaks = sum(len(tally.found) for tally in tallies)
    say(f"{sum(tally.attempts for tally in tallies):,} attempts, {leaks} leaks")
    if leaks:
        raise Stop("Channels are not kept apart: see above.")


async def _prove(settings: Settings, effort: Effort) -> list[Tally]:
    with step("The live database read"):
        tallies = await read_live(settings)
    async with scratch(settings) as apart:
        with step("Twins made in a scratch database"):
            ground = await prepare(apart)
        with step("Hostile SQL tried"):
            tallies.append(await attack_database(ground, effort))
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


async def attack_database(ground: Ground, effort: Effort) -> Tally:
    """Hostile SQL against the twins, and a look whether the other's rows are what they were."""
    async with connected(ground.settings, "guildhall_app") as app:
        tally = await fuzz_sql(app, ground.shapes, ground.own, ground.other, effort.statements, effort.seed)
    tally.tried["tables compared"] += len(ground.rows)
    for table in await ground.changed():
        tally.leak(f"rows of the other channel in {table} were changed")
    return tally
