"""Roles: what the parts of the engine are to one another."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web
from engineio import AsyncServer

if TYPE_CHECKING:
    from realtime.engine.connection import Connection

REASON = AsyncServer.reason


class Malformed(ValueError):
    """What came is no packet that a client of the protocol sends; the connection ends."""


class Owner(Protocol):
    """Whom a WebSocket serves: a session, or one that is about to move onto it."""

    def joined(self, link: "Link") -> None:
        """The handshake is done."""

    def receive(self, packet: str | bytes) -> None:
        """Take a packet; Malformed ends the WebSocket."""

    def pause(self, on: bool) -> None:
        """What was written has not been taken, or has been."""

    def lost(self, reason: str) -> None:
        """The WebSocket has ended."""


class Link(Protocol):
    """A WebSocket; `write` sends whole frames now. `fd` may be written to beside it, unless it is -1."""

    owner: Owner
    fd: int
    write: Callable[[bytes], None]

    def close(self, code: int) -> None:
        """Say that this is the end, and end."""

    def abort(self) -> None:
        """Cut it."""

    def hold(self, on: bool) -> None:
        """Stop reading what the client sends, or go on."""


class Listener(Protocol):
    """Whom an engine tells what becomes of its sessions."""

    async def opened(self, connection: "Connection", request: web.Request) -> Any:
        """A session asks to begin; anything but None and True turns it away, and is what it is told."""

    def heard(self, connection: "Connection", data: str | bytes) -> None:
        """A message; Malformed ends the session."""

    async def ended(self, connection: "Connection", reason: str) -> None:
        """The session has ended; it can be asked about until this returns."""
