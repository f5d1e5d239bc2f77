"""Calling an application's handlers of Engine.IO events: `connect`, `message`, `disconnect`."""

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aiohttp import web

from realtime.engine.connection import Connection
from realtime.engine.environs import environ_of

if TYPE_CHECKING:
    from realtime.engine.engine import EngineServer


class Handlers:
    """Listens to an engine for the handlers that were given to its `on`."""

    def __init__(self, engine: "EngineServer") -> None:
        self._engine = engine

    async def opened(self, connection: Connection, request: web.Request) -> Any:
        """What the handler of `connect` says; False when it fails."""
        return await self._call("connect", connection.sid, environ_of(request), otherwise=False)

    def heard(self, connection: Connection, data: str | bytes) -> None:
        """Let the handler of `message` have it, in its turn."""
        connection.inbox.add(self._call, "message", connection.sid, data)

    async def ended(self, connection: Connection, reason: str) -> None:
        """Tell the handler of `disconnect`."""
        await self._call("disconnect", connection.sid, reason)

    async def _call(self, event: str, *arguments: Any, otherwise: Any = None) -> Any:
        handler = self._engine.handlers.get(event)
        if handler is None:
            return None
        try:
            result = handler(*(arguments if fits(handler, len(arguments)) else arguments[:-1]))
            return await result if inspect.isawaitable(result) else result
        except Exception:
            self._engine.logger.exception("%s handler error", event)
            return otherwise


@lru_cache(maxsize=1024)
def fits(handler: Any, count: int) -> bool:
    """Whether a handler takes so many arguments; older ones of `disconnect` and `connect` take one less."""
    try:
        inspect.signature(handler).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True
    return True
