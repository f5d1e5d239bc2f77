"""A channel's landing page, and joining it."""

from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from aiohttp import hdrs, web

from server.pages.landing_view import landing_view
from server.pages.visits import Visit, origin_of, see
from server.web.views.frame import Link
from tenants import links
from tenants.batches import landing
from tenants.errors import NotFound
from tenants.members import members
from tenants.permissions import Action, Actor, why

FOR_ALL = "public, max-age=0, s-maxage=30, must-revalidate"


async def show(visit: Visit) -> web.StreamResponse:
    """GET /c/{slug}."""
    return await show_landing(visit, visit.slug)


async def show_landing(visit: Visit, slug: str) -> web.StreamResponse:
    """The page of a channel; to visitors it comes with an ETag and may be kept by shared caches."""
    at = await replace(visit, slug=slug).at_channel()
    async with at.scope(readonly=True) as scope:
        facts = dict(await landing.read(scope))
        actor = await visit.meet(scope)
    visit.dress(facts)
    joined = _way_in(slug, actor)
    view = landing_view(facts, origin_of(visit.request), joined=joined, known=visit.signed_in is not None)
    if visit.signed_in is not None:
        return visit.show("landing.html", view)
    return _kept(visit.request, visit.show("landing.html", view, cache=FOR_ALL))


async def join(visit: Visit) -> web.Response:
    """POST /c/{slug}/join: the reader becomes a member; again: nothing happens."""
    async with visit.enter() as scope:
        await members.join(scope)
    return see(links.channel(visit.slug), "joined")


async def nowhere(visit: Visit) -> web.Response:
    """GET any other address below a channel: nothing is there, said in the channel's dress."""
    async with visit.enter():
        raise NotFound()


def id_of(visit: Visit, name: str) -> UUID:
    """A part of the path as an id; one of the wrong shape names nothing."""
    try:
        return UUID(visit.path[name])
    except ValueError:
        raise NotFound() from None


def _way_in(slug: str, actor: Actor) -> Link | None:
    if actor.member_id is None or actor.banned is not None:
        return None
    if why(actor, Action.COURSE_EDIT).allowed:
        return Link("Studio", links.studio(slug))
    return Link("Go on learning", f"{links.channel(slug)}/learn")


def _kept(request: web.Request, response: web.Response) -> web.Response:
    """The page with its ETag, or 304 when the sender has it already."""
    etag = sha256(response.body if isinstance(response.body, bytes) else b"").hexdigest()[:32]
    response.etag = etag
    known = request.if_none_match or ()
    if any(each.value in {etag, "*"} for each in known):
        headers = {name: response.headers[name] for name in (hdrs.ETAG, hdrs.CACHE_CONTROL, hdrs.VARY)}
        return web.Response(status=304, headers=headers)
    return response
