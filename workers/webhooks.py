"""Outgoing webhooks: each delivery is signed and sent, tried again for a day, and written down; one job for each.

They have a queue of their own, whose workers do several at once, so that a slow receiver delays no other work. An
endpoint is sent one thing at a time, in order: whoever has it sends what waits there, and others' jobs find it done.
One that fails or is slow is left alone for a while, so that the others come first.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from providers import ProviderDown, ProviderRefused
from providers.outbound import Forbidden, Limits, Outbound
from providers.standard_webhooks import sign
from tenants.errors import NotFound, Unavailable
from tenants.ids import new_id
from tenants.jobs import DeliverWebhook
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints
from tenants.webhooks.addresses import REFUSED
from tenants.webhooks.deliveries import PAUSES
from workers.registry import PutOff, Work, performs

log = structlog.get_logger("workers.webhooks")
PATIENCE = Limits(connect=3.0, stall=5.0, least=1, total=5.0)
# An answer that takes longer than this makes its endpoint wait for so many times as long as it took.
SLOW_MS, TIMES = 2000, 4
# For how long an endpoint is had for one attempt; when others look again whether theirs was sent, should whoever has it
# be killed; how long one goes on sending there before other endpoints have their turn.
HAD, LOOKS, STAYS = 20.0, 30.0, 20.0
AGENT = "Guildhall-Webhooks/1"
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: a status, or the trouble instead of one; `final` when no other attempt is of use."""

    took_ms: int
    status: int | None
    trouble: str
    request_head: str
    response_head: str = ""
    final: bool = False

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def rest(self) -> float:
        """For how many seconds its endpoint is left alone for being slow."""
        return self.took_ms * TIMES / 1000 if self.took_ms > SLOW_MS else 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A delivery whose endpoint one has to oneself: where it goes, what is sent, and by which secrets it is signed."""

    delivery: Record
    url: str
    secrets: list[str]
    body: bytes


@performs(DeliverWebhook, seconds=60)
async def deliver(work: Work, asked: DeliverWebhook) -> None:
    """Send it, with what else waits for its endpoint, unless that is off or gone, left alone, or had by another one."""
    by = new_id()
    turn, ends = await _first(work, asked.delivery_id, by), time.monotonic() + STAYS
    if turn is None:
        return
    endpoint_id = turn.delivery["endpoint_id"]
    left: PutOff | None = PutOff("others come first at this endpoint", LOOKS)
    try:
        while turn is not None:
            headers = _signed(turn.secrets, str(turn.delivery["event_id"]), turn.body)
            outcome = await _send(work, turn.url, headers, turn.body)
            pause = await _write_down(work, turn.delivery, outcome)
            if turn.delivery["id"] == asked.delivery_id:
                left = None if pause is None else PutOff(outcome.trouble or f"answered {outcome.status}", pause)
            turn = await _next(work, endpoint_id, by, stays=time.monotonic() < ends)
    except BaseException:
        with contextlib.suppress(Unavailable):
            await asyncio.shield(_release(work, endpoint_id, by))
        raise
    if left is not None:
        raise left


async def _first(work: Work, delivery_id: UUID, by: UUID) -> Turn | None:
    """What to begin with, once its endpoint is had: what is tried again, else the oldest that waits there."""
    async with work.scope() as scope:
        try:
            endpoint_id = (await deliveries.find(scope, delivery_id))["endpoint_id"]
            had = await endpoints.claim(scope, endpoint_id, by, HAD)
            # Only now nobody else is about to send it.
            delivery = await deliveries.find(scope, delivery_id)
        except NotFound:
            return None
        if delivery["state"] != "waiting":
            await endpoints.release(scope, endpoint_id, by)
            return None
        endpoint = await scope.one(endpoints.OPENED, at=endpoint_id)
        if not endpoint["enabled"]:
            await deliveries.end(scope, delivery_id, "failed")
            await endpoints.release(scope, endpoint_id, by)
            return None
        if (seconds := _away(endpoint)) is not None:
            raise PutOff("the endpoint is left alone for a while", seconds)
        if not had:
            raise PutOff("the endpoint is sent another one", LOOKS)
        older = None if delivery["attempts"] else await deliveries.next_of(scope, endpoint_id)
        return _turn(work, scope, endpoint, older or delivery)


async def _next(work: Work, endpoint_id: UUID, by: UUID, *, stays: bool) -> Turn | None:
    """What waits for an endpoint after what was sent; None where nothing does, or it is left alone, or to others.

    Where one no longer `stays`, what still waits there comes behind all that is in the queue by now.
    """
    async with work.scope() as scope:
        if not await endpoints.claim(scope, endpoint_id, by, HAD):
            return None
        endpoint = await scope.one(endpoints.OPENED, at=endpoint_id)
        delivery = await deliveries.next_of(scope, endpoint_id)
        if delivery is not None and endpoint["enabled"] and _away(endpoint) is None:
            if stays:
                return _turn(work, scope, endpoint, delivery)
            scope.enqueue(DeliverWebhook(delivery["id"]))
        await endpoints.release(scope, endpoint_id, by)
        return None


async def _release(work: Work, endpoint_id: UUID, by: UUID) -> None:
    async with work.scope() as scope:
        await endpoints.release(scope, endpoint_id, by)


def _away(endpoint: Record) -> float | None:
    """For how many seconds an endpoint is still left alone, if it is."""
    until, now = endpoint["away_until"], datetime.now(UTC)
    return None if until is None or until <= now else float((until - now).total_seconds() + 1)


def _turn(work: Work, scope: Scope, endpoint: Record, delivery: Record) -> Turn:
    secrets = endpoints.secrets_of(scope, Seals(work.shop.secret), endpoint)
    return Turn(delivery, endpoint["url"], secrets, deliveries.body_of(scope, delivery))


def _signed(secrets: list[str], event_id: str, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks, with one signature for each secret."""
    signed = [sign(secret, event_id, datetime.now(UTC), body) for secret in secrets]
    together = " ".join(each["webhook-signature"] for each in signed)
    return {**signed[0], "webhook-signature": together, "Content-Type": "application/json", "User-Agent": AGENT}


