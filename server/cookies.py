"""The one cookie of ours: the sign-in of a browser, opaque, HttpOnly and SameSite=Lax."""

import re

from aiohttp import web

SECURE_COOKIES = web.AppKey("secure_cookies", bool)

OPAQUE = re.compile(r"[A-Za-z0-9_.~-]{16,512}")


def cookie_name(app: web.Application) -> str:
    """`__Host-guildhall` over https, `guildhall` on plain http, where browsers refuse the prefix (RFC 6265bis)."""
    return "__Host-guildhall" if app[SECURE_COOKIES] else "guildhall"


def read_cookie(request: web.Request) -> str | None:
    """The token a browser sent back, or None when it sent none or something that we never issued."""
    token = request.cookies.get(cookie_name(request.app))
    return token if token and OPAQUE.fullmatch(token) else None


def carries_cookie(request: web.Request) -> bool:
    """Whether the request carries our cookie at all, whatever is in it."""
    return cookie_name(request.app) in request.cookies


def set_cookie(request: web.Request, response: web.StreamResponse, token: str, seconds: int) -> None:
    """Give the browser `token` for `seconds`; only this host gets it back, scripts never see it."""
    secure = request.app[SECURE_COOKIES]
    response.set_cookie(
        cookie_name(request.app), token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def clear_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Make the browser forget its sign-in."""
    secure = request.app[SECURE_COOKIES]
    response.del_cookie(cookie_name(request.app), path="/", secure=secure, httponly=True, samesite="Lax")
