"""One web process from its first request to a clean end: ready, serving, draining, gone within three seconds."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import cast
from weakref import WeakSet

import structlog
import uvloop
from aiohttp import WSCloseCode, web

from server import collector
from server.deadlines import Deadlines, GuardedRunner
from server.health import READINESS

log = structlog.get_logger("server.process")

SOCKETS: web.AppKey[WeakSet[web.WebSocketResponse]] = web.AppKey("sockets")
DRAIN: web.AppKey[list[Callable[[], Awaitable[object]]]] = web.AppKey("drain")

NOTICE_SECONDS = 0.3
SOCKETS_SECONDS = 0.7
HOOKS_SECONDS = 0.5
REQUESTS_SECONDS = 0.5
CLEANUP_SECONDS = 1.2
BACKLOG = 1024


def serve(
    app: web.Application,
    listeners: Sequence[socket.socket],
    deadlines: Deadlines | None = None,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve `app` on the bound sockets until SIGTERM or SIGINT; returns when all has been closed."""
    uvloop.run(_serve_until_signalled(app, listeners, deadlines or Deadlines(), on_ready))


async def _serve_until_signalled(
    app: web.Application,
    listeners: Sequence[socket.socket],
    deadlines: Deadlines,
    on_ready: Callable[[], None] | None,
) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    runner = await start(app, listeners, deadlines)
    collector.calm()
    if on_ready is not None:
        on_ready()
    await stop.wait()
    await drain(runner)


async def start(app: web.Application, listeners: Sequence[socket.socket], deadlines: Deadlines) -> web.AppRunner:
    """Accept connections on the bound sockets; the runner is what `drain` ends."""
    runner = GuardedRunner(app, deadlines, shutdown_timeout=REQUESTS_SECONDS)
    await runner.setup()
    for listener in listeners:
        kind = DoorSite if listener.family == socket.AF_UNIX else web.SockSite
        await kind(runner, listener, backlog=BACKLOG).start()
    return runner


class DoorSite(web.BaseSite):
    """Serves on a bound unix socket."""

    def __init__(self, runner: web.BaseRunner, door: socket.socket, *, backlog: int) -> None:
        super().__init__(runner, backlog=backlog)
        self._door = door

    @property
    def name(self) -> str:
        """Where it is reached."""
        return f"unix:{self._door.getsockname()}"

    async def start(self) -> None:
        """Begin to accept connections."""
        await super().start()
        loop, accept = asyncio.get_running_loop(), cast(web.Server, self._runner.server)
        self._server = await loop.create_unix_server(accept, sock=self._door, backlog=self._backlog)


async def drain(runner: web.AppRunner) -> None:
    """End within three seconds: say so, accept no more, send sockets elsewhere, finish, let go.

    Sockets are closed with 1001 (going away): their clients come back by themselves. A namespace disconnect would
    keep them away, so the hooks that end the socket server run only afterwards.
    """
    app = runner.app
    app[READINESS].draining = True
    await asyncio.sleep(NOTICE_SECONDS)
    for site in list(runner.sites):
        await site.stop()
    open_sockets = app[SOCKETS]
    await _within(SOCKETS_SECONDS, [_send_away(each) for each in list(open_sockets)])
    await _within(HOOKS_SECONDS, [hook() for hook in app[DRAIN]])
    await _within(CLEANUP_SECONDS, [runner.cleanup()])


async def _send_away(response: web.WebSocketResponse) -> None:
    await response.close(code=WSCloseCode.GOING_AWAY, message=b"server restarts")


async def _within(seconds: float, works: Sequence[Awaitable[object]]) -> None:
    """Do all at once, for at most `seconds`; what fails or is late is logged and left."""
    if not works:
        return
    done, late = await asyncio.wait([asyncio.ensure_future(work) for work in works], timeout=seconds)
    for task in late:
        task.cancel()
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a step of the drain failed", error=repr(error))
    if late:
        await asyncio.wait(late, timeout=0.1)
        log.warning("steps of the drain were late", count=len(late))
