"""A channel that sells: its provider's webhooks, the web that takes them in, and a worker that acts on them."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from tenants import work
from tenants.scope import Record, Tenancy
from tests.databases import bare
from tests.standins.payments import SIGNATURE, event
from tests.tenants.selling import Shop, make_shop
from tests.webapp import Web
from tests.workers.shop import make_shop as make_workshop
from tests.world import World
from workers import run
from workers.registry import Workshop

KINDS = (
    "checkout.completed",
    "checkout.expired",
    "payment.refunded",
    "payment.disputed",
    "checkout.async",
    "account.x",
)


@dataclass(frozen=True)
class Counter:
    """The far side, the web and a worker around one channel that sells."""

    web: Web
    shop: Shop
    workshop: Workshop

    async def post(self, raw: bytes, signature: str = SIGNATURE, provider: str = "sandbox") -> int:
        url = f"{self.web.url}/webhooks/{provider}"
        async with self.web.session.post(url, data=raw, headers={"Standin-Signature": signature}) as answer:
            return answer.status

    async def tell(self, bought: Record, kind: str = "checkout.completed", event_id: str = "", **lie: str) -> int:
        return await self.post(told_of(bought, self.shop, kind, event_id or uuid4().hex, **lie))

    async def do_jobs(self) -> int:
        """Do every job that is due, but for mails; how many."""
        done = 0
        while tickets := await self._due():
            for ticket in tickets:
                leased = await work.take(self.workshop.tenancy, ticket)
                if leased is not None:
                    await run.perform_leased(self.workshop, leased)
                    done += 1
        return done

    async def _due(self) -> list[work.Ticket]:
        sql = """select id from jobs where channel_id = $1 and state = 'waiting' and run_at <= now()
          and name <> 'SendMail' order by id limit 500"""
        async with bare(self.workshop.tenancy.relay) as connection:
            rows = await connection.fetch(sql, self.shop.school.id)
        return [work.Ticket(self.shop.school.id, None, row["id"]) for row in rows]


def told_of(bought: Record, shop: Shop, kind: str, event_id: str, **lie: str) -> bytes:
    said = {
        "account": shop.account, "channel": str(shop.school.id), "order": str(bought["id"]),
        "checkout": bought["checkout_id"], "payment": f"pi_{bought['checkout_id']}",
    }  # fmt: skip
    return event(kind, event_id, **(said | lie))


async def make_counter(web: Web, tenancy: Tenancy, world: World, folder: Path) -> Counter:
    """The counter of the world's pottery."""
    shop = await make_shop(tenancy, world.pottery, world.pottery.ana, world.pottery.ben)
    return Counter(web, shop, make_workshop(tenancy, folder, shop.till))


async def jobs_of(counter: Counter, name: str) -> int:
    async with bare(counter.workshop.tenancy.relay) as connection:
        sql = "select count(*) from jobs where channel_id = $1 and name = $2"
        return int(await connection.fetchval(sql, counter.shop.school.id, name))


async def due(counter: Counter, name: str = "RecheckOrder") -> timedelta:
    """Let time pass until the next such job is due; how long after the order's birth that was."""
    async with bare(counter.workshop.tenancy.relay) as connection:
        row = await connection.fetchrow(
            "select id, run_at from jobs where channel_id = $1 and name = $2", counter.shop.school.id, name
        )
        if row is None:
            return timedelta()
        await connection.execute("update jobs set run_at = now() where id = $1", row["id"])
    async with counter.shop.system() as scope:
        ((born,),), _ = await scope._transaction.run("select max(created_at) from orders", [])
    wait: timedelta = row["run_at"] - born
    return wait
