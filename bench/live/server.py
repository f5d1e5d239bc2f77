"""The Socket.IO server measured: `python -m bench.live.server ours|stock REDIS_URL|- PORT`."""

import asyncio
import gc
import signal
import sys
import time
from typing import Any

import socketio
import uvloop
from aiohttp import web

from realtime.engine import RedisManager, Server
from server.collector import Calm, calm

BODY = "0" * 130


async def serve(kind: str, redis_url: str, port: int) -> None:
    """Serve until killed: everybody is in one room, `pub` goes to all of it, `echo` is acknowledged."""
    manager: Any = None
    if redis_url != "-":
        manager = RedisManager(redis_url, "bench") if kind == "ours" else socketio.AsyncRedisManager(redis_url)
    make = Server if kind == "ours" else socketio.AsyncServer
    sio: Any = make(client_manager=manager, async_mode="aiohttp", cors_allowed_origins=[])

    @sio.on("connect")  # type: ignore[untyped-decorator]
    async def connect(sid: str, _environ: dict[str, Any]) -> None:
        await sio.enter_room(sid, "room")

    @sio.on("pub")  # type: ignore[untyped-decorator]
    async def publish(_sid: str, number: int) -> None:
        await sio.emit("msg", {"n": number, "body": BODY}, room="room")

    @sio.on("echo")  # type: ignore[untyped-decorator]
    async def echo(_sid: str, value: Any) -> Any:
        return value

    app = web.Application()
    sio.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    calm()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, collect)
    await Calm(lambda: len(sio.eio.sockets)).watch()


def collect() -> None:
    """Collect all garbage, and print how many milliseconds everybody waited for it."""
    began = time.perf_counter()
    gc.collect()
    print(f"{(time.perf_counter() - began) * 1000:.2f}", flush=True)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
