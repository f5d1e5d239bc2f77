"""What tests of filters do: make them, write against them, and look at what was caught."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tenants.community import edits, messages
from tenants.community.drafts import draft
from tenants.ids import RoomId
from tenants.moderation import filter_editing
from tenants.scope import Record, Tenancy
from tests.tenants.moderating import acting
from tests.world import School, Somebody

RULES: dict[str, dict[str, Any]] = {
    "words": {"words": ["clay", "free money"]},
    "links": {"mode": "deny", "domains": ["evil.example"]},
    "newcomers": {"days": 3, "messages": 5, "per_hour": 2, "links": 1},
    "repeats": {"times": 2, "minutes": 10},
}


def filter_of(kind: str, action: str, **more: Any) -> dict[str, Any]:
    return {"name": f"No {kind}", "kind": kind, "rule": RULES[kind], "action": action, "enabled": True} | more


async def add(tenancy: Tenancy, school: School, kind: str, action: str = "hold", **more: Any) -> Record:
    async with acting(tenancy, school, school.people.get("mia") or school.people["otto"]) as scope:
        return await filter_editing.add(scope, filter_of(kind, action, **more))


async def say(
    tenancy: Tenancy, school: School, who: Somebody, room: RoomId, body: str, client_id: UUID | None = None
) -> messages.Posted:
    async with acting(tenancy, school, who) as scope:
        return await messages.post(scope, room, draft(client_id or uuid4(), body))


async def change(tenancy: Tenancy, school: School, who: Somebody, message: UUID, body: str) -> Record:
    async with acting(tenancy, school, who) as scope:
        return await edits.edit(scope, message, draft(uuid4(), body))


async def owner_runs(database: str, table: str, sql: str, *arguments: Any) -> None:
    """Change rows as the owner of the database may."""
    owner = await asyncpg.connect(database)
    async with owner.transaction():
        await owner.execute(f"alter table {table} no force row level security")
        await owner.execute(sql, *arguments)
        await owner.execute(f"alter table {table} force row level security")
    await owner.close()


async def joined_long_ago(database: str, school: School, days: int = 60) -> None:
    """Have everybody of a school be a member for long."""
    sql = "update members set joined_at = now() - make_interval(days => $2) where channel_id = $1"
    await owner_runs(database, "members", sql, school.id, days)
