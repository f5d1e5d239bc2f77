"""Buying: the page with the one button, the way to the provider and back, an order's page, all of one's orders."""

import asyncio
import contextlib
from uuid import UUID

from aiohttp import hdrs, web

from providers import ProviderDown, ProviderRefused
from server import till
from server.context import AtChannel
from server.forms import named, refill
from server.pages.buying_views import buy_view, order_row, order_view
from server.pages.landing import id_of
from server.pages.visits import PRIVATE, Visit, see
from server.web.views.buying import OrdersPage
from server.web.views.frame import Form, Link
from tenants import links
from tenants.batches import batches
from tenants.billing import orders
from tenants.billing.orders import OPEN
from tenants.courses import courses
from tenants.errors import NotFound, Refusal, SignInNeeded
from tenants.scope import Record, Scope

SHOWN = 100
PATIENCE_SECONDS = 5.0


async def ask(visit: Visit) -> web.Response:
    """GET /c/{slug}/learn/{course}/buy: what it is, what it costs, and one button; for those who are signed in."""
    return await _ask(visit, Form())


async def buy(visit: Visit) -> web.Response:
    """POST /c/{slug}/learn/{course}/buy: join the channel if need be, and on to the page where it is paid."""
    if visit.signed_in is None:
        raise SignInNeeded()
    try:
        at = await visit.at_channel()
        course, batch = await _wanted(visit)
        order = await till.buy(at, course["id"], batch["id"] if batch else None, join=True)
    except Refusal as refusal:
        return await _ask(visit, refill(refusal, {}), status=refusal.status)
    except ProviderDown as down:
        return await _ask(visit, Form(problem=down.message), status=503)
    except ProviderRefused as refused:
        return await _ask(visit, Form(problem=refused.message), status=refused.status)
    return await _lead_on(visit, at, order)


async def pay(visit: Visit) -> web.Response:
    """POST /c/{slug}/orders/{order}/pay: back to the provider's page, or to a new one."""
    at = await visit.at_channel()
    async with visit.enter() as scope:
        order = await _own(scope, id_of(visit, "order"))
    if order["state"] != "pending":
        return see(links.order(visit.slug, order["id"]))
    return await _lead_on(visit, at, await till.buy(at, order["course_id"], order["batch_id"]))


async def cancel(visit: Visit) -> web.Response:
    """POST /c/{slug}/orders/{order}/cancel: give it up, and its seat is free."""
    at = await visit.at_channel()
    async with visit.enter() as scope:
        order = await _own(scope, id_of(visit, "order"))
    ended = await till.end(at, order["id"])
    return see(links.order(visit.slug, order["id"]), "given-up" if ended["state"] == "expired" else "")


async def order_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/orders/{order}: where it stands; while it is open its provider is asked first."""
    at = await visit.at_channel()
    async with visit.enter(readonly=True) as scope:
        order = await _own(scope, id_of(visit, "order"))
        course = await courses.read(scope, order["course_id"])
    if order["state"] in OPEN and order["checkout_id"] is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                order = await till.settle(at, order)
    view = order_view(visit.slug, order, course, visit.request.query.get("back", ""))
    return visit.show("order.html", view, forms=visit.house.checkout_origins)


async def orders_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/orders."""
    async with visit.enter(readonly=True) as scope:
        if scope.actor.person_id is None:
            raise SignInNeeded()
        rows = await orders.mine(scope, limit=SHOWN)
    learn = Link("See the courses", f"{links.channel(visit.slug)}/learn")
    return visit.show("orders.html", OrdersPage(tuple(order_row(visit.slug, row) for row in rows), learn))


async def _ask(visit: Visit, form: Form, *, status: int = 200, onward: str = "") -> web.Response:
    if visit.signed_in is None:
        raise SignInNeeded()
    async with visit.enter(readonly=True) as scope:
        course, batch = await _wanted_in(visit, scope)
    price = batches.price_of(course, batch)
    if price is None:
        return see(links.course(visit.slug, course["slug"]))
    view = buy_view(visit.slug, course, batch, price, form, onward)
    return visit.show("buy.html", view, status=status, forms=visit.house.checkout_origins)


async def _lead_on(visit: Visit, at: AtChannel, order: Record) -> web.Response:
    """On to where the order is paid; a browser that would not be let there by redirect is asked to go itself."""
    url = order["checkout_url"]
    if order["state"] != "pending" or not url:
        return see(links.order(visit.slug, order["id"]))
    if till.leads_out(at, url):
        return web.Response(status=303, headers={hdrs.LOCATION: url, hdrs.CACHE_CONTROL: PRIVATE})
    async with visit.enter(readonly=True) as scope:
        course = await courses.read(scope, order["course_id"])
        batch = await batches.read(scope, order["batch_id"]) if order["batch_id"] else None
    price = orders.price_of(order)
    return visit.show("buy.html", buy_view(visit.slug, course, batch, price, Form(), url))


async def _wanted(visit: Visit) -> tuple[Record, Record | None]:
    async with visit.enter(readonly=True) as scope:
        return await _wanted_in(visit, scope)


async def _wanted_in(visit: Visit, scope: Scope) -> tuple[Record, Record | None]:
    """The course of the path, and the batch of it that the query names."""
    course = await courses.read_at(scope, visit.path["course"])
    batch_id = named(visit.request.query, "batch")
    batch = await batches.read(scope, batch_id) if batch_id else None
    if batch is not None and batch["course_id"] != course["id"]:
        raise NotFound("This course has no such batch.")
    return course, batch


async def _own(scope: Scope, order_id: UUID) -> Record:
    """An order of the reader's own; those who manage orders see the others in the studio."""
    if scope.actor.person_id is None:
        raise SignInNeeded()
    order = await orders.read(scope, order_id)
    if order["member_id"] != scope.actor.member_id:
        raise NotFound()
    return order
