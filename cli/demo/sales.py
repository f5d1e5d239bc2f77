"""The demo's sale: one batch with a price and an account at the sandbox, so that a purchase can be tried to its end."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from cli.demo.teaching import Taught
from cli.demo.world import School
from providers.payments import NewAccount
from tenants.batches import batches
from tenants.billing import accounts
from tenants.billing.prices import Price
from tenants.courses import courses
from tenants.ids import ChannelId
from tenants.permissions import Actor, acting_system
from tenants.scope import Tenancy

if TYPE_CHECKING:
    from cli.demo.seeding import Planter

COUNTRY = "GB"
AHEAD, LENGTH = timedelta(days=28), timedelta(days=2)


async def plant(
    planter: "Planter", channel_id: ChannelId, school: School, cast: Mapping[str, Actor], taught: Taught
) -> None:
    """The batch that the school sells; nothing for one that sells none."""
    if school.sold is None:
        return
    owner, somebody = cast[school.people[0].who], school.people[0]
    if planter.payments is not None:
        opened = await planter.payments.open_account(NewAccount(channel_id, school.name, somebody.email, COUNTRY))
        if not opened.ready:
            await planter.payments.finish_account(opened.id, COUNTRY)
            opened = await planter.payments.account(opened.id)
        async with planter.tenancy.scope(channel_id, owner) as scope:
            at = (scope, "sandbox", opened.id, COUNTRY)
            await accounts.keep(*at, ready=opened.ready, missing=opened.missing)
    async with planter.tenancy.scope(channel_id, owner) as scope:
        first = datetime.now(UTC).date() + AHEAD
        given = {"ends_on": first + LENGTH, "seats": 6, "time_zone": school.time_zone}
        batch = await batches.add(scope, taught.course_id, school.sold.name, first, given)
        await batches.set_price(scope, batch["id"], Price(school.sold.amount, school.sold.currency))


async def renew(tenancy: Tenancy, channel_id: ChannelId, school: School) -> None:
    """Move the sold batch on when it has begun, so that there always is one to buy."""
    if school.sold is None:
        return
    today: date = datetime.now(UTC).date()
    async with tenancy.scope(channel_id, acting_system("demo")) as scope:
        course = await courses.read_at(scope, school.course_slug)
        for batch in await batches.page(scope, course["id"]):
            if batch["name"] == school.sold.name and batch["starts_on"] <= today:
                dates = {"starts_on": today + AHEAD, "ends_on": today + AHEAD + LENGTH}
                await batches.edit(scope, batch["id"], batch["version"], dates)
