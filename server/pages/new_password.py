"""A new password: a link by mail for who forgot theirs, and a change by who is signed in and knows the present one."""

from dataclasses import replace

from aiohttp import web

from server.forms import refill
from server.limits import SIGN_IN_PERSON, charge
from server.pages.doors import charge_address, mail_link, read_own, welcome
from server.pages.visits import Visit, see
from server.web.views.frame import Form
from server.web.views.sign import PasswordView
from tenants.errors import Refusal
from tenants.people import mailed_links, new_password, passwords, people, sessions

EMPTY = PasswordView(shortest=passwords.SHORTEST, minutes=mailed_links.MINUTES)


async def ask(visit: Visit) -> web.Response:
    """GET /set-password: with a `token` or signed in choose one, else ask for a link."""
    token = visit.request.query.get("token", "")[:512]
    return visit.show("set_password.html", await _view(visit, token, Form()))


async def send_link(visit: Visit) -> web.Response:
    """POST /set-password/link: `email`; the same answer whether it has an account or not."""
    fields = await read_own(visit)
    try:
        email = await mail_link(visit, fields, "password")
    except Refusal as refusal:
        view = replace(EMPTY, form=refill(refusal, fields))
        return visit.show("set_password.html", view, status=refusal.status)
    return visit.show("set_password.html", replace(EMPTY, sent=email))


async def choose(visit: Visit) -> web.Response:
    """POST /set-password: `password`, and a link's `token` or the `present` one; other devices are signed out."""
    fields = await read_own(visit)
    token = fields.get("token", "")
    try:
        fields.require_fit()
        await charge_address(visit)
        return await (_by_link(visit, token, fields) if token else _while_signed_in(visit, fields))
    except Refusal as refusal:
        view = await _view(visit, "" if refusal.status == 410 else token, refill(refusal, fields))
        return visit.show("set_password.html", view, status=refusal.status)


async def _by_link(visit: Visit, token: str, fields: dict[str, str]) -> web.Response:
    house, password = visit.house, fields.get("password", "")
    known = await new_password.by_link(house.tenancy, house.links, house.passwords, token, password)
    return await welcome(visit, known, "/me?said=password", "link by mail", proved=True)


async def _while_signed_in(visit: Visit, fields: dict[str, str]) -> web.Response:
    house, reader = visit.house, visit.reader
    await charge(visit.request, SIGN_IN_PERSON, str(reader.person_id))
    given = fields.get("present", ""), fields.get("password", "")
    await new_password.while_signed_in(house.tenancy, house.passwords, reader, *given, visit.device)
    return see("/me", "password")


async def _view(visit: Visit, token: str, form: Form) -> PasswordView:
    """What there is to do for who came: choose, or ask for a link first."""
    if token or visit.signed_in is None:
        return replace(EMPTY, form=form, token=token, choosing=bool(token))
    reader = visit.signed_in
    async with visit.house.tenancy.person(reader.person_id, readonly=True) as scope:
        kept, fresh = await people.password(scope), await sessions.is_fresh(scope, reader.session_id)
    has_one = kept["password_hash"] is not None
    return replace(
        EMPTY, form=form, email=kept["email"], choosing=has_one or fresh, asks_present=not fresh, voided=not has_one
    )
