"""A visit to a page: who reads, in which channel, language and dress, and the answer that becomes of a view."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from server.access import HouseAccess, device_of, token_of
from server.context import HOUSE, AtChannel, House
from server.cookies import carries_cookie, clear_cookie, host_asked
from server.csrf import OWN_ORIGIN, own_origins
from server.forms import require_fit
from server.language import LOCALE, language_of
from server.limits import LIMITER, PAGE_READS, admit
from server.pages.said import SAID
from server.sender import address_of, neighbourhood_of
from server.web import csp
from server.web.render import Pages, theme_of
from server.web.theme import Theme
from server.web.views.frame import ChannelMark, Frame, PersonMark
from server.within import Hourglass
from tenants import directory, links
from tenants.channels import channels
from tenants.community import bell
from tenants.directory import SignedIn
from tenants.errors import NotFound, Refusal, SignInNeeded
from tenants.people.sessions import Device
from tenants.permissions import VISITOR, Action, Actor, why
from tenants.scope import Scope

PAGE_SECONDS = 30.0
PRIVATE = "private, no-store"
PAGES: web.AppKey[Pages] = web.AppKey("pages")
MARK = web.RequestKey("channel_mark", ChannelMark)
ACTOR = web.RequestKey("channel_actor", Actor)
UNREAD = web.RequestKey("unread_notices", int)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page: the house's doors, who is signed in (None: a visitor), and the channel of the path."""

    house: House
    access: HouseAccess
    pages: Pages
    request: web.Request
    signed_in: SignedIn | None
    token: str | None = field(repr=False)
    slug: str = ""

    @property
    def path(self) -> Mapping[str, str]:
        """The named parts of the path."""
        return self.request.match_info

    @property
    def device(self) -> Device:
        """Where the visit comes from."""
        return device_of(self.request)

    @property
    def reader(self) -> SignedIn:
        """Who reads; SignInNeeded when nobody is signed in."""
        if self.signed_in is None:
            raise SignInNeeded()
        return self.signed_in

    async def at_channel(self) -> AtChannel:
        """The channel of the path; NotFound on the own host of another channel."""
        channel = await self.access.channel(self.slug)
        hosted = await channel_of_host(self)
        if hosted is not None and hosted != channel.slug:
            raise NotFound()
        return AtChannel(self.house, self.request, channel, self.token)

    @contextlib.asynccontextmanager
    async def enter(self, *, readonly: bool | None = None) -> AsyncIterator[Scope]:
        """One transaction in the channel of the path, as the reader, refused where its form cannot be taken.

        Its page wears the channel's dress from here.
        """
        at = await self.at_channel()
        require_fit(self.request)
        only_reads = self.request.method in {"GET", "HEAD"} if readonly is None else readonly
        async with at.scope(readonly=only_reads) as scope:
            await self.meet(scope)
            if MARK not in self.request:
                self.dress(await channels.read(scope))
            yield scope

    async def meet(self, scope: Scope) -> Actor:
        """The reader as an actor; the page's head knows them from here, and what they have not read."""
        self.request[ACTOR] = scope.actor
        if self.request.method in {"GET", "HEAD"} and why(scope.actor, Action.ROOM_JOIN).allowed:
            self.request[UNREAD] = await bell.unread(scope)
        return scope.actor

    def dress(self, channel: Any) -> ChannelMark:
        """Wear the colours of a channel's row (`id, slug, name, brand, locale`), and speak its language."""
        mark = mark_of(channel)
        self.request[MARK] = mark
        self.request[LOCALE] = channel["locale"]
        return mark

    def frame(self, nonce: str = "") -> Frame:
        """What every page knows beside its view."""
        return frame_of(self.request, self.house, self.signed_in, nonce)

    def show(
        self, template: str, view: Any, *, status: int = 200, dress: Theme | None = None, cache: str = PRIVATE,
        forms: tuple[str, ...] = (),
    ) -> web.Response:  # fmt: skip
        """The page under the public policy; its forms may lead on to the origins `forms`."""
        frame = self.frame()
        response = html(self.pages.render(template, view, frame, dress), status, cache)
        response.headers["Content-Security-Policy"] = public_policy(self.request, frame, dress, forms)
        return response

    def show_tool(self, template: str, view: Any, *, status: int = 200, forms: tuple[str, ...] = ()) -> web.Response:
        """The page under the studio's policy, which no cache may keep; its forms may lead on to the origins `forms`."""
        nonce = csp.nonce()
        response = html(self.pages.render(template, view, self.frame(nonce)), status, PRIVATE)
        doors = {*far_doors(self.request), *forms}
        response.headers["Content-Security-Policy"] = csp.studio(nonce, far_files(self.request), doors)
        return response


