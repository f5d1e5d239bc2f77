"""A scratch database beside the live one, with two twins in it; what is proved there harms nobody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from cli.isolation.filling import fill, fingerprint
from cli.isolation.shapes import Shape, read_shapes
from cli.isolation.twins import Twin, new_twin
from cli.stop import Stop
from settings import DATABASE_ROLES, Settings
from tenants import migrations
from tenants.ids import new_id


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with both twins: `own` attacks, `other` is not to be seen; `rows` are the hashes of its rows."""

    settings: Settings
    shapes: list[Shape]
    own: Twin
    other: Twin
    rows: dict[str, str]

    async def changed(self) -> list[str]:
        """The tables in which rows of the other twin are no longer what they were."""
        async with connected(self.settings, "guildhall_backup") as reader:
            now = await fingerprint(reader, self.shapes, self.other)
        return sorted(name for name, rows in self.rows.items() if now[name] != rows)


@contextlib.asynccontextmanager
async def scratch(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with the addresses of a new, migrated database on the same server; Stop if it may not be made."""
    name = f"guildhall_isolation_{new_id().hex[-12:]}"
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute(f"CREATE DATABASE {name}")
    except asyncpg.InsufficientPrivilegeError:
        raise Stop("The owner of DATABASE_URL may not make a scratch database: grant it CREATEDB.") from None
    try:
        moved = moved_to(settings, name)
        await asyncio.to_thread(migrations.upgrade, moved.database_url, {})
        yield moved
    finally:
        await owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await owner.close()


@contextlib.asynccontextmanager
async def copied(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with the addresses of a copy of their database, for what breaks it; nobody may be connected."""
    name = f"guildhall_isolation_{new_id().hex[-12:]}"
    source = urlsplit(settings.database_url).path.lstrip("/")
    owner = await asyncpg.connect(_at(settings.database_url, "postgres"))
    try:
        await owner.execute(f'CREATE DATABASE {name} TEMPLATE "{source}"')
        yield moved_to(settings, name)
    finally:
        await owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await owner.close()


def moved_to(settings: Settings, name: str) -> Settings:
    """The settings with another database of the same server."""
    urls = {"database_url": _at(settings.database_url, name)}
    for role in DATABASE_ROLES:
        if given := settings.given_url(role):
            urls[f"database_url_{role.removeprefix('guildhall_')}"] = _at(given, name)
    return settings.model_copy(update=urls)


def _at(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def prepare(settings: Settings) -> Ground:
    """Fill both twins; Stop names the tables that could not be filled from their catalog alone."""
    own, other = new_twin(), new_twin()
    owner = await asyncpg.connect(settings.database_url)
    try:
        shapes = await read_shapes(owner)
        for twin in (own, other):
            await fill(owner, shapes, twin)
        await owner.execute("ANALYZE")
    finally:
        await owner.close()
    if other.unfilled:
        raise Stop(f"No rows could be made in {', '.join(other.unfilled)}: say in PARTICULAR what its columns hold.")
    async with connected(settings, "guildhall_backup") as reader:
        return Ground(settings, shapes, own, other, await fingerprint(reader, shapes, other))


@contextlib.asynccontextmanager
async def connected(settings: Settings, role: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as one of the roles that sign in; no statement is remembered, for objects come and go."""
    connection = await asyncpg.connect(settings.role_url(role), statement_cache_size=0)
    try:
        yield connection
    finally:
        await connection.close()
