"""Whether a pooler between us and PostgreSQL (PgBouncer in transaction mode) can carry what we send through it.

Migrations and other work of the owner hold locks and settings of a session, which a pooler lends to others; so
DATABASE_URL leads to PostgreSQL itself. The application and the relay send nothing that outlives a transaction but
prepared statements, which PgBouncer carries from 1.21 on.
"""

from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
OWNER_POOLED = (
    "DATABASE_URL leads through a pooler in transaction mode, which cannot migrate: name PostgreSQL itself there, "
    "and the pooler in DATABASE_URL_APP and DATABASE_URL_RELAY."
)
UNPREPARED = (
    "{} leads through a pooler that loses prepared statements: use PgBouncer 1.21 or newer, "
    "and set its max_prepared_statements to 300."
)


async def owner_problem(dsn: str, seconds: float) -> str:
    """A sentence when what DATABASE_URL leads through lends a server's connection out after each transaction."""
    first = await _connect(dsn, seconds)
    try:
        pid = await first.fetchval("select pg_backend_pid()")
        if pid == first.get_server_pid():
            return ""
        second = await _connect(dsn, seconds)
        try:
            return OWNER_POOLED if pid == await second.fetchval("select pg_backend_pid()") else ""
        finally:
            await second.close(timeout=seconds)
    finally:
        await first.close(timeout=seconds)


async def prepared_problem(name: str, dsn: str, seconds: float) -> str:
    """A sentence when a statement prepared through what the setting `name` leads to is lost with its transaction."""
    first = await _connect(dsn, seconds)
    try:
        statement = await first.prepare("select pg_backend_pid()")
        if await statement.fetchval() == first.get_server_pid():
            return ""
        second = await _connect(dsn, seconds)
        try:
            # Keeps the server's connection on which the statement was prepared, so that the first gets another.
            await second.execute("BEGIN; SELECT 1")
            await statement.fetchval()
        except asyncpg.InvalidSQLStatementNameError:
            return UNPREPARED.format(name)
        finally:
            await second.close(timeout=seconds)
    finally:
        await first.close(timeout=seconds)
    return ""


async def _connect(dsn: str, seconds: float) -> Connection:
    return await asyncpg.connect(dsn, timeout=seconds, command_timeout=seconds)
