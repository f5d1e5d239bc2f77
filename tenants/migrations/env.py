"""Alembic's entry: runs the revisions over one asyncpg connection, one at a time per database."""

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tenants.tables import METADATA


async def _migrate() -> None:
    url = context.config.attributes["database_url"]
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


def _run(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_lock(hashtext('guildhall migrations'))"))
    context.configure(connection=connection, target_metadata=METADATA, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


asyncio.run(_migrate())
