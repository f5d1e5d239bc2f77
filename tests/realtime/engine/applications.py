"""The same application on python-socketio's own server and on ours, and clients that note what they hear."""

import asyncio
from typing import Any

import socketio

from realtime.engine import Server
from tests.waiting import until

MAKERS = {"stock": socketio.AsyncServer, "ours": Server}


class World:
    """One application, running, and its clients."""

    def __init__(self, sio: Any) -> None:
        self.sio = sio
        self.url = ""
        self.seen: list[Any] = []
        self.clients: list[socketio.AsyncClient] = []

    async def client(self, *namespaces: str, **options: Any) -> "Guest":
        """A connected client of python-socketio."""
        guest = Guest()
        self.clients.append(guest.sio)
        for namespace in namespaces or ("/",):
            guest.sio.on("*", guest.hear, namespace=namespace)
        options = {"transports": ["websocket"], "namespaces": list(namespaces or ("/",))} | options
        await guest.sio.connect(self.url, **options)
        return guest


class Guest:
    """A client, and what it heard."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncClient(reconnection=False)
        self.heard: list[Any] = []

    def hear(self, *event: Any) -> None:
        self.heard.append(event)

    async def hears(self, count: int) -> list[Any]:
        async def enough() -> bool:
            return len(self.heard) >= count

        await until(enough)
        await asyncio.sleep(0.05)
        return self.heard

    def sid(self, namespace: str = "/") -> str:
        return str(self.sio.get_sid(namespace))
