"""Cross-site request forgery: a write that rides on our cookie must come from one of our own pages."""

from aiohttp import hdrs, web

from server.cookies import carries_cookie, is_hosted
from tenants.errors import Forbidden

OWN_ORIGIN = web.AppKey("own_origin", str)
READS = frozenset({"GET", "HEAD", "OPTIONS"})
# The socket has an origin rule of its own, for its handshakes are reads that browsers send cross-site.
RULED_ELSEWHERE = "/socket.io/"


def guard_cookie_write(request: web.Request) -> None:
    """Refuse a write that is signed in by cookie and not made by our own page.

    A request with an Authorization header is signed in by that alone, which no foreign page can add.
    """
    if request.method in READS or hdrs.AUTHORIZATION in request.headers or request.path.startswith(RULED_ELSEWHERE):
        return
    if carries_cookie(request):
        require_own_page(request)


def require_own_page(request: web.Request) -> None:
    """Refuse what was not sent by a page of this very host (forms call it before there is a cookie).

    `Sec-Fetch-Site: same-origin`, or, from browsers without that header, our own `Origin`. Same-site is not enough:
    sibling subdomains are other creators.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    if site != "same-origin" and (site is not None or origin not in own_origins(request)):
        raise Forbidden("This was not sent from one of our own pages. Open the page here and try again.", "cross_site")


def near(request: web.Request, url: str) -> str:
    """An address of the installation's as the page that asked may use it: at a channel's own host without its origin.

    Browsers let no page upload to, or show files of, an origin that is not its own.
    """
    configured = request.app[OWN_ORIGIN]
    far = own_origins(request)[-1] != configured
    return url.removeprefix(configured) if far and url.startswith(f"{configured}/") else url


def own_origins(request: web.Request) -> tuple[str, ...]:
    """The origins that are this request's own pages: of the host being asked, and the installation's.

    With a cookie of a channel's own host only pages of that host are.
    """
    configured = request.app[OWN_ORIGIN]
    scheme = configured.partition("://")[0]
    asked = f"{scheme}://{request.headers.get(hdrs.HOST, '')}"
    return (asked,) if is_hosted(request) else (configured, asked)