PageHandler = Callable[[Visit], Awaitable[web.StreamResponse]]


def page(handler: PageHandler) -> Handler:
    """A handler of aiohttp's from one of ours: a reader without a sign-in is led to the door, and back afterwards."""
    glass = Hourglass(PAGE_SECONDS)

    async def answer(request: web.Request) -> web.StreamResponse:
        visit = await visit_of(request)
        await _charge_read(request, visit.signed_in)
        try:
            with glass.turned():
                response = await handler(visit)
        except TimeoutError:
            raise Refusal(503, "too_slow", "This took too long and was given up. Try again.", retry_after=3) from None
        except SignInNeeded:
            response = see(f"/sign-in?next={quote(_came_from(request))}")
        if not request.content.is_eof():
            response.force_close()  # of a form that was too large the rest is not waited for
        if visit.signed_in is None and carries_cookie(request) and not response.cookies:
            clear_cookie(request, response)
            # A shared cache would hand this to others, and sign them out.
            response.headers[hdrs.CACHE_CONTROL] = PRIVATE
        return response

    return answer


def at_house(handler: PageHandler) -> PageHandler:
    """A handler that works at the installation's host alone; who asks at a channel's own one is led there."""

    async def answer(visit: Visit) -> web.StreamResponse:
        if await channel_of_host(visit) is None:
            return await handler(visit)
        if visit.request.method not in {"GET", "HEAD"}:
            raise NotFound("This is done at the installation’s own address.", "own_host")
        return see(visit.request.app[OWN_ORIGIN] + local_path(visit.request.path_qs))

    return answer


def bounded(handler: Handler) -> Handler:
    """A handler of aiohttp's that spends from the pages of the address that asks, for what nobody signs in to."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await _charge_read(request, None)
        return await handler(request)

    return answer


async def _charge_read(request: web.Request, reader: SignedIn | None) -> None:
    """Spend from the reader's pages, or from those of the address where nobody is signed in; writes have limits too."""
    if request.method not in {"GET", "HEAD"}:
        return
    subject = str(reader.person_id) if reader else neighbourhood_of(address_of(request))
    standing = await request.app[LIMITER].spend(PAGE_READS, subject)
    admit(standing, "That were very many pages within a minute. Wait a moment.")


async def visit_of(request: web.Request) -> Visit:
    """The visit of a request; a sign-in that has ended is no sign-in."""
    access = request.app[ACCESS_TO_HOUSE]
    token, signed_in = None, None
    with contextlib.suppress(SignInNeeded):
        token = token_of(request)
        signed_in = await directory.session_of(access.house.tenancy, token) if token else None
    pages, slug = request.app[PAGES], request.match_info.get("slug", "")
    return Visit(access.house, access, pages, request, signed_in, token if signed_in else None, slug)


ACCESS_TO_HOUSE: web.AppKey[HouseAccess] = web.AppKey("access_to_house")


async def channel_of_host(visit: Visit) -> str | None:
    """The slug of the channel whose own host was asked, or None on the installation's."""
    host = host_asked(visit.request)
    if host is None or host == urlsplit(visit.request.app[OWN_ORIGIN]).hostname:
        return None
    return await visit.access.slug_of_host(host)


