"""What an HTTP request of a client must be like, and what it is refused with otherwise."""

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from realtime.engine import origins
from realtime.engine.environs import environ_of

if TYPE_CHECKING:
    from realtime.engine.engine import EngineServer


class Refused(Exception):
    """A request that is no part of the protocol; `body` is what the client is told, as Engine.IO's servers say it."""

    def __init__(self, body: str) -> None:
        super().__init__(body)
        self.body = body

    @classmethod
    def of(cls, code: int, message: str) -> "Refused":
        """The refusal with a code of the protocol."""
        return cls(orjson.dumps({"code": code, "message": message}).decode())


def find_fault(engine: "EngineServer", request: web.Request) -> None:
    """Raise Refused for a request that the engine does not serve."""
    query = request.query
    rule = engine.cors_allowed_origins
    if rule != [] and "Origin" in request.headers and not origins.allowed(rule, environ_of(request)):
        raise Refused.of(4, "Forbidden")
    if request.method == "OPTIONS":
        return
    if query.get("transport") not in engine.transports or "j" in query:
        raise Refused.of(0, "Transport unknown")
    sid, by_websocket = query.get("sid"), query["transport"] == "websocket"
    connection = engine.sockets.get(sid) if sid is not None else None
    if sid is not None and (connection is None or (connection.closed and not connection.backlog)):
        raise Refused.of(1, "Session ID unknown")
    if request.method != "GET" and (sid is None or by_websocket or request.method != "POST"):
        raise Refused.of(2, "Bad handshake method")
    if by_websocket and request.headers.get("Upgrade", "").lower() != "websocket":
        raise Refused.of(3, "Bad request")
    if sid is None and query.get("EIO") != "4":
        raise Refused.of(5, "Unsupported protocol version")


def session_cookie(cookie: str | dict[str, Any], sid: str) -> dict[str, str]:
    """The header that sets the cookie of a session: its name, or a dictionary with `name` and its attributes."""
    attributes = dict(cookie) if isinstance(cookie, dict) else {"name": cookie, "path": "/", "SameSite": "Lax"}
    parts = [f"{attributes.pop('name', 'io')}={sid}"]
    for name, value in attributes.items():
        value_now = value() if callable(value) else value
        parts.append(name if value_now is True else f"{name}={value_now}")
    return {"Set-Cookie": "; ".join(parts)}
