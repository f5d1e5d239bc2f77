"""Webhooks of payment providers: known by their signature, taken in once, answered in milliseconds, acted on by jobs.

What one says is a hint. Its channel is the one that is paid into its account, whatever else it claims.
"""

import structlog
from aiohttp import web

from providers.payments import ADAPTERS, BODY_LIMIT, AccountChanged, CheckoutChanged, PaymentEvent
from server.bodies import read_body
from server.context import HOUSE, House
from server.limits import WEBHOOK, charge
from server.sender import address_of, neighbourhood_of
from tenants import directory
from tenants.billing import inbox
from tenants.errors import NotFound
from tenants.ids import ChannelId, OrderId
from tenants.jobs import CheckAccount, Job, SettleOrder, SettlePayment
from tenants.permissions import acting_system

log = structlog.get_logger("server.webhooks.payments")
MOST_EVENTS = 100


def routes() -> list[web.RouteDef]:
    """Where providers post to."""
    return [web.post(f"/webhooks/{provider}", receive) for provider in ADAPTERS]


async def receive(request: web.Request) -> web.Response:
    """200 once stored, also for what was stored before or is none of ours; 401 for a bad signature, 400 malformed."""
    house = request.app[HOUSE]
    if request.path != f"/webhooks/{house.provider}":
        raise NotFound("This provider is not the one that takes payments here (PAYMENTS).")
    await charge(request, WEBHOOK, neighbourhood_of(address_of(request)))
    raw = await read_body(request, BODY_LIMIT)
    for event in house.payments.verify_and_parse(request.headers, raw)[:MOST_EVENTS]:
        await _take_in(house, event)
    return web.json_response({"ok": True})


async def _take_in(house: House, event: PaymentEvent) -> None:
    """Store an event of an account of ours and ask for what follows, once."""
    channel_id = await directory.channel_of_account(house.tenancy, house.provider, event.account)
    if channel_id is None or not _agrees(event, channel_id):
        log.warning("a payment event that is none of ours", event_id=event.event_id, account=event.account)
        return
    async with house.tenancy.scope(channel_id, acting_system("payment webhook")) as scope:
        if await inbox.take_in(scope, house.provider, event.event_id, event.kind):
            scope.enqueue(_follows(house, event))


def _agrees(event: PaymentEvent, channel_id: ChannelId) -> bool:
    return not isinstance(event, CheckoutChanged) or event.channel_id == channel_id


def _follows(house: House, event: PaymentEvent) -> Job:
    if isinstance(event, CheckoutChanged):
        return SettleOrder(OrderId(event.order_id))
    return CheckAccount(house.provider) if isinstance(event, AccountChanged) else SettlePayment(event.payment_id)
