"""Several web processes on one port: a long poll that reaches the wrong one is passed to the process of its session.

A WebSocket stays where it was opened. Polls come by a new connection each, and any process may take them; so the id of
a session says whose it is, and each process has a unix socket, its door, by which the others reach it.
"""

import asyncio
import re
import socket
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import structlog
from aiohttp import hdrs, web

log = structlog.get_logger("server.neighbours")

OWNER = re.compile(r"([1-9][0-9]?)\.")
PASSED = (hdrs.CONTENT_TYPE, hdrs.ORIGIN)
FIGURES_SECONDS = 5.0
PATIENCE = aiohttp.ClientTimeout(total=60, sock_connect=2)


@dataclass(frozen=True, slots=True)
class Among:
    """Which of several processes this is: its `number`, counted from 1, its own `door`, and the `doors` of all."""

    number: int
    door: socket.socket
    doors: tuple[str, ...]

    @property
    def prefix(self) -> str:
        """What the ids of its sessions begin with."""
        return f"{self.number}."


class Neighbours:
    """The other processes, as far as a request may be theirs."""

    def __init__(self, among: Among) -> None:
        self._among = among
        self._sessions: dict[int, aiohttp.ClientSession] = {}

    async def ask(self, request: web.Request, sid: str) -> web.StreamResponse | None:
        """The answer of the process whose session that is; None when it is ours, nobody's, or its process is gone.

        A WebSocket is not passed on, so such a client goes on polling; nor is what has been passed on once.
        """
        number = self._owner_of(sid)
        if number is None or _came_by_a_door(request) or hdrs.UPGRADE in request.headers:
            return None
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        body = request.content.iter_any() if request.method == hdrs.METH_POST else None
        try:
            async with self._session(number).request(
                request.method, request.rel_url, data=body, headers=headers
            ) as said:
                answer = web.Response(status=said.status, body=await said.read())
                answer.headers[hdrs.CONTENT_TYPE] = said.headers.get(hdrs.CONTENT_TYPE, "text/plain")
                return answer
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("a poll could not be passed on", process=number, reason=str(error) or type(error).__name__)
            return None

    @property
    def number(self) -> int:
        """Which of the processes this is."""
        return self._among.number

    async def figures(self) -> dict[int, str | None]:
        """What the other processes say at `/metrics`, by number; None of one that does not answer in time."""
        others = [number for number in range(1, len(self._among.doors) + 1) if number != self.number]
        return dict(zip(others, await asyncio.gather(*map(self._figures_of, others)), strict=True))

    async def _figures_of(self, number: int) -> str | None:
        try:
            async with asyncio.timeout(FIGURES_SECONDS), self._session(number).get("/metrics") as said:
                return await said.text() if said.status == HTTPStatus.OK else None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("no figures of a process", process=number, reason=str(error) or type(error).__name__)
            return None

    async def close(self, _app: web.Application) -> None:
        """Let go of the connections."""
        for session in self._sessions.values():
            await session.close()

    def _owner_of(self, sid: str) -> int | None:
        found = OWNER.match(sid)
        number = int(found[1]) if found else 0
        return number if 1 <= number <= len(self._among.doors) and number != self._among.number else None

    def _session(self, number: int) -> aiohttp.ClientSession:
        if number not in self._sessions:
            connector = aiohttp.UnixConnector(self._among.doors[number - 1], limit=0)
            self._sessions[number] = aiohttp.ClientSession("http://neighbour", connector=connector, timeout=PATIENCE)
        return self._sessions[number]


NEIGHBOURS: web.AppKey[Neighbours] = web.AppKey("neighbours")


def _came_by_a_door(request: web.Request) -> bool:
    near = request.transport.get_extra_info("sockname") if request.transport else None
    return not isinstance(near, tuple)
