"""What every request passes through: an id, the guards, an answer even to errors, a log line, figures."""

import asyncio
import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from logs import ACCESS
from server.compression import compress
from server.csrf import guard_cookie_write
from server.limits import API_ANONYMOUS, STANDINGS, charge
from server.metrics import METRICS, route_of
from server.problems import answer_error
from server.sender import REQUEST_ID, accept_request_id, address_of, neighbourhood_of
from tenants.errors import Invalid, NotFound, TooFast
from tenants.scope import REQUEST_ID as REQUEST_ID_OF_WORK

QUIET = frozenset({"/livez", "/readyz", "/metrics"})


@web.middleware
async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Handle one request from its id to its log line; an error becomes an answer here and nowhere else."""
    request_id = accept_request_id(request)
    started = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    REQUEST_ID_OF_WORK.set(request_id)
    metrics = request.app[METRICS]
    status = 499  # what nginx calls a sender that left before the answer
    metrics.in_progress += 1
    try:
        response = await _answer(request, handler)
        await compress(request, response)
        status = response.status
    finally:
        metrics.in_progress -= 1
        seconds, route = time.perf_counter() - started, route_of(request)
        metrics.note(request.method, route, status, seconds)
        _log_access(request, route, status, seconds)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        guard_text(request)
        guard_cookie_write(request)
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - the one place where errors become answers; answer_error logs faults
        refused = await _charge_stray(request)
        return answer_error(refused or error, request)


async def _charge_stray(request: web.Request) -> TooFast | None:
    """A miss in the API that no operation has counted spends as its address does, so that probing has a limit."""
    if not request.path.startswith("/api/") or STANDINGS in request:
        return None
    try:
        await charge(request, API_ANONYMOUS, neighbourhood_of(address_of(request)))
    except TooFast as refusal:
        return refusal
    return None


def guard_text(request: web.Request) -> None:
    """Refuse NUL in a path (nothing has such a name) and in a query: no database takes it."""
    if "%00" in request.raw_path or "\0" in request.raw_path:
        if "\0" in request.path:
            raise NotFound()
        if "%00" in request.query_string or "\0" in request.query_string:
            raise Invalid.field("/query", "nul", "A text may not hold the NUL character.")


def _log_access(request: web.Request, route: str, status: int, seconds: float) -> None:
    path = request.path
    if path in QUIET and status < 500:
        return
    fields = {"method": request.method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    ACCESS.write(request[REQUEST_ID], path[:500], fields | {"address": address_of(request)})
