"""Our cookies, HttpOnly and SameSite=Lax: the sign-in of a browser, and the nonce of one that is away to sign in."""

import re
from urllib.parse import urlsplit

from aiohttp import web

from tenants.people.hand_offs import NONCE
from tenants.people.sessions import HOSTED, at_host

SECURE_COOKIES = web.AppKey("secure_cookies", bool)

OPAQUE = re.compile(r"[A-Za-z0-9_.~-]{16,512}")
NONCE_SECONDS = 1800
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,260}")


def cookie_name(app: web.Application) -> str:
    """`__Host-guildhall` over https, `guildhall` on plain http, where browsers refuse the prefix (RFC 6265bis)."""
    return "__Host-guildhall" if app[SECURE_COOKIES] else "guildhall"


def read_cookie(request: web.Request) -> str | None:
    """The token a browser sent back, or None when it sent none or something that we never issued.

    One of a channel's own host is read together with the host that was asked: anywhere else it is no token of ours.
    """
    token = request.cookies.get(cookie_name(request.app))
    if not token or not OPAQUE.fullmatch(token):
        return None
    return at_host(token, host_asked(request) or "")


def is_hosted(request: web.Request) -> bool:
    """Whether the request carries a cookie of a channel's own host."""
    return request.cookies.get(cookie_name(request.app), "").startswith(HOSTED)


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


def read_nonce(request: web.Request) -> str | None:
    """The nonce of a hand-off that this browser began at this host."""
    nonce = request.cookies.get(_nonce_name(request.app), "")
    return nonce if NONCE.fullmatch(nonce) else None


def set_nonce(request: web.Request, response: web.StreamResponse, nonce: str) -> None:
    """Have the browser keep the nonce while it is away to sign in, for at most NONCE_SECONDS."""
    secure = request.app[SECURE_COOKIES]
    response.set_cookie(
        _nonce_name(request.app), nonce, max_age=NONCE_SECONDS, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def clear_nonce(request: web.Request, response: web.StreamResponse) -> None:
    """Make the browser forget the nonce."""
    secure = request.app[SECURE_COOKIES]
    response.del_cookie(_nonce_name(request.app), path="/", secure=secure, httponly=True, samesite="Lax")


def host_asked(request: web.Request) -> str | None:
    """The host of the Host header without its port, or None when that is no host (it may be anything at all)."""
    return plain_host(request.host)


def plain_host(text: str) -> str | None:
    """A host in small letters and without its port, or None when the text is none."""
    if not _HOST.fullmatch(text):
        return None
    try:
        return urlsplit(f"//{text}").hostname
    except ValueError:
        return None


def _nonce_name(app: web.Application) -> str:
    return f"{cookie_name(app)}-nonce"
