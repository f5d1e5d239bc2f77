"""The official Socket.IO client of npm, each in a process of its own, told what to do line by line."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from tests.standins import node

FOLDER = Path(node.__file__).parent / "socketio"


class Official:
    """One client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def __call__(self, deed: str, seconds: float = 20, **asked: Any) -> Any:
        """Let it do something; what came of it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(orjson.dumps({"deed": deed, **asked}) + b"\n")
        answer = orjson.loads(await asyncio.wait_for(self._process.stdout.readline(), seconds))
        assert "ok" in answer, answer
        return answer["ok"]


@contextlib.asynccontextmanager
async def official(url: str, **options: Any) -> AsyncIterator[tuple[Official, Any]]:
    """A client that has connected, or was refused, and what it was told."""
    folder = await asyncio.to_thread(node.installed, FOLDER)
    process = await asyncio.create_subprocess_exec(
        node.node(), "client.js", cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        limit=16 * 1024 * 1024,
    )  # fmt: skip
    client = Official(process)
    try:
        yield client, await client("connect", url=url, options=options)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
