"""The stores that the contract of object storage is held against, each opened by its setting."""

import asyncio
import secrets
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server

import aiohttp
import pytest

from providers.storage import ObjectStore, choose
from providers.storage.gcs import GcsStore
from tests.standins.gcs import FarStorage, far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET
from tests.standins.gobuilt import built
from tests.waiting import until

HOME = "http://127.0.0.1:1"
FAKE_BUCKET = "guildhall-fake"


@asynccontextmanager
async def disk_store(folder: Path) -> AsyncIterator[ObjectStore]:
    """A folder of this machine."""
    opened = choose("disk:var/files", HOME, secrets.token_hex(16), folder)
    yield opened
    await opened.close()


@asynccontextmanager
async def gcs_store(folder: Path) -> AsyncIterator[ObjectStore]:
    """A bucket of the stand-in."""
    async with far_gcs(folder) as (_, opened):
        yield opened


@asynccontextmanager
async def fake_gcs_store(folder: Path) -> AsyncIterator[ObjectStore]:
    """A bucket of fake-gcs-server; skips where it cannot be built."""
    async with fake_gcs() as url:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("STORAGE_EMULATOR_HOST", url)
            environment.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
            opened = choose(f"gcs:{FAKE_BUCKET}", HOME, secrets.token_hex(16), folder)
        yield opened
        await opened.close()


@asynccontextmanager
async def fake_gcs() -> AsyncIterator[str]:
    """The address of fake-gcs-server, with its one bucket in memory."""
    program = built("github.com/fsouza/fake-gcs-server", "v1.53.1")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    words = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory", "-external-url", url]
    process = await asyncio.create_subprocess_exec(program, *words, stdout=DEVNULL, stderr=DEVNULL)
    async with aiohttp.ClientSession() as client:

        async def up() -> bool:
            try:
                async with client.post(f"{url}/storage/v1/b", json={"name": FAKE_BUCKET}) as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(up)
    try:
        yield url
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def far_gcs(folder: Path, keys: Path | None = None) -> AsyncIterator[tuple[FarStorage, GcsStore]]:
    """A bucket of the stand-in, opened by what an operator would set, and the stand-in itself."""
    async with far_storage() as (far, url):
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("STORAGE_EMULATOR_HOST", url)
            environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file(keys or folder.parent, url)))
            opened = choose(f"gcs:{BUCKET}", HOME, secrets.token_hex(16), folder)
        assert isinstance(opened, GcsStore)
        try:
            yield far, opened
        finally:
            await opened.close()
