"""The attacks on a scratch installation: the database, the web application with its sockets, the jobs they cause."""

import itertools

import asyncpg

from cli.isolation.http_fuzz import Requests, fuzz_http
from cli.isolation.lookout import Lookout
from cli.isolation.overhearing import overhear
from cli.isolation.plan_lint import lint_plans, statements
from cli.isolation.residue import do_jobs, search_residue
from cli.isolation.scratch import Ground, connected, copied, prepare
from cli.isolation.serving import serving
from cli.isolation.shapes import read_shapes
from cli.isolation.socket_fuzz import fuzz_socket
from cli.isolation.sql_fuzz import fuzz_sql
from cli.isolation.tally import Tally
from server import routes
from settings import Settings

# A stranger's visit to a certificate is counted in the channel that issued it, and what comes to a webhook's address
# without its signature is in the log of what was refused there.
COUNTED = ("certificate_visits", "incoming_refusals")


async def attack_database(ground: Ground, many: int, seed: int) -> Tally:
    """Hostile SQL against the twins, and a look whether the other's rows are what they were."""
    async with connected(ground.settings, "guildhall_app") as app:
        tally = await fuzz_sql(app, ground.shapes, ground.own, ground.other, many, seed)
    await _compare(ground, tally)
    return tally


async def attack_installation(ground: Ground, requests: int, events: int, seed: int) -> list[Tally]:
    """Every route, every event, the jobs they cause, what is left of it all, and listening while the other talks."""
    # One for all: what was said over HTTP stands in a room, where the sockets hear it.
    lookout = Lookout(ground.other)
    async with serving(ground.settings) as served:
        rounds = Requests(ground, served.app, routes.API, seed).rounds()
        http = await fuzz_http(ground, served.url, rounds, requests, lookout)
        socket = await fuzz_socket(ground, served.url, events, seed, lookout)
        jobs = await do_jobs(ground)
        await _compare(ground, jobs)
        residue = await search_residue(ground)
        return [http, socket, jobs, residue, *await overhear(ground, served.url, lookout)]


async def attack_weakened(settings: Settings, requests: int, seed: int = 1) -> list[Tally]:
    """The plan lint and the HTTP fuzz over a database without policies, with new twins."""
    ground = await prepare(settings)
    async with connected(settings, "guildhall_app") as app:
        plans = await lint_plans(app, statements(), policies=False)
    async with serving(settings) as served:
        asked = itertools.islice(Requests(ground, served.app, routes.API, seed).rounds(), requests)
        return [plans, await fuzz_http(ground, served.url, asked, requests)]


async def lint_predicates(settings: Settings) -> Tally:
    """The plan lint with no policy in force: the statements' own predicates must do."""
    async with copied(settings) as bare:
        await disarm(bare)
        async with connected(bare, "guildhall_app") as app:
            return await lint_plans(app, statements(), policies=False)


async def disarm(settings: Settings) -> None:
    """Switch row-level security off in all tables of a database."""
    owner = await asyncpg.connect(settings.database_url)
    try:
        for shape in await read_shapes(owner):
            await owner.execute(f"ALTER TABLE {shape.name} DISABLE ROW LEVEL SECURITY")
    finally:
        await owner.close()


async def _compare(ground: Ground, tally: Tally) -> None:
    tally.tried["tables compared"] += len(ground.rows)
    for table in await ground.changed():
        if table not in COUNTED:
            tally.leak(f"rows of the other channel in {table} were changed")
