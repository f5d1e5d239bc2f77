"""Outgoing webhooks: each delivery is signed and sent, tried again for a day, and written down; one job for each.

They have a queue of their own, which does one after the other, so that a slow receiver delays no other work. One that
fails or is slow is left alone for a while, so that the others come first.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from providers import ProviderDown, ProviderRefused
from providers.outbound import Forbidden, Limits, Outbound
from providers.standard_webhooks import sign
from tenants.errors import NotFound
from tenants.jobs import DeliverWebhook
from tenants.scope import Record
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints
from tenants.webhooks.deliveries import PAUSES
from workers.registry import PutOff, Work, performs

log = structlog.get_logger("workers.webhooks")
PATIENCE = Limits(connect=3.0, stall=5.0, least=1, total=5.0)
# An answer that takes longer than this makes its endpoint wait for so many times as long as it took.
SLOW_MS, TIMES = 2000, 4
AGENT = "Guildhall-Webhooks/1"
GONE = 410
# What only the operator can allow; whatever else is refused says itself why.
REFUSED = {
    "private": "The address is private: only the operator can allow it (WEBHOOK_HOSTS).",
    "plain": "The address is not https: only the operator can allow it (WEBHOOK_HOSTS).",
}


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


@performs(DeliverWebhook, seconds=60)
async def deliver(work: Work, asked: DeliverWebhook) -> None:
    """Send it, unless it was taken, its endpoint is off or gone, or is left alone for a while."""
    async with work.scope() as scope:
        try:
            delivery = await deliveries.find(scope, asked.delivery_id)
        except NotFound:
            return
        endpoint = await scope.one(endpoints.OPENED, at=delivery["endpoint_id"])
        if delivery["state"] != "waiting":
            return
        if not endpoint["enabled"]:
            await deliveries.end(scope, delivery["id"], "failed")
            return
        body, secrets = (
            deliveries.body_of(scope, delivery),
            endpoints.secrets_of(scope, Seals(work.shop.secret), endpoint),
        )
    away = endpoint["away_until"]
    if away is not None and away > datetime.now(UTC):
        raise PutOff("the endpoint is left alone for a while", (away - datetime.now(UTC)).total_seconds() + 1)
    outcome = await _send(work, endpoint["url"], _signed(secrets, str(delivery["event_id"]), body), body)
    pause = await _write_down(work, delivery, outcome)
    if pause is not None:
        raise PutOff(outcome.trouble or f"answered {outcome.status}", pause)


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
