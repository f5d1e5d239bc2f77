"""What an upload to Google Cloud Storage costs us, beside Google's own client: CPU seconds per GB, and memory.

    python -m bench storage

Each sends the same stream to the stand-in, which keeps nothing and runs in a process of its own.
"""

import asyncio
import io
import os
import resource
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import google_crc32c
from aiohttp import web

from bench.report import Report, platform_facts
from tests.standins.serving import serving

MEGABYTES, ROUNDS = 256, 3
MB, GB = 1_000_000, 1_000_000_000
BLOCK = os.urandom(256 * 1024)
BUCKET = "guildhall-bench"
WAYS = {"ours": "GcsStore.put of a stream", "peer": "google-cloud-storage, upload_from_file, chunks of 8 MiB"}


async def main(megabytes: int = MEGABYTES) -> Report:
    """Each way in turn, ROUNDS times; the median of each."""
    pipe = asyncio.subprocess.PIPE
    far = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.storage", "far", stdout=pipe)
    assert far.stdout is not None
    url = (await far.stdout.readline()).decode().strip()
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            found[way].append(await _run(way, url, megabytes))
    far.terminate()
    await far.wait()
    middle = {way: sorted(rounds)[ROUNDS // 2] for way, rounds in found.items()}
    rows = [[WAYS[way], *(f"{figure:.2f}" for figure in row[:2]), f"{row[2]:.0f}"] for way, row in middle.items()]
    return Report("storage", ["upload", "CPU s/GB", "s/GB", "MB more at most"], rows, platform_facts(), middle)


async def _run(way: str, url: str, megabytes: int) -> list[float]:
    words = ("-m", "bench.storage", way, str(megabytes))
    given = {name: value for name, value in os.environ.items() if not name.startswith("GOOGLE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=given | {"STORAGE_EMULATOR_HOST": url}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return [float(word) for word in said.split()]


def measured(way: str, megabytes: int) -> None:
    """Send once and print CPU seconds per GB, seconds per GB and the growth of the peak of memory in MB."""
    blocks = megabytes * MB // len(BLOCK)
    send = {"ours": ours, "peer": peer}[way](blocks)
    held = _most_held()
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    send()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    scale = GB / (blocks * len(BLOCK))
    print(cpu * scale, wall * scale, _most_held() - held)


def _most_held() -> float:
    """The peak of this process's memory in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def ours(blocks: int) -> Callable[[], None]:
    """By the adapter, opened as the setting does."""
    from providers.storage import Place, gcs  # noqa: PLC0415 - each way loads its own libraries, before it is timed

    async def send() -> None:
        store = gcs.open_store(BUCKET, Place("http://127.0.0.1:1", "s" * 32, Path()))
        await store.put(f"c/{uuid4()}/films/film.mp4", _stream(blocks), "video/mp4")
        await store.close()

    return lambda: asyncio.run(send())


def peer(blocks: int) -> Callable[[], None]:
    """By Google's client, in the thread that asks."""
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
    from google.cloud.storage import Client  # noqa: PLC0415

    anonymous: Any = AnonymousCredentials
    blob = Client(project="bench", credentials=anonymous()).bucket(BUCKET).blob("film.mp4", chunk_size=8 * 1024**2)
    return lambda: blob.upload_from_file(_File(blocks), content_type="video/mp4")


async def _stream(blocks: int) -> AsyncIterator[bytes]:
    for _ in range(blocks):
        yield BLOCK


class _File(io.RawIOBase):
    """The same stream as a file that cannot be sought in."""

    def __init__(self, blocks: int) -> None:
        self._left, self._at = blocks * len(BLOCK), 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        taken = self._left if size < 0 else min(size, self._left)
        self._left, self._at = self._left - taken, self._at + taken
        return (BLOCK * (taken // len(BLOCK) + 1))[:taken]

    def tell(self) -> int:
        """How far it was read."""
        return self._at


class Far:
    """The resumable protocol, of which only the length and the checksum are kept."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[int, int]] = {}

    async def begin(self, request: web.Request) -> web.Response:
        """A session."""
        await request.read()
        name = uuid4().hex
        self.held[name] = (0, 0)
        place = f"http://{request.host}{request.path}?uploadType=resumable&upload_id={name}"
        return web.Response(headers={"Location": place})

    async def take(self, request: web.Request) -> web.Response:
        """A chunk."""
        name = request.query["upload_id"]
        size, crc = self.held[name]
        async for block in request.content.iter_any():
            size, crc = size + len(block), google_crc32c.extend(crc, block)
        self.held[name] = (size, crc)
        if request.headers["Content-Range"].endswith("/*"):
            return web.Response(status=308, headers={"Range": f"bytes=0-{size - 1}"})
        about = {"name": "film.mp4", "size": str(size), "contentType": "video/mp4", "generation": "1"}
        return web.json_response(about | {"crc32c": b64encode(crc.to_bytes(4, "big")).decode()})


async def far() -> None:
    """Serve until ended, so that the far side's cost is not counted."""
    server = Far()
    async with serving([web.post("/{rest:.*}", server.begin), web.put("/{rest:.*}", server.take)]) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["far"]:
        asyncio.run(far())
    else:
        measured(sys.argv[1], int(sys.argv[2]))
