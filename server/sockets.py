"""The live wire in this web process: HTTP's own rules for origins, cookies and limits lent to the sockets."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from realtime.server import Wire, WireParts
from server.collector import Calm
from server.context import House
from server.cookies import read_cookie
from server.csrf import own_origins
from server.language import say_in
from server.limits import LIMITER, POSTING, RELAXED, admit
from server.neighbours import NEIGHBOURS, Among, Neighbours
from server.process import DRAIN
from tenants.ids import PersonId

WIRE: web.AppKey[Wire] = web.AppKey("wire")


def add_sockets(
    app: web.Application, house: House, redis_url: str, deployment: str, key: bytes, among: Among | None
) -> Wire:
    """Serve Socket.IO, tell it what is committed, and end it with the process, which may be one `among` several."""
    limiter = app[LIMITER]

    async def admit_post(person_id: PersonId) -> None:
        """The posting limit, shared with the API."""
        admit(await limiter.spend(POSTING, str(person_id)))

    parts = WireParts(
        tenancy=house.tenancy, redis_url=redis_url or None, deployment=deployment, key=key, origins=own_origins,
        cookie=read_cookie, say=say_in, admit_post=admit_post, widened=RELAXED if limiter.mode == "relaxed" else 1,
    )  # fmt: skip
    wire = app[WIRE] = Wire(parts)
    wire.attach(app)
    if among is not None:
        neighbours = app[NEIGHBOURS] = Neighbours(among)
        wire.sio.eio.sid_prefix, wire.sio.eio.elsewhere = among.prefix, neighbours.ask
        app.on_cleanup.append(neighbours.close)
    house.tenancy.after_commit = wire.hand
    app[DRAIN].append(wire.drain)
    app.cleanup_ctx.append(_kept_calm)
    return wire


async def _kept_calm(app: web.Application) -> AsyncIterator[None]:
    """The collector takes its time for what is new alone, however many sockets stand."""
    task = asyncio.create_task(Calm(lambda: len(app[WIRE].sio.eio.sockets)).watch())
    yield
    task.cancel()
