"""The installation's own page: its public channels, and the making of one's own."""

from uuid import UUID

from aiohttp import web

from server.forms import read_fields, refill
from server.keyset import Cursor
from server.limits import FOUNDING, charge
from server.pages.landing import show_landing
from server.pages.visits import Visit, channel_of_host, mark_of, see
from server.web.theme import several
from server.web.views.frame import Form
from server.web.views.home import ChannelCard, HomeView
from tenants import directory, links
from tenants.errors import Refusal
from tenants.members import founding
from tenants.permissions import Actor

SHOWN = 50
CURSOR: Cursor[UUID] = Cursor("channels", UUID)
FIRST_COLOUR = "#1f6f72"


async def home(visit: Visit) -> web.StreamResponse:
    """GET /: the channels; on a channel's own host its landing page."""
    if hosted := await channel_of_host(visit):
        return await show_landing(visit, hosted)
    return await _show(visit, Form({"colour": FIRST_COLOUR}))


async def found(visit: Visit) -> web.Response:
    """POST /: `name`, `slug`, `colour`; the reader becomes the owner."""
    person = visit.reader
    fields = await read_fields(visit.request)
    actor = Actor(person_id=person.person_id, name=person.name, session_id=person.session_id)
    colour = fields.get("colour", "")
    settings = {"brand": {"colour": colour}} if colour else {}
    try:
        fields.require_fit()
        await charge(visit.request, FOUNDING, str(person.person_id))
        made = await founding.found(
            visit.house.tenancy, actor, fields.get("name", ""), fields.get("slug", "").strip(), settings
        )
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), status=refusal.status)
    return see(links.studio(made["slug"]), "founded")


async def _show(visit: Visit, form: Form, *, status: int = 200) -> web.Response:
    tenancy, reader = visit.house.tenancy, visit.signed_in
    after = CURSOR.read(visit.request.query.get("after"))
    rows = await directory.channels_listed(tenancy, after=after, limit=SHOWN + 1)
    joined = {row["id"] for row in await directory.memberships_of(tenancy, reader.person_id)} if reader else set()
    cards = tuple(ChannelCard(mark_of(row), row["tagline"], joined=row["id"] in joined) for row in rows[:SHOWN])
    older = f"/?after={CURSOR.write(rows[SHOWN - 1]['id'])}" if len(rows) > SHOWN else None
    view = HomeView(cards, form if reader else None, older)
    return visit.show("home.html", view, status=status, dress=several(view.brands))