def frame_of(request: web.Request, house: House, signed_in: SignedIn | None, nonce: str = "") -> Frame:
    """The frame of an answer, as far as it is known by now."""
    actor, mark = request.get(ACTOR, VISITOR), request.get(MARK)
    return Frame(
        origin=origin_of(request),
        path=request.path,
        language=language_of(request),
        channel=mark,
        reader=PersonMark(str(signed_in.person_id), signed_in.name) if signed_in else None,
        nonce=nonce,
        said=SAID.get(request.query.get("said", ""), ""),
        demo=house.demo,
        member=actor.member_id is not None and actor.banned is None,
        studio=_studio_of(actor, mark.slug) if mark else "",
        unread=request.get(UNREAD, 0),
    )


def _studio_of(actor: Actor, slug: str) -> str:
    """Where the actor's work in the studio begins; empty for those who have none."""
    if why(actor, Action.COURSE_EDIT).allowed:
        return links.studio(slug)
    return links.studio(slug, "/rooms") if why(actor, Action.ROOM_EDIT).allowed else ""


def mark_of(channel: Any) -> ChannelMark:
    """How a channel is named, from a row with `id, slug, name, brand`."""
    brand, slug = channel["brand"], channel["slug"]
    logo = links.file(slug, brand["logo"]) if brand.get("logo") else None
    return ChannelMark(str(channel["id"]), channel["name"], slug, links.channel(slug), brand.get("colour"), logo)


def origin_of(request: web.Request) -> str:
    """The origin that was asked; the installation's own when the Host header is no host."""
    return own_origins(request)[-1] if host_asked(request) else request.app[OWN_ORIGIN]


def public_policy(request: web.Request, frame: Frame, dress: Theme | None = None, forms: tuple[str, ...] = ()) -> str:
    """The policy of a page without scripts of its own."""
    doors = {*far_doors(request), *forms}
    return csp.public(frame.origin, (dress or theme_of(frame)).source, far_files(request), doors)


def far_files(request: web.Request) -> set[str]:
    """The origins where files are kept: the store's and the installation's, but for the one that was asked."""
    return {request.app[HOUSE].store.origin, *far_doors(request)} - {origin_of(request)}


def far_doors(request: web.Request) -> tuple[str, ...]:
    """The installation's origin, where one signs in, when another one was asked."""
    own = request.app[OWN_ORIGIN]
    return () if own == origin_of(request) else (own,)


def html(text: str, status: int, cache: str) -> web.Response:
    """A page."""
    headers = {hdrs.CACHE_CONTROL: cache, hdrs.VARY: "Cookie, Accept-Language, Accept-Encoding"}
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


def see(path: str, said: str = "") -> web.Response:
    """Go and see another page (303), which begins by saying one of the sentences of `SAID`."""
    address, _, part = path.partition("#")
    if said:
        address += f"{'&' if '?' in address else '?'}said={said}"
    location = f"{address}#{part}" if part else address
    return web.Response(status=303, headers={hdrs.LOCATION: location, hdrs.CACHE_CONTROL: PRIVATE})


def local_path(asked: str) -> str:
    """A path of this very site to go on to; the home page for anything else (RFC 6749 section 10.15)."""
    plain = asked.isprintable() and len(asked) <= 2000 and "\\" not in asked
    return asked if plain and asked.startswith("/") and not asked.startswith("//") else "/"


def _came_from(request: web.Request) -> str:
    """Where to go on after signing in: the page itself, or the page whose form was sent."""
    if request.method in {"GET", "HEAD"}:
        return local_path(request.path_qs)
    try:
        came = urlsplit(request.headers.get(hdrs.REFERER, ""))
    except ValueError:
        return "/"
    same = f"{came.scheme}://{came.netloc}" in own_origins(request)
    return local_path(came.path) if same else "/"
