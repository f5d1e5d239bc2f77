"""What every request passes through: an id, the guards, an answer even to errors, a log line, figures, headers."""

import asyncio
import time

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from server.csrf import OWN_ORIGIN, guard_cookie_write
from server.deadlines import SERVER_NAME
from server.limits import API_ANONYMOUS, STANDINGS, charge, limit_headers
from server.metrics import METRICS, route_of
from server.problems import answer_error
from server.sender import REQUEST_ID, accept_request_id, address_of, neighbourhood_of
from tenants.errors import Invalid, NotFound, TooFast

log = structlog.get_logger("server.access")

QUIET = frozenset({"/livez", "/readyz", "/metrics"})
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
YEAR_OF_HTTPS = "max-age=31536000"


@web.middleware
async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Handle one request from its id to its log line; an error becomes an answer here and nowhere else."""
    request_id = accept_request_id(request)
    started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    metrics = request.app[METRICS]
    status = 499  # what nginx calls a sender that left before the answer
    try:
        with metrics.in_progress.track_inprogress():
            response = await _answer(request, handler)
        status = response.status
    finally:
        seconds = time.perf_counter() - started
        metrics.note(request.method, route_of(request), status, seconds)
        _log_access(request, status, seconds)
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


def _log_access(request: web.Request, status: int, seconds: float) -> None:
    if request.path in QUIET and status < 500:
        return
    log.info(
        "request",
        method=request.method,
        path=request.path[:500],
        route=route_of(request),
        status=status,
        ms=round(seconds * 1000, 1),
        address=address_of(request),
    )


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer: its id, security, and for the API its limits and no caching unless it says otherwise."""
    headers = response.headers
    headers["X-Request-ID"] = request.get(REQUEST_ID, "")
    headers[hdrs.SERVER] = SERVER_NAME
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if request.app[OWN_ORIGIN].startswith("https:"):
        headers.setdefault("Strict-Transport-Security", YEAR_OF_HTTPS)
    if standings := request.get(STANDINGS):
        headers.update(limit_headers(standings))
    if request.path.startswith("/api/"):
        headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    headers.setdefault("Content-Security-Policy", STRICT_CSP)
