"""Whether the PostgreSQL and the Redis that a command uses will do: one sentence with the cure, or nothing."""

import asyncio
import ssl
from typing import TypeAlias

import asyncpg
import redis

from cli.pooling import owner_problem, prepared_problem
from server.__main__ import close_house, make_house
from settings import DATABASE_ROLES, Settings
from workers.queues import keeping_problem

OLDEST_POSTGRES = 15
UNMIGRATED = "it lacks {}: run `guildhall migrate`."
SECONDS = 5
RIGHTS = "+@all ~rq:* ~guildhall* &rq:* &guildhall*"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def check_given(settings: Settings) -> str:
    """What stops us from using the servers that settings name; those that are embedded are ours to keep well."""
    given = {"PostgreSQL": (settings.database_url, postgres_problem), "Redis": (settings.redis_url, redis_problem)}
    for name, (url, ask) in given.items():
        problem = ask(settings) if url else ""
        if problem and not problem.startswith(UNMIGRATED.partition("{")[0]):
            return f"{name}: {problem}"
    return ""


def provider_problem(settings: Settings) -> str:
    """What is wrong with the setting of a provider, as its adapter sees it; nothing is connected."""
    try:
        asyncio.run(close_house(make_house(settings)))
    except ValueError as wrong:
        return str(wrong)
    return ""


def postgres_problem(settings: Settings) -> str:
    """What is wrong with the database server."""
    try:
        return asyncio.run(_ask_postgres(settings))
    except asyncpg.InvalidAuthorizationSpecificationError as fault:
        return f"it does not let us in ({fault}): check user and password in DATABASE_URL."
    except asyncpg.InvalidCatalogNameError as fault:
        return f"{fault}: make it (CREATE DATABASE …), or mend the name in DATABASE_URL."
    except asyncpg.exceptions.TargetServerAttributeNotMatched:
        return "none of its hosts is what target_session_attrs in DATABASE_URL asks for: name the primary as well."
    except ssl.SSLError as fault:
        reason = getattr(fault, "verify_message", None) or fault.reason or fault
        return f"its certificate does not hold ({reason}): name its authority by sslrootcert=… in DATABASE_URL."
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as fault:
        return (
            f"cannot be reached ({fault or type(fault).__name__}): check that it runs and that DATABASE_URL is right."
        )


async def _ask_postgres(settings: Settings) -> str:
    connection: Connection = await asyncpg.connect(settings.database_url, timeout=SECONDS, command_timeout=SECONDS)
    try:
        if problem := await _server_problem(connection) or await _roles_problem(connection):
            return problem
    finally:
        await connection.close(timeout=SECONDS)
    return await _pooler_problem(settings)


async def _pooler_problem(settings: Settings) -> str:
    """What a pooler cannot carry that one of the settings leads through."""
    if problem := await owner_problem(settings.database_url, SECONDS):
        return problem
    given = {"DATABASE_URL_APP": settings.database_url_app, "DATABASE_URL_RELAY": settings.database_url_relay}
    problems = [await prepared_problem(name, dsn, SECONDS) for name, dsn in given.items() if dsn]
    return next(filter(None, problems), "")


async def _server_problem(connection: Connection) -> str:
    major = connection.get_server_version().major
    if major < OLDEST_POSTGRES:
        return f"version {major} is too old: use {OLDEST_POSTGRES} or newer."
    if await connection.fetchval("select pg_is_in_recovery()"):
        return "it is a standby, which takes no writes: name the primary in DATABASE_URL."
    encoding = await connection.fetchval("show server_encoding")
    return "" if encoding == "UTF8" else f"its database is in {encoding}: make one with ENCODING 'UTF8'."


async def _roles_problem(connection: Connection) -> str:
    """Roles that are missing, which a migration makes if it may."""
    rows = await connection.fetch("select rolname from pg_roles where rolname = any($1)", DATABASE_ROLES)
    missing = sorted(set(DATABASE_ROLES) - {row["rolname"] for row in rows})
    may = "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"
    if missing and not await connection.fetchval(may):
        owner = await connection.fetchval("select current_user::text")
        return f"{owner} may not make the role {missing[0]}: as a superuser, ALTER ROLE {owner} CREATEROLE."
    return UNMIGRATED.format(", ".join(missing)) if missing else ""


def redis_problem(settings: Settings) -> str:
    """What is wrong with Redis: unreachable, or set so that it could lose jobs."""
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, decode_responses=True
        ) as line:
            return keeping_problem(line) or _rights_problem(line, settings.deployment)
    except redis.AuthenticationError as fault:
        return f"it does not let us in ({fault}): check user and password in REDIS_URL."
    except redis.RedisError as fault:
        return f"cannot be reached ({fault}): check that it runs and that REDIS_URL is right."


def _rights_problem(line: "redis.Redis", deployment: str) -> str:
    """What the user may not do that the product does: keys, scripts and channels that begin with the deployment."""
    key = f"{deployment}:doctor"
    try:
        line.set(key, "1", ex=SECONDS)
        line.eval("return redis.call('del', KEYS[1])", 1, key)
        line.publish(key, "")
    except redis.exceptions.NoPermissionError as fault:
        return f"its user may not do all that is needed ({fault}): ACL SETUSER … {RIGHTS}"
    return ""
