"""The WSGI form of the requests that sessions began with, folded small while nobody asks for it.

Ten thousand idle sessions would otherwise keep ten thousand of aiohttp's requests: more than half of their memory.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from aiohttp import web
from engineio.async_drivers.aiohttp import translate_request

from realtime.engine import hooks


class Environ(dict[str, Any]):
    """The WSGI form of a request; the first `size` of its items are what it was made with."""

    __slots__ = ("size",)
    size: int


ENVIRON: web.RequestKey[Environ] = web.RequestKey("environ")


def environ_of(request: web.Request) -> Environ:
    """The WSGI form of a request, with the address it really came from."""
    environ: Environ | None = request.get(ENVIRON)
    if environ is None:
        environ = request[ENVIRON] = Environ(translate_request(request))
        environ.size = len(environ)
        peer = request.transport.get_extra_info("peername") if request.transport else None
        if isinstance(peer, tuple):
            environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = peer[0], str(peer[1])
    return environ


class Environs(MutableMapping[str, dict[str, Any]]):
    """The environments of sessions by their ids, as `socketio.AsyncServer.environ`."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any] | Folded] = {}
        self._matches: dict[Any, Any] = {}

    def __getitem__(self, sid: str) -> dict[str, Any]:
        kept = self._kept[sid]
        if isinstance(kept, Folded):
            kept = self._kept[sid] = kept.unfolded()
        return kept

    def __setitem__(self, sid: str, environ: dict[str, Any]) -> None:
        self._kept[sid] = environ

    def __delitem__(self, sid: str) -> None:
        del self._kept[sid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def forget(self, sid: str) -> None:
        """Keep the environment of a session no more, if there is one."""
        self._kept.pop(sid, None)

    def fold(self, sid: str) -> None:
        """Keep an environment small until it is asked for again."""
        kept = self._kept.get(sid)
        if isinstance(kept, Environ):
            match = kept["aiohttp.request"].match_info
            self._kept[sid] = Folded(kept, self._matches.setdefault(match.route, match))


class Folded:
    """The head of a request as it was sent, and what handlers have added to it and to its environment."""

    __slots__ = ("_added", "_head", "_info", "_match", "_state")

    def __init__(self, environ: Environ, match: Any) -> None:
        request: web.Request = environ["aiohttp.request"]
        lines = [f"{request.method} {request.raw_path} HTTP/1.1".encode(), *map(b": ".join, request.raw_headers)]
        self._head, self._match = b"\r\n".join([*lines, b"", b""]), match
        self._info = (environ["REMOTE_ADDR"], environ["REMOTE_PORT"], request.secure)
        self._state = tuple((name, value) for name, value in request.items() if name is not ENVIRON) or None
        self._added = {name: environ[name] for name in list(environ)[environ.size :]} or None

    def unfolded(self) -> Environ:
        """The environment anew; the request in it has no body and no connection any more."""
        request = hooks.past_request(self._head, *self._info, self._match)
        request.update(self._state or ())
        environ = environ_of(request)
        environ.update(self._added or {})
        return environ
