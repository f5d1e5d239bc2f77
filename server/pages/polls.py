"""Polls without scripts: voting by a form, and the page of who chose what."""

from collections.abc import Mapping

from aiohttp import web

from server.forms import read_fields
from server.pages.community import room_of
from server.pages.landing import id_of
from server.pages.visits import Visit, see
from server.web.views.frame import PersonMark
from server.web.views.polled import polled
from server.web.views.voters import VotersPage
from tenants import links
from tenants.community import messages, polls, voting
from tenants.errors import Invalid, NotFound
from tenants.members import zones
from tenants.scope import Record

# A page names so many of an option; the rest is found over the API.
NAMED = 200


async def show(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}/polls/{message}: how it was answered, and by whom where that is told."""
    message_id = id_of(visit, "message")
    async with visit.enter(readonly=True) as scope:
        room = await room_of(visit, scope)
        row = await messages.find(scope, message_id)
        if row["room"] != str(room["id"]) or row["poll"] is None:
            raise NotFound("This message has no poll.", "no_poll")
        poll = polls.shown(row["poll"])
        names: list[list[Record]] = []
        if not poll["anonymous"]:
            places = range(len(poll["options"]))
            names = [await voting.voters(scope, message_id, n, limit=NAMED) for n in places]
        zone = await zones.own(scope)
    view = VotersPage(
        html=row["html"],
        poll=polled(poll),
        names=tuple(
            tuple(PersonMark(str(each["id"]), each["name"], each["avatar"]) for each in some) for some in names
        ),
        zone=zone,
        back_url=links.message(visit.slug, room["slug"], row["seq"]),
        people_url=links.people(visit.slug),
    )
    return visit.show("voters.html", view)


async def act(visit: Visit) -> web.Response:
    """POST …/polls/{message}: `act` is `vote` with `option` or `option-{n}`, `withdraw` or `close`."""
    fields, message_id = await read_fields(visit.request), id_of(visit, "message")
    what = fields.get("act", "vote")
    async with visit.enter() as scope:
        room = await room_of(visit, scope)
        row = await messages.find(scope, message_id)
        if row["room"] != str(room["id"]):
            raise NotFound("There is no such message here.", "no_such_message")
        if what == "vote":
            await voting.vote(scope, message_id, _chosen(fields))
        elif what == "withdraw":
            await voting.withdraw(scope, message_id)
        elif what == "close":
            await voting.close(scope, message_id)
        else:
            raise Invalid("Choose what is to be done.", "no_act")
    return see(links.message(visit.slug, room["slug"], row["seq"]))


def _chosen(fields: Mapping[str, str]) -> list[int]:
    """The places that are ticked; what is no place is none of the poll's."""
    ticked = [value for name, value in fields.items() if name == "option" or name.startswith("option-")]
    return [int(each) if each.isascii() and each.isdigit() and len(each) <= 2 else -1 for each in ticked]
