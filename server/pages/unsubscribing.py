"""Unsubscribing from a kind of mail: by the mail program's own button (RFC 8058), or by a press on this page."""

from aiohttp import web

from server.forms import read_fields
from server.limits import API_ANONYMOUS, charge
from server.pages.visits import Visit
from server.sender import address_of, neighbourhood_of
from server.web.views.unsubscribe import UnsubscribeView
from tenants import links
from tenants.channels import channels
from tenants.errors import NotFound
from tenants.members import unsubscribes
from tenants.members.unsubscribes import KINDS, Named, UnsubscribeSecrets
from tenants.permissions import acting_system


async def ask(visit: Visit) -> web.Response:
    """GET /unsubscribe/{token}: changes nothing, for mail scanners open links."""
    return await _answer(visit, _named(visit), done=None)


async def do(visit: Visit) -> web.Response:
    """POST /unsubscribe/{token}: no more of these mails, or with `undo` again; nobody has to sign in for it."""
    named = _named(visit)
    await charge(visit.request, API_ANONYMOUS, neighbourhood_of(address_of(visit.request)))
    fields = await read_fields(visit.request)
    return await _answer(visit, named, done="undo" not in fields)


async def _answer(visit: Visit, named: Named, *, done: bool | None) -> web.Response:
    """The page as things stand, or as they stand after `done` has been put."""
    opening = visit.house.tenancy.scope(named.channel_id, acting_system("unsubscribe"), readonly=done is None)
    async with opening as scope:
        if done is not None:
            await unsubscribes.put(scope, named.person_id, named.kind, on=done)
        stands = await unsubscribes.stands(scope, named.person_id, named.kind)
        channel = await channels.read(scope)
    visit.dress(channel)
    choices = links.notice_choices(channel["slug"])
    view = UnsubscribeView(channel["name"], KINDS[named.kind], visit.request.path, choices, stands)
    return visit.show("unsubscribe.html", view)


def _named(visit: Visit) -> Named:
    named = UnsubscribeSecrets(visit.house.secret).read(visit.path["token"][:512])
    if named is None or named.kind not in KINDS:
        raise NotFound("This link is not whole. Copy all of it from the mail.")
    return named
