"""The door of the namespace: who may connect, which event goes where, and every refusal as an acknowledgement."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from realtime import rooms
from realtime.community import Community
from realtime.connections import PATIENCE, Connection, Connections, too_many
from realtime.figures import Figures
from realtime.seats import Seats
from realtime.wire import Sent, parse, refused
from tenants import directory
from tenants.directory import ChannelAt
from tenants.errors import Forbidden, Invalid, Refusal, SignInNeeded, TooFast, Unavailable
from tenants.permissions import Action
from tenants.scope import Tenancy

log = structlog.get_logger("realtime.namespace")

EVENT_SECONDS = 10.0
Cookie = Callable[[web.Request], str | None]
Origins = Callable[[web.Request], tuple[str, ...]]
Say = Callable[[str, str], str]


class CommunityDoor:
    """Lets members in and answers their events.

    `origins` are a request's own pages, `cookie` reads its sign-in, `say` says a sentence in a channel's language.
    """

    def __init__(
        self, tenancy: Tenancy, community: Community, connections: Connections, seats: Seats, origins: Origins,
        cookie: Cookie, say: Say, figures: Figures,
    ) -> None:  # fmt: skip
        self._tenancy, self._community, self._connections, self._seats = tenancy, community, connections, seats
        self._origins, self._cookie, self._say, self._figures = origins, cookie, say, figures
        self._events = community.events()
        self.cut: Callable[[str], None] = lambda _sid: None
        self.parted: Callable[[Connection], None] = lambda _connection: None

    async def admit(self, sid: str, request: web.Request, auth: Any) -> None:
        """Let a member in; the token comes from `auth`, or from the cookie of one of our own pages."""
        slug, token = _read_auth(auth)
        token = token or self._token_of_page(request)
        self._check_origin(request)
        if token is None:
            raise SignInNeeded("Send an access token in `auth.token`, or sign in on our page.")
        channel = await directory.channel_at(self._tenancy, slug=slug)
        try:
            await self._admit(sid, channel, token)
        except Refusal as refusal:
            raise self._said(refusal, channel) from None

    async def welcome(self, sid: str) -> None:
        """Tell what is unread."""
        if connection := self._connections.get(sid):
            try:
                await self._community.greet(connection)
            except Refusal as refusal:
                log.info("a new connection was not greeted", reason=refusal.message)

    async def answer(self, sid: str, event: str, arguments: list[Any]) -> dict[str, Any]:
        """Do what an event asks; `{ok: …}` after the commit, else `{error: …}`."""
        begun = time.perf_counter()
        answer = await self._answer(sid, event, arguments)
        self._figures.answered(self._known(event), time.perf_counter() - begun)
        return answer

    async def leave(self, sid: str) -> None:
        """The socket is gone: it is in no room, and nobody's device."""
        if connection := self._connections.remove(sid):
            for room_id in list(connection.joined):
                self._community.depart(connection, room_id, at_once=False)
            self._go(connection)
            self._seats.give_back(connection.own_room(), sid)
            self.parted(connection)

    async def _admit(self, sid: str, channel: ChannelAt, token: str) -> None:
        if channel.state == "suspended":
            raise Forbidden("This channel is suspended. Its owner can ask the operator why.", "suspended")
        async with self._tenancy.scope(channel.id, readonly=True) as scope:
            actor = await directory.admit(scope, token)
            scope.require(Action.ROOM_JOIN)
        await self._seat(self._connections.open(sid, channel, token, actor))

    def _said(self, refusal: Refusal, channel: ChannelAt) -> Refusal:
        refusal.message = self._say(refusal.message, channel.locale)
        return refusal

    async def _seat(self, connection: Connection) -> None:
        """Put a device where its person is told things, and meanwhile find it a seat; Refusal where none is free."""
        sid, own_room, enter = connection.sid, connection.own_room(), self._community.bus.enter
        seated, *_ = await asyncio.gather(
            self._seats.take(own_room, sid), enter(sid, own_room), enter(sid, rooms.of_channel(connection.channel_id))
        )
        if not seated:
            self._connections.remove(sid)
            self._go(connection)
            raise too_many()

    def _go(self, connection: Connection) -> None:
        """Nothing more is told to a device: neither what its person, nor what everybody is told."""
        for room in (connection.own_room(), rooms.of_channel(connection.channel_id)):
            self._community.bus.depart(connection.sid, room)

    async def _answer(self, sid: str, event: str, arguments: list[Any]) -> dict[str, Any]:
        connection = self._connections.get(sid)
        if connection is None:
            return refused(SignInNeeded("This connection has ended."))
        try:
            connection.spend()
            async with asyncio.timeout(EVENT_SECONDS):
                return {"ok": await self._act(connection, event, arguments)}
        except TooFast as refusal:
            if connection.overdrawn > PATIENCE:
                self._figures.sent_away["flooding"] += 1
                self.cut(sid)
            return self._refuse(connection, event, refusal)
        except Refusal as refusal:
            return self._refuse(connection, event, refusal)
        except TimeoutError:
            return self._refuse(
                connection, event, Unavailable("This took too long and was given up. Try again.", retry_after=3)
            )
        except Exception:
            log.exception("unexpected error", socket_event=event)
            return self._refuse(connection, event, Refusal(500, "internal", "Something went wrong on our side."))

    async def _act(self, connection: Connection, event: str, arguments: list[Any]) -> dict[str, Any]:
        if event not in self._events:
            raise Refusal(404, "unknown_event", "There is no such event here.")
        model, handler = self._events[event]
        given: Sent = parse(model, arguments)
        return await handler(connection, given)

    def _refuse(self, connection: Connection, event: str, refusal: Refusal) -> dict[str, Any]:
        answer = refused(self._said(refusal, connection.channel))
        self._figures.refused[self._known(event), answer["error"]["code"]] += 1
        return answer

    def _known(self, event: str) -> str:
        return event if event in self._events else "unknown"

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins(request):
            raise Forbidden("This page is not one of ours.", "foreign_origin")

    def _token_of_page(self, request: web.Request) -> str | None:
        return self._cookie(request) if self._is_our_page(request) else None

    def _is_our_page(self, request: web.Request) -> bool:
        """Whether a page of ours asks: a browser leaves `Origin` away where a page polls the host it came from."""
        headers = request.headers
        if "Origin" in headers:
            return True
        if "Sec-Fetch-Site" in headers:
            return headers["Sec-Fetch-Site"] == "same-origin"
        return "/".join(headers.get("Referer", "").split("/", 3)[:3]) in self._origins(request)


def _read_auth(auth: Any) -> tuple[str, str | None]:
    """The slug and token of `auth`; Invalid for anything else."""
    slug, token = auth.get("channel"), auth.get("token")
    if set(auth) - {"channel", "token"} or not isinstance(slug, str) or not 0 < len(slug) <= 100 or "\0" in slug:
        raise Invalid("Send `auth = {channel, token}`, the channel by its slug.")
    # What a cookie of a channel's own host amounts to there, written with an @, is nothing that can be sent.
    if token is not None and (not isinstance(token, str) or not 0 < len(token) <= 512 or "@" in token):
        raise Invalid("`auth.token` is an access token, or left out where the cookie speaks.")
    return slug, token
