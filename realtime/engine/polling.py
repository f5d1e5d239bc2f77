"""Long polling: one GET at a time takes what waits, one POST at a time brings what the client sends."""

import asyncio
import base64
import binascii
from typing import NamedTuple

from aiohttp import web

from realtime.engine import frames
from realtime.engine.connection import NOOP, Connection
from realtime.engine.roles import REASON, Malformed

UPGRADING_SECONDS = 0.1
BODY_SECONDS = 10.0


class Limits(NamedTuple):
    """What a body may be: its bytes, the bytes of each packet in it, and how many these are."""

    body: int
    packet: int
    packets: int


async def poll(connection: Connection, request: web.Request) -> str:
    """What waits for the client, once there is something; Malformed for a second poll beside the first."""
    if connection.poll is not None or connection.expired:
        connection.close(REASON.PING_TIMEOUT if connection.expired else REASON.TRANSPORT_ERROR)
        raise Malformed("There is an open poll, or a ping was not answered.")
    if not connection.backlog and not connection.closed:
        connection.poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(UPGRADING_SECONDS if connection.upgrading else None):
                await connection.poll
        except TimeoutError:
            pass
        finally:
            connection.poll = None
    if request.transport is None:
        connection.cut(REASON.TRANSPORT_CLOSE)
        raise Malformed("The client has gone.")
    return frames.payload(connection.take() if connection.link is None else NOOP) or frames.payload(NOOP)


async def post(connection: Connection, request: web.Request, limits: Limits) -> None:
    """Take all packets of a body, in order; Malformed when it is no such thing, and the session ends."""
    if connection.posting or connection.expired:
        connection.close(REASON.PING_TIMEOUT if connection.expired else REASON.TRANSPORT_ERROR)
        raise Malformed("There is an open request, or a ping was not answered.")
    connection.posting = True
    try:
        for packet in _packets(await _body(request, limits.body), limits):
            await connection.inbox.drained()
            connection.receive(packet)
    except (Malformed, OSError, TimeoutError):
        connection.close(REASON.TRANSPORT_ERROR)
        raise Malformed("The body holds no packets that we take.") from None
    finally:
        connection.posting = False


async def _body(request: web.Request, most_bytes: int) -> str:
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most_bytes:
                raise Malformed("The body is too large.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None


def _packets(body: str, limits: Limits) -> list[str | bytes]:
    parts = body.split(frames.SEPARATOR)
    if len(parts) > limits.packets:
        raise Malformed("The body holds too many packets.")
    if any(len(part) > limits.packet for part in parts):
        raise Malformed("A packet is too large.")
    try:
        return [base64.b64decode(part[1:], validate=True) if part[:1] == "b" else part for part in parts]
    except binascii.Error:
        raise Malformed("A binary packet is not base64.") from None
