"""A server of the engine with a small application, and bare clients that say what they like."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import socketio
from aiohttp import web

from realtime.engine import EngineServer, Server, attached

CALM: dict[str, Any] = {"ping_interval": 25, "ping_timeout": 20}
QUICK: dict[str, Any] = {"ping_interval": 0.3, "ping_timeout": 0.2}
WAYS = ("detached", "attached")


@dataclass
class Stage:
    """A running server, what its handlers heard, and a client session."""

    sio: Any
    url: str
    session: aiohttp.ClientSession
    path: str = "/socket.io/"
    heard: list[tuple[Any, ...]] = field(default_factory=list)

    async def get(self, **query: str) -> tuple[int, str]:
        """A GET, with the EIO version and polling unless told otherwise."""
        return await self.ask("GET", "", **query)

    async def post(self, body: str | bytes, **query: str) -> tuple[int, str]:
        """A POST."""
        return await self.ask("POST", body, **query)

    async def ask(self, method: str, body: str | bytes = "", **query: str) -> tuple[int, str]:
        """Any request."""
        asked = {"EIO": "4", "transport": "polling"} | query
        found = {name: value for name, value in asked.items() if value}
        async with self.session.request(method, self.url + self.path, params=found, data=body or None) as answer:
            return answer.status, await answer.text()

    async def open(self) -> dict[str, Any]:
        """A polling session: what it was greeted with."""
        status, body = await self.get()
        assert (status, body[0]) == (200, "0"), body
        greeting: dict[str, Any] = orjson.loads(body[1:])
        return greeting

    async def join(self, namespace: str = "/") -> str:
        """A polling session in a namespace: its id."""
        sid = str((await self.open())["sid"])
        where = "" if namespace == "/" else namespace + ","
        assert await self.post(f"40{where}", sid=sid) == (200, "ok")
        assert (await self.get(sid=sid))[1].startswith("40")
        return sid

    @contextlib.asynccontextmanager
    async def socket(self, **query: str) -> AsyncIterator["Raw"]:
        """A bare WebSocket; without `sid`, greeted."""
        asked = {"EIO": "4", "transport": "websocket"} | query
        async with self.session.ws_connect(self.url + self.path, params=asked, max_msg_size=0) as socket:
            raw = Raw(socket)
            if "sid" not in query:
                assert (await raw.hear())[0] == "0"
            yield raw

    @contextlib.asynccontextmanager
    async def member(self, namespace: str = "/", auth: str = "") -> AsyncIterator["Raw"]:
        """A bare WebSocket in a namespace."""
        async with self.socket() as raw:
            where = "" if namespace == "/" else namespace + ","
            await raw.say(f"40{where}{auth}")
            answer = await raw.hear()
            assert answer.startswith(f"40{where}"), answer

            raw.sid = orjson.loads(answer.removeprefix(f"40{where}"))["sid"]
            yield raw


@dataclass
class Raw:
    """A bare WebSocket."""

    socket: aiohttp.ClientWebSocketResponse
    sid: str = ""

    async def say(self, packet: str | bytes) -> None:
        """Send one packet as it is."""
        await (self.socket.send_bytes(packet) if isinstance(packet, bytes) else self.socket.send_str(packet))

    async def hear(self, seconds: float = 10) -> Any:
        """The next packet; `closed CODE` at the end."""
        message = await self.socket.receive(timeout=seconds)
        if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            return message.data
        return f"closed {self.socket.close_code}"

    async def ends(self) -> str:
        """How it ends, whatever comes before."""
        while not str(heard := await self.hear()).startswith("closed"):
            pass
        return str(heard)

    async def is_quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False


@contextlib.asynccontextmanager
async def serving(
    make: Callable[..., Any] = Server, way: str = "detached", path: str = "socket.io", **options: Any
) -> AsyncIterator[Stage]:
    """A server on a free port of loopback, with the handlers of `furnish` where it speaks Socket.IO."""
    sio = make(**{"cors_allowed_origins": [], **CALM} | options)
    if way == "attached":
        engine = sio if isinstance(sio, EngineServer) else sio.eio
        engine._serve = attached.serve
    app = web.Application()
    sio.attach(app, path)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        stage = Stage(sio, f"http://127.0.0.1:{runner.addresses[0][1]}", session, f"/{path}/")
        if isinstance(sio, socketio.AsyncServer):
            furnish(stage)
        try:
            yield stage
        finally:
            await runner.cleanup()


def furnish(stage: Stage) -> None:
    """The application: greets, echoes, acknowledges, and notes who came and went."""
    sio = stage.sio

    for namespace in ("/", "/custom"):

        async def connect(sid: str, _environ: dict[str, Any], auth: Any, namespace: str = namespace) -> None:
            stage.heard.append(("connect", namespace, auth))
            await sio.emit("auth", auth or {}, to=sid, namespace=namespace)

        async def disconnect(sid: str, reason: str, namespace: str = namespace) -> None:
            stage.heard.append(("disconnect", namespace, reason))

        async def message(sid: str, *data: Any, namespace: str = namespace) -> None:
            await sio.emit("message-back", data, to=sid, namespace=namespace)

        async def message_with_ack(sid: str, *data: Any) -> tuple[Any, ...]:
            return data

        sio.on("connect", connect, namespace=namespace)
        sio.on("disconnect", disconnect, namespace=namespace)
        sio.on("message", message, namespace=namespace)
        sio.on("message-with-ack", message_with_ack, namespace=namespace)


async def settle(seconds: float = 0.05) -> None:
    """Let what is under way arrive."""
    await asyncio.sleep(seconds)
