"""A WebSocket that stays with aiohttp, over its public parts only: for versions on which it cannot be detached.

Frames are still made once for all readers: they are written to the transport of the request.
"""

import asyncio

from aiohttp import WSMsgType, web

from realtime.engine.links import CLOSING_SECONDS, Messages
from realtime.engine.roles import REASON, Owner
from realtime.engine.tasks import start

FULL = 64 * 1024
LOOK_SECONDS = 0.05


class Attached(Messages):
    """One WebSocket, served by the task of its request."""

    def __init__(self, owner: Owner, most_bytes: int) -> None:
        self.owner, self.fd = owner, -1
        self._response = web.WebSocketResponse(
            max_msg_size=most_bytes + 1, compress=False, timeout=CLOSING_SECONDS, autoclose=False
        )
        self._transport: asyncio.Transport | None = None
        self._reading = asyncio.Event()
        self._reading.set()
        self._full = False
        self.write = self._write

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Open it on the connection of a request and read it to its end; 400 where that asks for no WebSocket."""
        await self._response.prepare(request)
        self._transport = request.transport
        self.owner.joined(self)
        while not self._response.closed:
            await self._reading.wait()
            message = await self._response.receive()
            if message.type is WSMsgType.ERROR:
                self.fail(message.data)
                break
            if message.type in {WSMsgType.CLOSING, WSMsgType.CLOSED}:
                break
            self.take(message)
            if message.type is WSMsgType.CLOSE:
                await self._response.close()
        self.owner.lost(REASON.TRANSPORT_CLOSE)
        return self._response

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            if not self._full and self._transport.get_write_buffer_size() > FULL:
                self._full = True
                self.owner.pause(True)
                self._look()

    def close(self, code: int) -> None:
        """Close, waiting two seconds at most for the client's answer."""
        self._reading.set()
        start(self._close(code))

    def abort(self) -> None:
        """Cut it."""
        if self._transport is not None:
            self._transport.abort()
        self._reading.set()

    def hold(self, on: bool) -> None:
        """Stop reading, or go on."""
        if on:
            self._reading.clear()
        else:
            self._reading.set()

    async def _close(self, code: int) -> None:
        await self._response.close(code=code)

    def _look(self) -> None:
        """Whether a full connection has been read from; aiohttp does not say."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > FULL // 4:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        else:
            self._full = False
            self.owner.pause(False)


async def serve(request: web.Request, owner: Owner, most_bytes: int) -> web.StreamResponse:
    """Open a WebSocket for `owner` on the connection of a request, and serve it."""
    return await Attached(owner, most_bytes).serve(request)
