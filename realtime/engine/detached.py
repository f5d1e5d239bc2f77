"""A WebSocket that has been taken out of aiohttp's hands: bytes in, messages out, no task and no queue of its own."""

import asyncio

from aiohttp import web

from realtime.engine import frames, hooks
from realtime.engine.links import Messages, ending, handshake
from realtime.engine.roles import REASON, Owner

INTAKE = hooks.Intake()  # one for all: it is emptied as soon as it was filled


class Detached(Messages, asyncio.Protocol):
    """One WebSocket; after `serve` it lives by the calls of its transport."""

    __slots__ = ("_closing", "_feed", "_transport", "fd", "owner", "write")

    def __init__(self, owner: Owner, most_bytes: int) -> None:
        self.owner = owner
        self._feed = hooks.reader(INTAKE, most_bytes)
        self._closing: asyncio.TimerHandle | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Open it on the connection of a request; 400 where that asks for no WebSocket."""
        if (opening := handshake(request)) is None or request.transport is None:
            raise web.HTTPBadRequest
        self._transport, self.write = request.transport, request.transport.write
        self.fd = hooks.descriptor(request.transport)
        tail = hooks.detach(request, self)
        self.write(opening)
        self.owner.joined(self)
        if tail:
            self.data_received(tail)
        return hooks.Gone()

    def data_received(self, data: bytes) -> None:
        """Hand on the messages that are whole."""
        self._feed(data)
        messages, fault = INTAKE.emptied()
        for message in messages:
            if self._closing is None:
                self.take(message)
            elif message[0] == 8:
                self._transport.close()
        if fault is not None and self._closing is None:
            self.fail(fault)

    def pause_writing(self) -> None:
        """The client does not read."""
        self.owner.pause(True)

    def resume_writing(self) -> None:
        """The client has read."""
        self.owner.pause(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self._closing is not None:
            self._closing.cancel()
        self.owner.lost(REASON.TRANSPORT_ERROR if exc else REASON.TRANSPORT_CLOSE)

    def close(self, code: int) -> None:
        """Send a close frame, and end when it is answered or after two seconds."""
        if self._closing is None:
            self.write(frames.close(code))
            self._closing = ending(self._transport)

    def abort(self) -> None:
        """Cut it."""
        self._transport.abort()

    def hold(self, on: bool) -> None:
        """Stop reading, or go on."""
        if self._transport.is_closing():
            return
        if on:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


async def serve(request: web.Request, owner: Owner, most_bytes: int) -> web.StreamResponse:
    """Open a WebSocket for `owner` on the connection of a request."""
    return await Detached(owner, most_bytes).serve(request)
