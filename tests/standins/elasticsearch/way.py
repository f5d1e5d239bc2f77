"""The way to a real Elasticsearch: it can be shut, slow, not well, closed to us, break off after the deed, or lie."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
from aiohttp import web

from tests.standins.serving import serving

OWN = ("Content-Type", "X-Elastic-Product")
SPOKEN = {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"}
LIE = b'{"took":1,"timed_out":false,"_shards":{"total":1,"successful":0,"failed":1},"hits":{"hits":[]},"errors":false}'


class Way:
    """Passes requests on to the node at `far`.

    `manners` is good, shut, slow, a status (503, 401, 403), cut (its answers) or lies.
    """

    def __init__(self, far: str, session: aiohttp.ClientSession) -> None:
        self.manners = "good"
        self.entries: tuple[str, ...] = ()
        """The Authorization headers that are let in; empty: nobody has to sign in."""
        self._far, self._session = far, session

    async def pass_on(self, request: web.Request) -> web.Response:
        """One request."""
        body = await request.read()
        if self.entries and request.headers.get("Authorization") not in self.entries:
            return _refusal(401)
        if self.manners == "shut":
            _abort(request)
        if self.manners == "slow":
            await asyncio.sleep(3)
        if self.manners == "503":
            return web.json_response({"error": "no master", "status": 503}, status=503)
        if self.manners in {"401", "403"}:
            return _refusal(int(self.manners))
        if self.manners == "lies":
            return web.Response(
                body=LIE, content_type="application/json", headers={"X-Elastic-Product": "Elasticsearch"}
            )
        headers = {name: request.headers[name] for name in ("Content-Type", "Accept") if name in request.headers}
        headers["Accept-Encoding"] = "identity"
        url = self._far + request.raw_path
        async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
            found = await answer.read()
            kept = {name: answer.headers[name] for name in OWN if name in answer.headers}
        if self.manners == "cut":
            _abort(request)
        return web.Response(status=answer.status, body=found, headers=kept)


def _refusal(status: int) -> web.Response:
    said = {"error": {"type": "security_exception", "reason": "no"}, "status": status}
    return web.Response(body=orjson.dumps(said), status=status, headers=SPOKEN)


def _abort(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
    raise asyncio.CancelledError


@asynccontextmanager
async def way_to(far: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Way, str]]:
    """The way and its address; with `tls` it is `localhost`, for names alone have certificates here."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        way = Way(far, session)
        async with serving([web.route("*", "/{rest:.*}", way.pass_on)], tls, body_limit=64 * 1024**2) as url:
            yield way, url.replace("127.0.0.1", "localhost") if tls else url
