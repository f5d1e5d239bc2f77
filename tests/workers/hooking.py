"""What tests of webhooks do: listen as the school's owner, do what is due, and look at the log."""

from typing import Any
from uuid import UUID

from providers.standard_webhooks import make_secret
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints
from tests.databases import bare
from tests.tenants.filtering import owner_runs
from tests.tenants.moderating import acting
from tests.workers.test_mended import do
from tests.world import School
from workers.registry import Workshop


async def listen(shop: Workshop, school: School, url: str, *events: str) -> tuple[UUID, str]:
    """An endpoint of the school's owner, and its secret."""
    secret, chosen = make_secret(), events or ("message.posted",)
    async with acting(shop.tenancy, school, school.ana) as scope:
        row = await endpoints.add(scope, Seals(shop.secret), secret, name="Robot", url=url, events=chosen)
    return row["id"], secret


async def due(shop: Workshop, school: School) -> list[UUID]:
    """The deliveries of a school that are asked for, oldest first."""
    asked = "select id from jobs where channel_id = $1 and name = 'DeliverWebhook' order by id"
    async with bare(shop.tenancy.relay) as connection:
        return [row["id"] for row in await connection.fetch(asked, school.id)]


async def send(shop: Workshop, school: School) -> list[str | None]:
    """Do each of them once; what each waits for."""
    return [await once(shop, job) for job in await due(shop, school)]


async def once(shop: Workshop, job: UUID) -> str | None:
    """Do one; what it waits for then, None when nothing more is to be done."""
    row = await do(shop, job)
    assert row is None or row["state"] == "waiting"
    return row["error"] if row else None


async def log(shop: Workshop, school: School, endpoint: UUID) -> list[Any]:
    async with acting(shop.tenancy, school, school.ana) as scope:
        return await deliveries.page(scope, endpoint)


async def forget_pause(shop: Workshop, database: str, school: School) -> None:
    await owner_runs(
        database, "webhook_endpoints", "update webhook_endpoints set away_until = null where channel_id = $1", school.id
    )
