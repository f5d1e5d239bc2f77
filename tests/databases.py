"""Databases for tests: copies of one migrated template, which PostgreSQL makes in a few hundredths of a second."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tenants.database.pool import Pool
from tenants.ids import new_id
from tenants.scope import Tenancy


class Databases:
    """Makes and drops copies of the migrated database at `template_url` (the owner's)."""

    def __init__(self, template_url: str) -> None:
        self._template_url = template_url

    async def hurry(self) -> None:
        """Let the server not wait for the disk: what outlives a power cut is of no use to a test."""
        await self._administer("ALTER SYSTEM SET fsync = off")
        await self._administer("SELECT pg_reload_conf()")

    async def make(self) -> str:
        """A new database; its owner's URL."""
        name = f"t_{new_id().hex}"
        template = urlsplit(self._template_url).path.lstrip("/")
        await self._administer(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return _at(self._template_url, name)

    async def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        await self._administer(f"DROP DATABASE {urlsplit(url).path.lstrip('/')} WITH (FORCE)")

    @staticmethod
    def tenancy(url: str) -> Tenancy:
        """Scopes over a database, as the application and the relay."""
        return Tenancy.open(as_role(url, "guildhall_app"), as_role(url, "guildhall_relay"))

    async def _administer(self, sql: str) -> None:
        connection = await asyncpg.connect(_at(self._template_url, "postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def as_role(url: str, role: str) -> str:
    """The same database, signed in as another role (the embedded server trusts its own socket folder)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))


def _at(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@asynccontextmanager
async def bare(pool: Pool, **settings: object) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The driver's own connection out of a pool, in a transaction that has made `app.` settings when some are given."""
    async with pool.connection() as connection:
        driver = connection._driver
        if not settings:
            yield driver
            return
        async with driver.transaction():
            for name, value in settings.items():
                await driver.execute("select set_config($1, $2, true)", f"app.{name}", str(value))
            yield driver
