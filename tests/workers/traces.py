"""A job for tests that notes when it is done, and makes the trouble that its word names."""

from dataclasses import dataclass

from tenants import work
from tenants.jobs import Job
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.world import World
from workers.registry import Workshop
from workers.run import perform_leased


@dataclass(frozen=True, slots=True)
class Trace(Job):
    """A job that notes each time it was done."""

    word: str


async def ask(tenancy: Tenancy, world: World, word: str) -> work.Ticket:
    async with tenancy.scope(world.pottery.id, acting_system("test")) as scope:
        job_id = scope.enqueue(Trace(word))
    return work.Ticket(world.pottery.id, None, job_id)


async def row_of(tenancy: Tenancy, ticket: work.Ticket) -> dict[str, object] | None:
    async with bare(tenancy.relay) as connection:
        row = await connection.fetchrow(
            "select state, attempts, error, run_at > now() as later from jobs where id = $1", ticket.job_id
        )
    return dict(row) if row else None


async def do(shop: Workshop, ticket: work.Ticket) -> None:
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await perform_leased(shop, leased)


async def altered(tenancy: Tenancy, changes: str) -> float:
    """Let time pass for the only job there is; how many seconds it would have paused."""
    async with bare(tenancy.relay) as connection:
        paused = await connection.fetchval("select extract(epoch from run_at - now()) from jobs")
        await connection.execute(f"update jobs set {changes}")
    return float(paused)
