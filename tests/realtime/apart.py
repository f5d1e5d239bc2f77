"""Web processes apart from the test's own: real ones, which can be killed and paused."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from cli.drill.processes import Process, free_port
from tests.databases import as_role
from tests.webapp import Web, settings_for


@dataclass(frozen=True, slots=True)
class Apart:
    """A web process, and how to speak to it."""

    web: Web
    process: Process


@contextlib.asynccontextmanager
async def apart(database: str, redis_url: str, home: Path, **given: str) -> AsyncIterator[Apart]:
    """A web process of the deployment of the tests, ready, until the block ends."""
    port = free_port()
    secret = settings_for(database, redis_url, home, port).secret_key.get_secret_value()
    settings = {
        "GUILDHALL_HOME": str(home), "GUILDHALL_DEMO": "1", "LOG_FORMAT": "json", "PORT": str(port),
        "SECRET_KEY": secret, "REDIS_URL": redis_url, "DATABASE_URL": database,
        "DATABASE_URL_APP": as_role(database, "guildhall_app"),
        "DATABASE_URL_RELAY": as_role(database, "guildhall_relay"),
    } | given  # fmt: skip
    home.mkdir(parents=True, exist_ok=True)
    process = Process.start("web", settings, home / f"web-{port}.log")
    try:
        url = f"http://127.0.0.1:{port}"
        await process.ready(url)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Apart(Web(url, web.Application(), session), process)
    finally:
        process.end()
