"""The roles of the database: who owns nothing and bypasses nothing, and who may look further.

`guildhall_app` serves requests and jobs, `guildhall_relay` reads the outbox, `guildhall_backup` reads all rows;
`guildhall_directory` and `guildhall_search` cannot sign in and only own SECURITY DEFINER functions.
"""

from collections.abc import Mapping

import asyncpg

LOGINS = ("guildhall_app", "guildhall_relay", "guildhall_backup")
HOLDERS = ("guildhall_directory", "guildhall_search")


async def ensure(database_url: str, passwords: Mapping[str, str]) -> None:
    """Make each role that is missing and set the passwords given, as often as one likes."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtext('guildhall roles'))")
            for role in (*LOGINS, *HOLDERS):
                await _ensure(connection, role, passwords.get(role))
    finally:
        await connection.close()


async def _ensure(connection: asyncpg.Connection, role: str, password: str | None) -> None:
    login = "LOGIN" if role in LOGINS else "NOLOGIN"
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role} {login}")
    if password:
        # ALTER ROLE takes no bind values: the server itself quotes the literal.
        await connection.execute(
            await connection.fetchval("select format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password)
        )
    if role in HOLDERS:
        await connection.execute(f"GRANT {role} TO CURRENT_USER")
