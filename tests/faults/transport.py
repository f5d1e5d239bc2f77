"""A connection to the wire that comes back by itself: frames of Engine.IO and Socket.IO over a bare WebSocket.

Hundreds of these have to fit into one process, so each frame of a room is decoded once for all who hear it.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import aiohttp
import orjson

NAMESPACE = "/community"
EVENT, ACK = f"42{NAMESPACE},", f"43{NAMESPACE},"
WELCOME, DISMISSED, DENIED = f"40{NAMESPACE},", f"41{NAMESPACE},", f"44{NAMESPACE},"
FIRST_PAUSE, LONGEST_PAUSE, CONNECT_SECONDS, DENIED_SECONDS = 1.0, 10.0, 20.0, 3.0
PASSING = {"too_fast", "unavailable", "internal"}
Hear = Callable[[str, Any], None]


class Refused(Exception):
    """The server understood and said no; `passing` faults are worth another try with the same words."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.retry_after: float | None = error.get("retry_after")
        self.passing = error["code"] in PASSING


class Lost(Exception):
    """No answer: whether the far side acted is unknown."""


class Ended(Exception):
    """The server sent us away for good."""


class Transport:
    """One device's connection; `url` is where its line begins, `hear` takes events, `link` that it is up or down."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, auth: dict[str, str], chance: random.Random,
        hear: Hear, link: Callable[[bool], None],
    ) -> None:  # fmt: skip
        self._session, self._url, self._auth, self._chance = session, url, auth, chance
        self._hear, self._link = hear, link
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count()
        self.sent_away = ""

    async def run(self) -> None:
        """Be connected, again and again, until cancelled or sent away."""
        failures = 0
        while True:
            try:
                async for _ in self._connection():
                    failures = 0
            except Ended as end:
                self.sent_away = str(end)
                return
            except (aiohttp.ClientError, OSError, TimeoutError, Refused):
                pass
            pause = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE) * self._chance.uniform(0.5, 1.5)
            failures += 1
            await asyncio.sleep(pause)

    async def request(self, event: str, payload: dict[str, Any], seconds: float) -> Any:
        """The `ok` of the acknowledgement; Refused, or Lost when there is none within `seconds`."""
        if self._socket is None:
            raise Lost(event)
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._socket.send_str(f"{EVENT}{number}{orjson.dumps([event, payload]).decode()}")
                told = await answer
        except (OSError, TimeoutError, aiohttp.ClientError):
            raise Lost(event) from None
        finally:
            self._asked.pop(number, None)
        if told is None:
            raise Lost(event)
        if "error" in told:
            raise Refused(told["error"])
        return told["ok"]

    async def _connection(self) -> Any:
        """One connection: yields once when it is up, ends with it."""
        url = f"{self._url}/socket.io/?EIO=4&transport=websocket"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._up = await self._session.ws_connect(url, max_msg_size=0)
                hello = orjson.loads((await self._up.receive_str())[1:])
                await self._up.send_str(f"40{NAMESPACE},{orjson.dumps(self._auth).decode()}")
            patience = (hello["pingInterval"] + hello["pingTimeout"]) / 1000
            while (said := await self._up.receive(patience)).type is aiohttp.WSMsgType.TEXT:
                if await self._take(said.data):
                    yield
        except TypeError as error:
            raise ConnectionError(str(error)) from None
        finally:
            await self._down()

    async def _take(self, frame: str) -> bool:
        """Act on a frame; True for the one that says that we are in."""
        if frame.startswith(EVENT):
            self._hear(*decoded(frame))
        elif frame.startswith(ACK):
            number, _, rest = frame[len(ACK) :].partition("[")
            if (asked := self._asked.get(int(number))) and not asked.done():
                asked.set_result(orjson.loads("[" + rest)[0])
        elif frame == "2":
            await self._up.send_str("3")
        elif frame.startswith(WELCOME):
            self._socket = self._up
            self._link(True)
            return True
        elif frame.startswith(DISMISSED):
            raise Ended("the server closed this connection")
        elif frame.startswith(DENIED):
            await self._denied(orjson.loads(frame[len(DENIED) :]))
        return False

    async def _denied(self, error: dict[str, Any]) -> None:
        refused = Refused({"message": error["message"], "retry_after": None, "code": ""} | error["data"])
        if not refused.passing:
            raise Ended(str(refused))
        await asyncio.sleep(refused.retry_after or DENIED_SECONDS)
        raise refused

    async def _down(self) -> None:
        if self._socket is not None:
            self._socket = None
            self._link(False)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(None)
        if up := self.__dict__.pop("_up", None):
            with contextlib.suppress(Exception):
                await up.close()


@lru_cache(maxsize=4096)
def decoded(frame: str) -> tuple[str, Any]:
    """The name and payload of an event; shared by all who hear it, so nobody changes it."""
    event, payload = orjson.loads(frame[len(EVENT) :])
    return event, payload
