"""Connections to live providers in the studio: made with the fields their kind asks for, tried, and closed."""

from collections.abc import Mapping

from aiohttp import web

from providers import live as live_providers
from providers.live.credentials import FieldRefused
from server import connecting
from server.forms import read_fields, refill
from server.pages.landing import id_of
from server.pages.studio import classes
from server.pages.studio.desk import at_desk, back
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio_teaching import Asked, Kind
from tenants.errors import Invalid, Refusal
from tenants.live import connections
from tenants.scope import Record
from tenants.sealing import Seals

LABELS = {
    "livekit": ("LiveKit", "Makes a room per class, gives each student a link of their own, records."),
    "zoom": ("Zoom", "Makes a meeting per class, registers each student, records in the cloud."),
    "bigbluebutton": ("BigBlueButton", "Makes a meeting per class, gives each student a link of their own, records."),
    "link": ("Plain link", "Join leads to one address. Nobody tells who came, or of recordings."),
    "generic": (
        "Any other, by webhook",
        "You give each class its link; signed webhooks tell who came and what was kept.",
    ),
}


async def connect(visit: Visit) -> web.Response:
    """POST …/connections: a new connection; a secret that we made stands on this one answer and nowhere again."""
    fields = await read_fields(visit.request)
    kind = fields.get("provider", "generic")
    try:
        fields.require_fit()
        secret = _checked(kind, fields)
        async with at_desk(visit, "classes") as scope:
            name = fields.get(f"{kind}-name", "").strip() or LABELS[kind][0]
            made = await connections.add(scope, Seals(visit.house.secret), name=name, provider=kind, secret=secret)
    except Refusal as refusal:
        form = refill(refusal, _shown_again(kind, fields), name=f"{kind}-name")
        return await classes.show(visit, status=refusal.status, kind=kind, kind_form=form)
    shown = secret if kind == "generic" else ""
    return await classes.show(visit, status=201, made=made["id"], secret=shown)


async def check(visit: Visit) -> web.Response:
    """POST …/connections/{id}/check: the provider is asked now, and the page says what it answered."""
    connection_id = id_of(visit, "id")
    async with at_desk(visit, "classes", readonly=True):
        pass  # only those who plan classes may ask
    ok, said = await connecting.check(await visit.at_channel(), connection_id)
    return await classes.show(visit, checked=connection_id, said=said, ok=ok)


async def close(visit: Visit) -> web.Response:
    """POST …/connections/{id}/close: its webhooks are refused from now on."""
    async with at_desk(visit, "classes") as scope:
        await connections.close(scope, id_of(visit, "id"))
    return back(visit, "/classes", "disconnected")


def kinds(chosen: str, form: Form) -> tuple[Kind, ...]:
    """The forms of every kind of connection; `form` is that of the chosen one, come back."""
    return tuple(
        Kind(kind, *LABELS[kind], _fields(kind), form if kind == chosen else Form(), open=kind == chosen)
        for kind in connections.PROVIDERS
    )


def meets_at(known: list[Record]) -> tuple[tuple[str, str], ...]:
    """Where a class may be held, the newest connection first."""
    held = [(str(row["id"]), f"{row['name']} ({LABELS[row['provider']][0]})") for row in reversed(known)]
    return (*held, ("none", "At the link below"))


def _fields(kind: str) -> tuple[Asked, ...]:
    asked = live_providers.choose(kind).fields
    return tuple(Asked(f"{kind}-{each.name}", each.label, each.hint, each.secret, each.optional) for each in asked)


def _checked(kind: str, fields: Mapping[str, str]) -> str:
    if kind not in connections.PROVIDERS:
        raise Invalid.field("/provider", "unknown", "Choose one of the providers below.")
    given = {
        name.removeprefix(f"{kind}-"): value
        for name, value in fields.items()
        if name.startswith(f"{kind}-") and name != f"{kind}-name"
    }
    try:
        return live_providers.choose(kind).check(given)
    except FieldRefused as wrong:
        raise Invalid.field(f"/{kind}-{wrong.field}", "invalid", wrong.sentence) from None


def _shown_again(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed, its secrets blanked; a field that was left out has its error shown beside it all the same."""
    asked = live_providers.choose(kind).fields if kind in connections.PROVIDERS else ()
    blank = {f"{kind}-{each.name}": "" for each in asked}
    hidden = {f"{kind}-{each.name}" for each in asked if each.secret}
    return blank | {name: value for name, value in fields.items() if name not in hidden}
