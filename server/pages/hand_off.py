"""The hand-off: signing in at a channel's own host by way of the installation's, which alone is told passwords.

A browser leaves its channel's host with a nonce in a cookie; the installation's host answers who it is with a ticket,
and the channel's host trades ticket and nonce for a cookie of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from aiohttp import hdrs, web

from server.context import AtChannel
from server.cookies import clear_nonce, host_asked, plain_host, read_nonce, set_cookie, set_nonce
from server.csrf import OWN_ORIGIN
from server.forms import read_fields
from server.limits import SIGN_IN_PERSON, charge
from server.pages.visits import Visit, channel_of_host, local_path, see
from server.web.views.sign import HandOffView
from tenants.errors import NotFound, SignInNeeded
from tenants.people import hand_offs, sessions
from tenants.people.hand_offs import Arrival
from tenants.permissions import Actor, banned

HERE, THERE = "/sign-in/hand-off", "/sign-in/arrive"
COOKIE_SECONDS = sessions.BROWSER_DAYS * 24 * 3600


@dataclass(frozen=True, slots=True)
class Way:
    """From the installation's host to a channel's own: the visit in its dress, who goes, and where to."""

    at: Visit
    actor: Actor
    host: str
    seal: str
    following: str


def leave(visit: Visit, following: str) -> web.Response:
    """Away from a channel's own host to sign in, to come back to `following`."""
    nonce = read_nonce(visit.request) or hand_offs.new_nonce()
    query = urlencode({"to": host_asked(visit.request) or "", "for": hand_offs.sealed(nonce), "next": following})
    response = see(f"{visit.request.app[OWN_ORIGIN]}{HERE}?{query}")
    set_nonce(visit.request, response, nonce)
    return response


async def ask(visit: Visit) -> web.Response:
    """GET /sign-in/hand-off at the installation: members go on at once, others are asked first.

    A channel learns who somebody is only when they are its member, or say so.
    """
    given = visit.request.query
    way = await _way(visit, given)
    if way.actor.member_id is None:
        view = HandOffView(visit.reader.name, way.host, way.seal, way.following)
        return way.at.show("hand_off.html", view)
    return await _send_on(way)


async def go(visit: Visit) -> web.Response:
    """POST /sign-in/hand-off: `to`, `for`, `next`; they said so."""
    return await _send_on(await _way(visit, await read_fields(visit.request)))


async def arrive(visit: Visit) -> web.Response:
    """GET /sign-in/arrive at the channel's own host: `ticket`, `next`; spends the ticket and gives the cookie."""
    slug, host = await channel_of_host(visit), host_asked(visit.request)
    if slug is None or host is None:
        raise NotFound()
    query = visit.request.query
    response = see(local_path(query.get("next", "/")))
    if visit.signed_in is not None:
        return response
    at = replace(visit, slug=slug)
    # The page wears the channel's dress, should the ticket be refused.
    async with at.enter(readonly=True):
        channel = (await at.at_channel()).channel
    nonce, ticket = read_nonce(visit.request) or "", query.get("ticket", "")[:200]
    arrival = await hand_offs.spend(visit.house.tenancy, channel, host, ticket, nonce, visit.device)
    await _keep_out_the_banned(AtChannel(visit.house, visit.request, channel, None), arrival, host)
    set_cookie(visit.request, response, arrival.token, COOKIE_SECONDS)
    clear_nonce(visit.request, response)
    return response


async def _way(visit: Visit, given: Mapping[str, str]) -> Way:
    """The way that `to`, `for` and `next` ask for; Forbidden for who is banned there."""
    if visit.signed_in is None:
        raise SignInNeeded()
    host, seal = plain_host(given.get("to", "")), given.get("for", "")
    slug = await visit.access.slug_of_host(host) if host else None
    if host is None or slug is None:
        raise NotFound("There is no channel at that host.", "no_such_channel")
    hand_offs.check_seal(seal)
    at = replace(visit, slug=slug)
    async with at.enter(readonly=True) as scope:
        actor = scope.actor
    if actor.banned is not None:
        raise banned(actor)
    return Way(at, actor, host, seal, local_path(given.get("next", "/")))


async def _send_on(way: Way) -> web.Response:
    """A page that goes on by itself: a redirect would count as the form's own, which may lead to no other host."""
    visit, reader = way.at, way.at.reader
    await charge(visit.request, SIGN_IN_PERSON, f"hand-off {reader.person_id}")
    channel = (await visit.at_channel()).channel
    async with visit.house.tenancy.person(reader.person_id) as scope:
        ticket = await hand_offs.begin(scope, reader.session_id, channel.id, way.host, way.seal)
    query = urlencode({"ticket": ticket, "next": way.following})
    view = HandOffView(reader.name, way.host, url=f"{_origin(visit.request, way.host)}{THERE}?{query}")
    response = visit.show("hand_off.html", view)
    response.headers[hdrs.REFERRER_POLICY] = "no-referrer"
    return response


async def _keep_out_the_banned(at: AtChannel, arrival: Arrival, host: str) -> None:
    """Forbidden, and no session, for one who was banned since their ticket was made."""
    admitted = replace(at, token=sessions.at_host(arrival.token, host))
    async with admitted.scope(readonly=True) as scope:
        actor = scope.actor
    if actor.banned is not None:
        async with at.house.tenancy.person(arrival.person_id) as person:
            await sessions.end(person, arrival.session_id, "banned from the channel")
        raise banned(actor)


def _origin(request: web.Request, host: str) -> str:
    """The origin of a channel's own host: the scheme and port are the installation's."""
    own = urlsplit(request.app[OWN_ORIGIN])
    return f"{own.scheme}://{host}{f':{own.port}' if own.port else ''}"
