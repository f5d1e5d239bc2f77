"""What tests of moderation do: flag, act, undo, and look at what others see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tenants.community import messages
from tenants.moderation import acts, flags, queue
from tenants.moderation.effects import Aim
from tenants.scope import Record, Scope, Tenancy
from tests.world import School, Somebody

SOON = timedelta(minutes=30)


@asynccontextmanager
async def acting(tenancy: Tenancy, school: School, who: Somebody) -> AsyncIterator[Scope]:
    async with tenancy.scope(school.id, who.actor) as scope:
        yield scope


async def flag(tenancy: Tenancy, school: School, who: Somebody, message: UUID, *given: str) -> flags.Flagged:
    async with acting(tenancy, school, who) as scope:
        return await flags.flag(scope, message, *(given or ("spam",)))


async def act(tenancy: Tenancy, school: School, who: Somebody, kind: str, **about: Any) -> Record:
    async with acting(tenancy, school, who) as scope:
        return await acts.act(scope, Aim(kind, "It advertises.", **about))


async def undo(tenancy: Tenancy, school: School, who: Somebody, act_id: UUID) -> Record:
    async with acting(tenancy, school, who) as scope:
        return await acts.undo(scope, act_id)


async def read(tenancy: Tenancy, school: School, message: UUID) -> dict[str, Any]:
    async with acting(tenancy, school, school.zoe) as scope:
        return messages.plain(await messages.find(scope, message))


async def waiting(tenancy: Tenancy, school: School, who: Somebody) -> list[queue.Case]:
    async with acting(tenancy, school, who) as scope:
        return await queue.page(scope)


async def passed(database: str, table: str, column: str, school: School) -> None:
    """Have a time of all rows of a table lie an hour back."""
    owner = await asyncpg.connect(database)
    async with owner.transaction():
        await owner.execute(f"alter table {table} no force row level security")
        await owner.execute(
            f"update {table} set {column} = now() - interval '1 hour' where channel_id = $1",
            school.id,
        )
        await owner.execute(f"alter table {table} force row level security")
    await owner.close()
