"""What the web process spends on a webhook that it accepts: verified, kept, answered; Stripe's and LiveKit's."""

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson

from bench import peers
from bench.cpu import cores, cpu_seconds
from bench.routes import addresses
from bench.stage import Stage
from bench.wire import load, request
from providers import live
from tenants.billing import accounts
from tenants.live import connections
from tenants.permissions import acting_system
from tests.databases import Databases
from tests.standins import livekit, stripe
from tests.tenants.live_school import SEALS, make_class
from tests.tenants.school import make_batch, make_course

ROUNDS, SECONDS, WARM_UP_SECONDS, MADE_READY = 3, 3.0, 1.0, 4000
ACCOUNT = "acct_bench"
STRIPE = {
    "payments": "stripe",
    "stripe_secret_key": stripe.KEY,
    "stripe_webhook_secret": stripe.WEBHOOK_SECRET,
}


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU milliseconds an accepted webhook, one of each a round."""

    stripe: list[float]
    livekit: list[float]


async def measure(stage: Stage) -> Figures:
    """Each in turn: no event comes twice."""
    connection, class_id = await _prepare(stage)
    with peers.ours(stage, cores()[0], **STRIPE) as web:
        rounds = [
            (await _spent(web, _stripes(stage)), await _spent(web, _livekits(connection, class_id)))
            for _ in range(ROUNDS)
        ]
    return Figures([each[0] for each in rounds], [each[1] for each in rounds])


async def _prepare(stage: Stage) -> tuple[UUID, UUID]:
    """An account that is paid into, and a class at a LiveKit."""
    tenancy, school = Databases.tenancy(stage.database_url), stage.world.pottery
    batch = await make_batch(tenancy, school, school.ben, await make_course(tenancy, school, school.ben, "told-of"))
    given = {"url": "wss://livekit.example", "key_id": livekit.KEY, "secret": livekit.SECRET}
    secret = live.choose("livekit").check(given)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await accounts.keep(scope, "stripe", ACCOUNT, "GB", ready=True, missing=())
    async with tenancy.scope(school.id, acting_system("bench")) as scope:
        row = await connections.add(scope, SEALS, name="LiveKit", provider="livekit", secret=secret)
    class_id = await make_class(tenancy, school, school.ben, batch, connection_id=row["id"])
    await tenancy.close()
    return row["id"], class_id


async def _spent(web: peers.Side, requests: Iterator[bytes]) -> float:
    ready = iter(list(itertools.islice(requests, MADE_READY)))
    endless = itertools.chain(ready, requests)
    await load(web.port, endless, 200, WARM_UP_SECONDS)
    before = cpu_seconds(web.pid)
    tally = await load(web.port, endless, 200, SECONDS)
    if tally.other:
        raise RuntimeError(f"webhooks were answered with {tally.other}")
    return (cpu_seconds(web.pid) - before) * 1000 / tally.good


def _stripes(stage: Stage) -> Iterator[bytes]:
    """Events of paid checkouts, as Stripe sends and signs them."""
    facts = {"channel_id": str(stage.world.pottery.id), "order_id": str(uuid4())}
    for address in addresses():
        found = {"id": f"cs_{uuid4().hex}", "object": "checkout.session", "metadata": facts}
        told = {"id": f"evt_{uuid4().hex}", "object": "event", "type": "checkout.session.completed", "account": ACCOUNT}
        raw = orjson.dumps(told | {"created": int(time.time()), "data": {"object": found}})
        yield _posted("/webhooks/stripe", raw, stripe.sign(raw), address)


def _livekits(connection: UUID, class_id: UUID) -> Iterator[bytes]:
    """People who come into a class, as LiveKit tells of it and signs it."""
    for address in addresses():
        event = livekit.moved("participant_joined", class_id, str(uuid4()), datetime.now(UTC), uuid4().hex)
        _, headers, raw = livekit.webhook(event)
        yield _posted(f"/webhooks/live/{connection}", raw, headers, address)


def _posted(path: str, raw: bytes, headers: Mapping[str, str], address: str) -> bytes:
    named = {name.replace("-", "_"): value for name, value in headers.items() if name != "Content-Type"}
    return request("POST", path, raw, X_Forwarded_For=address, **named)