async def _send(work: Work, url: str, headers: dict[str, str], body: bytes) -> Outcome:
    """One attempt at a public address; a redirect is an answer like any other, and not followed."""
    begun, head = time.monotonic(), _head(f"POST {url}", headers)

    def took() -> int:
        return round((time.monotonic() - begun) * 1000)

    try:
        async with (
            Outbound(work.shop.webhook_hosts, PATIENCE) as outbound,
            outbound.send("POST", url, headers, body) as reply,
        ):
            return Outcome(took(), reply.status, "", head, _head(str(reply.status), dict(reply.headers)))
    except Forbidden as refused:
        return Outcome(took(), None, REFUSED.get(refused.why, refused.message), head, final=True)
    except ProviderRefused as refused:
        return Outcome(took(), None, refused.message, head)
    except ProviderDown as down:
        return Outcome(took(), None, down.message, head)


async def _write_down(work: Work, delivery: Record, outcome: Outcome) -> float | None:
    """Keep an attempt and what follows from it; the seconds until the next one, None for no other."""
    endpoint_id = delivery["endpoint_id"]
    async with work.scope() as scope:
        count = await deliveries.note(
            scope, delivery["id"], took_ms=outcome.took_ms, status=outcome.status, trouble=outcome.trouble,
            request_head=outcome.request_head, response_head=outcome.response_head,
        )  # fmt: skip
        if outcome.taken:
            await deliveries.end(scope, delivery["id"], "taken")
            await endpoints.took(scope, endpoint_id, outcome.rest)
            return None
        if outcome.status == GONE:
            await deliveries.end(scope, delivery["id"], "failed")
            await endpoints.switch_off(scope, endpoint_id, "It answered that it is gone (410).")
            return None
        if outcome.final or count > len(PAUSES):
            await deliveries.end(scope, delivery["id"], "failed")
            why = outcome.trouble if outcome.final else "It took nothing for a day."
            await endpoints.give_up(scope, endpoint_id, delivery["created_at"], why)
            return None
        pause = float(PAUSES[count - 1])
        await endpoints.failed(scope, endpoint_id, max(min(pause, 600.0), outcome.rest))
        return pause


def _head(first: str, headers: dict[str, str]) -> str:
    """A head as text that can be kept; bytes of a header that are no UTF-8 are shown as such."""
    said = "\n".join([first, *(f"{name}: {value}" for name, value in headers.items())])
    return said.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "\ufffd")
