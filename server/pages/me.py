"""A person's own page: their channels, the devices that are signed in, and who tried to."""

from aiohttp import web

from server.forms import named, read_fields
from server.pages.visits import Visit, mark_of, see
from server.web.views.me import Attempt, Device, Membership, MeView
from tenants import directory
from tenants.people import bounces, people, sessions, sign_in
from tenants.scope import Record

GOOD = frozenset({"signed in", "signed up", "link by mail"})
WAYS = {"signed in": "password", "wrong password": "password", "signed up": "new account"}
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "Python"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
PHONES = frozenset({"Android", "iPhone"})


async def me(visit: Visit) -> web.Response:
    """GET /me."""
    reader, tenancy = visit.reader, visit.house.tenancy
    belongs = await directory.memberships_of(tenancy, reader.person_id)
    async with tenancy.person(reader.person_id, readonly=True) as scope:
        person, kept = await people.me(scope), await people.password(scope)
        devices, tries = await sessions.devices(scope), await sign_in.history(scope)
        bounce = await bounces.standing(scope, person["email"])
    view = MeView(
        name=person["name"],
        email=person["email"],
        memberships=tuple(Membership(mark_of(row), row["role"], row["joined_at"]) for row in belongs),
        devices=tuple(_device(row, row["id"] == reader.session_id) for row in devices),
        attempts=tuple(_attempt(row) for row in tries),
        confirmed=person["confirmed_at"] is not None,
        has_password=kept["password_hash"] is not None,
        bounced=bounce["reason"] if bounce else "",
    )
    return visit.show("me.html", view)


async def end_device(visit: Visit) -> web.Response:
    """POST /me/devices/end: `device`."""
    fields = await read_fields(visit.request)
    async with visit.house.tenancy.person(visit.reader.person_id) as scope:
        if device := named(fields, "device"):
            await sessions.end_device(scope, device)
    return see("/me", "device")


async def end_others(visit: Visit) -> web.Response:
    """POST /me/devices/end-others."""
    async with visit.house.tenancy.person(visit.reader.person_id) as scope:
        await sessions.end_others(scope, visit.reader.session_id)
    return see("/me", "devices")


def _device(row: Record, current: bool) -> Device:
    agent = row["agent"]
    system = _named(agent, SYSTEMS)
    browser = _named(agent, BROWSERS) or ("A program" if row["kind"] == "api" else "A browser")
    return Device(
        str(row["id"]), browser, row["address"], row["last_seen_at"], current, system in PHONES, row["host"] or "",
        system,
    )  # fmt: skip


def _attempt(row: Record) -> Attempt:
    outcome = row["outcome"]
    return Attempt(row["at"], WAYS.get(outcome, outcome), row["address"], outcome in GOOD)


def _named(agent: str, known: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in known if sign.lower() in agent.lower()), "")
