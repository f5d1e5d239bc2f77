"""The adapter against fake-gcs-server, which others wrote: what it has of the API, over the wire that we speak.

It finishes an upload that is only asked about, and knows no rights: going on and the probe are not tried here.
"""

import asyncio
import secrets
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path
from socket import create_server
from uuid import uuid4

import aiohttp
import google_crc32c
import pytest

from providers import ProviderRefused
from providers.storage import ObjectStore, choose
from providers.storage.gcs import CHUNK
from tests.standins.gobuilt import built
from tests.waiting import until


@pytest.fixture(scope="module")
async def fake(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    program = built("github.com/fsouza/fake-gcs-server", "v1.53.1")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    words = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory", "-external-url", url]
    process = await asyncio.create_subprocess_exec(program, *words, stdout=DEVNULL, stderr=DEVNULL)
    async with aiohttp.ClientSession() as client:

        async def up() -> bool:
            try:
                async with client.post(f"{url}/storage/v1/b", json={"name": "guildhall-fake"}) as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(up)
    yield url
    process.terminate()
    await process.wait()


@pytest.fixture
async def store(fake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStore]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    opened = choose("gcs:guildhall-fake", "http://127.0.0.1:1", secrets.token_hex(16), tmp_path)
    yield opened
    await opened.close()


async def read(store: ObjectStore, name: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([block async for block in store.open_range(name, start, end)])


async def test_files_short_and_long_come_back_whole_and_by_range(store: ObjectStore) -> None:
    for size in (0, 10, CHUNK, CHUNK + 300_001):
        name, content = f"c/{uuid4()}/films/lesson.mp4", secrets.token_bytes(size)
        info = await store.put(name, content, "video/mp4")
        assert (info.size, info.crc32c) == (size, google_crc32c.value(content))
        assert await read(store, name) == content
        assert await read(store, name, 3, 9) == content[3:9] if size else True
        assert info == await store.head(name)


async def test_one_of_many_writers_wins_and_a_folder_goes_whole(store: ObjectStore) -> None:
    folder = f"c/{uuid4()}/"
    writers = [store.put(f"{folder}files/a", bytes([n]) * 99, "text/plain", if_generation=0) for n in range(5)]
    results = await asyncio.gather(*writers, return_exceptions=True)
    refusals = [each for each in results if isinstance(each, ProviderRefused)]
    assert [each.code for each in refusals] == ["precondition"] * 4
    await store.delete_prefix(folder)
    assert await store.head(f"{folder}files/a") is None
    assert not await store.delete(f"{folder}files/a")
