"""LiveKit Meet's `/custom`, where members enter a room: it lets in whom the token names, and tells by webhook."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from uuid import UUID

from aiohttp import web
from livekit import api
from livekit.api.access_token import Claims

from tests.standins import livekit
from tests.standins.live import Delivery
from tests.standins.livekit import LiveKitServer
from tests.standins.serving import serving

HOST = "meet.livekit.io"
Tell = Callable[[Delivery], Awaitable[int]]
PAGE = """<!doctype html><html lang="en"><title>LiveKit Meet</title><h1>{who} is in the room</h1>
<form method="post"><button>Leave</button></form></html>"""


class MeetingPage:
    """Lets in whoever shows a token for a room that stands; `present` are the names of those inside."""

    def __init__(self, far: LiveKitServer, tell: Tell) -> None:
        self._far, self._tell = far, tell
        self.present: dict[str, str] = {}
        self.answers: list[int] = []

    async def enter(self, request: web.Request) -> web.Response:
        """The room, from inside."""
        token = api.TokenVerifier(livekit.KEY, livekit.SECRET).verify(request.query["token"])
        assert request.query["liveKitUrl"] == self._far.url.replace("http", "ws", 1)
        if token.video is None or not token.video.room_join or token.video.room not in self._far.rooms:
            return web.Response(status=403, text="There is no such room for you.")
        self.present[token.identity] = token.name
        await self._moved("participant_joined", token)
        return web.Response(text=PAGE.format(who=escape(token.name)), content_type="text/html")

    async def leave(self, request: web.Request) -> web.Response:
        """Out again."""
        token = api.TokenVerifier(livekit.KEY, livekit.SECRET).verify(request.query["token"])
        del self.present[token.identity]
        await self._moved("participant_left", token)
        return web.Response(text="<!doctype html><h1>You left the room</h1>", content_type="text/html")

    async def _moved(self, event: str, token: Claims) -> None:
        assert token.video is not None
        now, delivery = datetime.now(UTC), f"EV_{event}_{token.identity}"
        told = livekit.moved(event, UUID(token.video.room), token.identity, now, delivery)
        told["participant"]["name"] = token.name
        self.answers.append(await self._tell(livekit.webhook(told)))


@asynccontextmanager
async def meeting_page(far: LiveKitServer, tell: Tell, tls: ssl.SSLContext) -> AsyncIterator[tuple[MeetingPage, int]]:
    """The page, and the port at which it answers as HOST."""
    page = MeetingPage(far, tell)
    async with serving([web.get("/custom", page.enter), web.post("/custom", page.leave)], tls) as url:
        yield page, int(url.rpartition(":")[2])
