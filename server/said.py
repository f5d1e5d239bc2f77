"""An answer that is ready as a whole: its head and its body leave in one write."""

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11

from server.compression import is_worth_it
from server.headers import head_of

JSON = "application/json"


def say(request: web.Request, status: int, body: bytes) -> web.StreamResponse:
    """`body` as JSON, in one write where the request is an ordinary one, and the body leaves as it is."""
    ordinary = request.method != "HEAD" and request.version == HttpVersion11 and request.keep_alive
    if not body or not ordinary or is_worth_it(request, body):
        return web.Response(status=status, body=body, content_type=JSON if body else None)
    return Said(request, status, body)


class Said(web.StreamResponse):
    """JSON with no header of its own, over a connection that stays open.

    Hooks that change answers before they are sent (`on_response_prepare`) are for pages and do not see it; the
    headers of every answer it has all the same.
    """

    def __init__(self, request: web.Request, status: int, body: bytes) -> None:
        super().__init__(status=status)
        self._asked, self._said = request, body

    @property
    def keep_alive(self) -> bool:
        """The connection stays open."""
        return self._keep_alive is not False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Nothing is written yet."""
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002 - aiohttp gives none
        """Write all of it; ConnectionResetError when nobody is there any more."""
        transport = self._asked.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("nobody is there any more")
        transport.write(head_of(self._asked, self.status, JSON, len(self._said)) + self._said)
        await self._asked.writer.drain()
