"""Clients of the wire: the official Python one, and a bare WebSocket for what no honest client sends."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest
import socketio
from socketio.exceptions import ConnectionError as Refused

from tests.waiting import until
from tests.webapp import Web
from tests.world import School, Somebody

NAMESPACE = "/community"


class Client:
    """A member's connection: what they heard, in order, and what they ask."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncClient(reconnection=False)
        self.heard: list[tuple[str, Any]] = []
        self.ended: list[str] = []
        self.refused: list[Any] = []
        self.sio.on("*", self._hear, namespace=NAMESPACE)
        self.sio.on("disconnect", self._end, namespace=NAMESPACE)
        self.sio.on("connect_error", self._refuse, namespace=NAMESPACE)

    async def ask(self, event: str, **given: Any) -> Any:
        """The acknowledgement of an event."""
        return await self.sio.call(event, given, namespace=NAMESPACE, timeout=10)

    async def ok(self, event: str, **given: Any) -> Any:
        """The `ok` of an event; there must be one."""
        answer = await self.ask(event, **given)
        assert "ok" in answer, answer
        return answer["ok"]

    async def code(self, event: str, **given: Any) -> str:
        """The code with which an event is refused."""
        return str((await self.ask(event, **given))["error"]["code"])

    async def post(self, room: str, body: str = "Hello", **given: Any) -> Any:
        """Post a message."""
        return await self.ok("message.post", room=room, client_id=str(uuid4()), body=body, **given)

    def of(self, event: str) -> list[Any]:
        """What was heard of one event."""
        return [payload for name, payload in self.heard if name == event]

    async def hears(self, event: str, count: int = 1, within: float = 10.0) -> list[Any]:
        """The payloads of an event, once there are `count`."""

        async def enough() -> bool:
            return len(self.of(event)) >= count

        await until(enough, within)
        return self.of(event)

    async def _hear(self, event: str, payload: Any) -> None:
        self.heard.append((event, payload))

    async def _refuse(self, reason: Any) -> None:
        self.refused.append(reason)

    async def _end(self, reason: str) -> None:
        self.ended.append(reason)


# The client's own patience is a second, in which a busy machine has not always answered.
PATIENT: dict[str, Any] = {"transports": ["websocket"], "wait_timeout": 10}


@contextlib.asynccontextmanager
async def connected(web: Web, school: School, person: Somebody, **options: Any) -> AsyncIterator[Client]:
    """A member connected with their access token."""
    client = Client()
    auth = {"channel": school.slug, "token": person.token} | options.pop("auth", {})
    await client.sio.connect(web.url, namespaces=[NAMESPACE], auth=auth, **PATIENT | options)
    try:
        yield client
    finally:
        await client.sio.disconnect()


async def refusal(web: Web, auth: dict[str, Any], **options: Any) -> Any:
    """What a client that is turned away is told."""
    client = Client()
    with pytest.raises(Refused):
        await client.sio.connect(web.url, namespaces=[NAMESPACE], auth=auth, **PATIENT | options)
    await client.sio.disconnect()
    return client.refused[0]


class Raw:
    """A bare WebSocket that says what it likes."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, text: str) -> None:
        """Send one Socket.IO packet."""
        await self.socket.send_str("4" + text)

    async def hear(self) -> str:
        """The next Socket.IO packet; empty when the connection has ended."""
        while True:
            message = await self.socket.receive(timeout=15)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return ""
            if message.data == "2":
                await self.socket.send_str("3")
            if message.data[0] == "4" and '["unread"' not in message.data:
                return str(message.data[1:])

    async def closes(self) -> int | None:
        """The close code, once everything before it has been read."""
        while await self.hear():
            pass
        return self.socket.close_code


@contextlib.asynccontextmanager
async def raw(web: Web, **headers: str) -> AsyncIterator[Raw]:
    """An Engine.IO session over a bare WebSocket, not yet in any namespace."""
    url = web.url + "/socket.io/?EIO=4&transport=websocket"
    async with web.session.ws_connect(url, headers=headers, max_msg_size=0) as socket:
        yield Raw(socket)


@contextlib.asynccontextmanager
async def raw_member(web: Web, school: School, person: Somebody) -> AsyncIterator[Raw]:
    """The same, connected as a member."""
    async with raw(web) as client:
        auth = orjson.dumps({"channel": school.slug, "token": person.token}).decode()
        await client.say(f"0{NAMESPACE},{auth}")
        assert (await client.hear()).startswith(f"0{NAMESPACE},")
        yield client
