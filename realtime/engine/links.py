"""What a WebSocket beneath a session has in common, whoever reads its bytes: messages in, faults, the end."""

import asyncio
import base64
import binascii
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from realtime.engine import frames
from realtime.engine.roles import REASON, Malformed, Owner

CLOSING_SECONDS = 2.0
TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Messages(ABC):
    """Hands the messages of a WebSocket to its owner."""

    __slots__ = ()
    owner: Owner
    fd: int
    write: Callable[[bytes], None]

    @abstractmethod
    def close(self, code: int) -> None:
        """Say that this is the end, and end."""

    def take(self, message: Any) -> None:
        """One message of the client."""
        kind = message[0]
        if kind is TEXT or kind is BINARY:
            try:
                self.owner.receive(message[1])
            except Malformed:
                self.owner.lost(REASON.TRANSPORT_ERROR)
                self.close(WSCloseCode.POLICY_VIOLATION)
        elif kind is WSMsgType.PING:
            self.write(frames.pong(bytes(message[1])))
        elif kind is not WSMsgType.PONG:
            self.owner.lost(REASON.TRANSPORT_CLOSE)
            self.close(WSCloseCode.OK)

    def fail(self, fault: BaseException | None) -> None:
        """The client has broken the protocol of WebSockets."""
        self.owner.lost(REASON.TRANSPORT_ERROR)
        self.close(getattr(fault, "code", WSCloseCode.PROTOCOL_ERROR))


def handshake(request: web.Request) -> bytes | None:
    """The answer that opens a WebSocket without extensions; None where the request does not ask for one rightly."""
    headers = request.headers
    key = headers.get("Sec-WebSocket-Key", "").encode()
    wanted = (headers.get("Upgrade", "").lower(), headers.get("Sec-WebSocket-Version"))
    if wanted != ("websocket", "13") or "upgrade" not in headers.get("Connection", "").lower() or not _is_key(key):
        return None
    accepted = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accepted
        + b"\r\n\r\n"
    )


def _is_key(key: bytes) -> bool:
    """Whether it is 16 bytes in base64 (RFC 6455 §4.1)."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def ending(transport: asyncio.Transport) -> asyncio.TimerHandle:
    """Cut a connection whose client does not answer a close frame."""
    return asyncio.get_running_loop().call_later(CLOSING_SECONDS, transport.abort)
