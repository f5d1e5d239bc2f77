"""Headers of every answer, and the head of one written in one piece."""

import functools
import time
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import hdrs, web

from server.csrf import OWN_ORIGIN
from server.limits import STANDINGS, limit_headers
from server.sender import REQUEST_ID

SERVER_NAME = "Guildhall"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
YEAR_OF_HTTPS = "max-age=31536000"


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer: its id, security, and for the API its limits and no caching unless it says otherwise."""
    headers = response.headers
    headers.update(_told(request))
    for name, value in _defaults(*_kind(request)).items():
        if name not in headers:
            headers[name] = value


def head_of(request: web.Request, status: int, content_type: str, length: int) -> bytes:
    """The head of a whole answer that has no header of its own, with the same headers as any other."""
    told = "".join([f"{name}: {value}\r\n" for name, value in _told(request).items()])
    fixed = _fixed_lines(status, content_type, *_kind(request))
    return f"{fixed}{hdrs.CONTENT_LENGTH}: {length}\r\n{told}{_date_line(int(time.time()))}\r\n".encode()


def _told(request: web.Request) -> dict[str, str]:
    """What is told of this very request."""
    told = {"X-Request-ID": request.get(REQUEST_ID, ""), hdrs.SERVER: SERVER_NAME}
    if standings := request.get(STANDINGS):
        told |= limit_headers(standings)
    return told


def _kind(request: web.Request) -> tuple[bool, bool]:
    """Whether we are asked by https, and whether it is the API."""
    return request.app[OWN_ORIGIN].startswith("https:"), request.path.startswith("/api/")


@functools.cache
def _defaults(secure: bool, api: bool) -> Mapping[str, str]:
    return (
        SECURITY_HEADERS
        | ({"Strict-Transport-Security": YEAR_OF_HTTPS} if secure else {})
        | ({hdrs.CACHE_CONTROL: "no-store"} if api else {})
    )


@functools.lru_cache(maxsize=256)
def _fixed_lines(status: int, content_type: str, secure: bool, api: bool) -> str:
    lines = [f"{name}: {value}\r\n" for name, value in _defaults(secure, api).items()]
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{hdrs.CONTENT_TYPE}: {content_type}\r\n"
    return first + "".join(lines)


@functools.lru_cache(maxsize=2)
def _date_line(second: int) -> str:
    return f"{hdrs.DATE}: {formatdate(second, usegmt=True)}\r\n"
