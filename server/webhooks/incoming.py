"""Incoming webhooks: what programs outside post into a room, known by its signature and taken in once (201, then 200).

Of what is refused the last is kept for those who keep the webhook, for its sender often tells nobody.
"""

from uuid import UUID

import orjson
from aiohttp import web

from providers import ProviderRefused
from providers.standard_webhooks import verify
from server.bodies import Given, parse_json, read_body, require_json
from server.context import HOUSE
from server.limits import INCOMING, LIMITER, REFUSALS_KEPT, WEBHOOK, charge
from server.problems import refusal_of
from server.sender import address_of, neighbourhood_of
from tenants import directory
from tenants.community import drafts
from tenants.errors import NotFound, Refusal
from tenants.ids import ChannelId
from tenants.permissions import acting_system
from tenants.sealing import Seals
from tenants.webhooks import incoming, incoming_refusals

# A message has at most 10 KB, and JSON may say each of its bytes in six.
BODY_LIMIT = 64 * 1024
LONGEST_DELIVERY = 200
SYSTEM = acting_system("incoming webhook")


class Told(Given):
    """What is to be posted, in Markdown."""

    text: str


def routes() -> list[web.RouteDef]:
    """Where programs post to."""
    return [web.post("/webhooks/rooms/{address}", receive)]


async def receive(request: web.Request) -> web.Response:
    """201 `{id, seq}` once it stands in the room, 200 the same for what stood there before.

    401 for a bad signature, 404 for no webhook, 409 for an archived room, 410 for one that is off, 413, 415, 422, 429;
    403 for what the channel's filters refuse.
    """
    await charge(request, WEBHOOK, neighbourhood_of(address_of(request)))
    channel_id, webhook_id = await directory.channel_of_incoming(request.app[HOUSE].tenancy, _address_in(request))
    try:
        return await _take_in(request, channel_id, webhook_id)
    except (Refusal, ProviderRefused) as error:
        await _note(request, channel_id, webhook_id, refusal_of(error))
        raise


async def _take_in(request: web.Request, channel_id: ChannelId, webhook_id: UUID) -> web.Response:
    house = request.app[HOUSE]
    raw = await read_body(request, BODY_LIMIT)
    async with house.tenancy.scope(channel_id, SYSTEM, readonly=True) as scope:
        secret = await incoming.secret_of(scope, Seals(house.secret), webhook_id)
    delivery = verify(secret, request.headers, raw)
    await charge(request, INCOMING, str(webhook_id))
    require_json(request)
    told, known_by = parse_json(Told, raw), incoming.name_of(webhook_id, delivery)
    draft = await drafts.prepare(known_by, told.text, pointer="/text")
    async with house.tenancy.scope(channel_id, SYSTEM) as scope:
        posted = await incoming.post(scope, webhook_id, draft)
    body = orjson.dumps({"id": str(posted.id), "seq": posted.seq})
    return web.Response(body=body, status=200 if posted.again else 201, content_type="application/json")


async def _note(request: web.Request, channel_id: ChannelId, webhook_id: UUID, refusal: Refusal) -> None:
    """Keep a refusal; not all of a flood of them."""
    if (await request.app[LIMITER].spend(REFUSALS_KEPT, str(webhook_id))).refused:
        return
    delivery = request.headers.get("webhook-id", "")[:LONGEST_DELIVERY]
    shown = delivery if delivery.isascii() and delivery.isprintable() else ""
    async with request.app[HOUSE].tenancy.scope(channel_id, SYSTEM) as scope:
        await incoming_refusals.note(scope, webhook_id, refusal.status, refusal.code, _said(refusal), shown)


def _said(refusal: Refusal) -> str:
    """What the sender is told, with what is wrong in which field."""
    errors = [f"{each.pointer}: {each.detail}" for each in refusal.data.get("errors", ())]
    return " ".join([refusal.message, *errors])


def _address_in(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["address"])
    except ValueError:
        raise NotFound(
            "There is no webhook at this address. Copy it again from the studio.", "no_such_webhook"
        ) from None
