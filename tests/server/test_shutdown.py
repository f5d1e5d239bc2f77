"""How a web process ends: told to, within three seconds, with its sockets sent elsewhere."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil

from server.process import DRAIN, drain
from tests.server.toy import toy_house
from tests.waiting import until

SERVE = """
import socket, sys
from tests.server.toy import make_app
from server.process import serve
app, listener = make_app()
serve(app, [listener], on_ready=lambda: print(listener.getsockname()[1], flush=True))
print("ended", flush=True)
"""


@asynccontextmanager
async def web_process() -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A real process that serves the toy house, and its port."""
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, cwd=root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended_in(process: asyncio.subprocess.Process) -> float:
    """Seconds from SIGTERM to a clean exit."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    return time.monotonic() - started


async def test_open_sockets_get_1001_and_the_process_is_gone_within_three_seconds() -> None:
    async with web_process() as (process, port), aiohttp.ClientSession() as client:
        sockets = [await client.ws_connect(f"http://127.0.0.1:{port}/chat") for _ in range(20)]
        for each in sockets:
            await each.send_str("hello")
            assert (await each.receive()).data == "hello"
        ending = asyncio.create_task(ended_in(process))
        closings = [await each.receive(timeout=5) for each in sockets]
        assert {(each.type, each.data) for each in closings} == {(aiohttp.WSMsgType.CLOSE, 1001)}
        assert await ending < 3


async def test_neither_dead_peers_nor_endless_answers_nor_slow_bodies_hold_it_up() -> None:
    peers: list[asyncio.StreamWriter] = []
    async with web_process() as (process, port):
        for request in (
            b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            b"GET /pour HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx",
            b"GET /half",
        ):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            await writer.drain()
            peers.append(writer)

        async def all_have_arrived() -> bool:
            return len(psutil.Process(process.pid).net_connections("tcp")) >= 5

        await until(all_have_arrived)
        assert await ended_in(process) < 3
    for peer in peers:
        peer.close()


async def test_a_second_signal_changes_nothing() -> None:
    async with web_process() as (process, _):
        os.kill(process.pid, signal.SIGTERM)
        assert await ended_in(process) < 3


async def test_readiness_goes_first_and_hooks_run_after_the_sockets_are_told() -> None:
    order: list[str] = []
    async with toy_house() as house, aiohttp.ClientSession(house.url) as client:
        chatting = await client.ws_connect("/chat")

        async def hook() -> None:
            order.append("hook")

        async def failing_hook() -> None:
            raise RuntimeError("a hook may fail")

        async def hanging_hook() -> None:
            await asyncio.Event().wait()

        async def listen() -> None:
            if (await chatting.receive()).data == 1001:
                order.append("socket")

        async def watch() -> None:
            async with client.get("/readyz") as answer:
                if (await answer.json())["status"] == "draining" and answer.status == 503:
                    order.append("readyz")

        house.app[DRAIN].extend([hook, failing_hook, hanging_hook])
        tasks: list[Awaitable[None]] = [asyncio.create_task(listen())]
        draining = asyncio.create_task(drain(house.runner))
        await asyncio.sleep(0)
        await watch()
        await asyncio.gather(draining, *tasks)
    assert order == ["readyz", "socket", "hook"]


async def test_a_request_under_way_is_finished() -> None:
    async with toy_house() as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx")
        await writer.drain()
        draining = asyncio.create_task(drain(house.runner))
        await asyncio.sleep(0)
        writer.write(b"y")
        assert b'{"size": 2}' in await reader.read()
        await draining
        writer.close()


async def test_the_port_is_free_at_once_for_the_next_process() -> None:
    async with toy_house() as house:
        port = house.port
    socket.create_server(("127.0.0.1", port)).close()
