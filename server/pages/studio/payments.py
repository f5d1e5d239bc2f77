"""Payments in the studio: the account that is paid, orders, and giving their price back."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from uuid import UUID

from aiohttp import hdrs, web
from babel import Locale

from providers import ProviderDown, ProviderRefused
from server import till
from server.forms import read_fields, refill
from server.keyset import Cursor
from server.pages.buying_views import order_row
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import PRIVATE, Visit
from server.web.views.frame import Form, Link
from server.web.views.studio_payments import AccountState, Options, PaymentsPage
from tenants import links
from tenants.batches import purchases
from tenants.billing import accounts, orders
from tenants.errors import Refusal
from tenants.scope import Record

SHOWN = 50
CURSOR: Cursor[UUID] = Cursor("orders", UUID)
NAMES = {"sandbox": "the sandbox", "stripe": "Stripe"}


async def payments_page(visit: Visit) -> web.Response:
    """GET …/payments; the provider is asked first while the account is not ready, or one comes back from it."""
    return await _show(visit)


async def open_account(visit: Visit) -> web.Response:
    """POST …/payments/account: `country`; on to where the provider asks what it must know."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "payments", readonly=True):
            at = await visit.at_channel()
        _, url = await till.open_account(at, fields.get("country", ""))
    except (Refusal, ProviderDown, ProviderRefused) as refused:
        return await _show(visit, form=_refilled(refused, fields), status=_status(refused))
    if till.leads_out(at, url):
        return web.Response(status=303, headers={hdrs.LOCATION: url, hdrs.CACHE_CONTROL: PRIVATE})
    return await _show(visit, onward=url)


async def refund(visit: Visit) -> web.Response:
    """POST …/orders/{id}/refund: `reason`; the whole price, and access ends with it."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "payments") as scope:
            order = await purchases.ask_refund(scope, id_of(visit, "id"), fields.get("reason", ""))
        order = await till.give_back(await visit.at_channel(), order)
    except (Refusal, ProviderRefused) as refused:
        form = replace(_refilled(refused, fields), of=visit.path["id"])
        return await _show(visit, refund_form=form, status=_status(refused))
    return back(visit, "/payments", "refunded" if order["state"] == "refunded" else "refunding")


@cache
def countries() -> Options:
    """The countries to choose from, by their English names."""
    named = {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}
    return tuple(sorted(named.items(), key=lambda each: each[1]))


async def _show(
    visit: Visit, *, form: Form | None = None, refund_form: Form | None = None, onward: str = "", status: int = 200
) -> web.Response:
    after = CURSOR.read(visit.request.query.get("after"))
    async with at_desk(visit, "payments", readonly=True) as scope:
        account = await accounts.shown(scope, visit.house.provider)
        rows = await orders.page(scope, before=after, limit=SHOWN + 1)
        at = desk(visit, scope, "payments")
    if account is not None and (not account["ready"] or "back" in visit.request.query):
        account = await till.check_account(await visit.at_channel(), account)
    view = PaymentsPage(
        desk=at,
        account=_state(visit, account),
        orders=tuple(order_row(visit.slug, row) for row in rows[:SHOWN]),
        countries=countries(),
        more=_more(visit, rows),
        form=form or Form({"country": account["country"] if account else "GB"}),
        refund_form=refund_form or Form(),
        onward=onward,
    )
    return visit.show_tool("studio_payments.html", view, status=status, forms=visit.house.checkout_origins)


def _more(visit: Visit, rows: Sequence[Record]) -> Link | None:
    if len(rows) <= SHOWN:
        return None
    after = CURSOR.write(rows[SHOWN - 1]["id"])
    return Link("Older orders", links.studio(visit.slug, f"/payments?after={after}"))


def _state(visit: Visit, account: Record | None) -> AccountState:
    name = NAMES[visit.house.provider]
    if account is None:
        return AccountState(name)
    points = account["fee_basis_points"]
    fee = f"{points / 100:g} %" if points else ""
    return AccountState(name, True, account["ready"], tuple(account["missing"]), account["country"], fee)


def _refilled(refused: Refusal | ProviderDown | ProviderRefused, fields: dict[str, str]) -> Form:
    if isinstance(refused, Refusal):
        form = refill(refused, fields)
        return Form(form.values, {}, form.complaint)
    return Form(fields, {}, refused.message)


def _status(refused: Refusal | ProviderDown | ProviderRefused) -> int:
    return 503 if isinstance(refused, ProviderDown) else refused.status
