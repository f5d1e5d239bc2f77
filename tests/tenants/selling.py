"""What tests of money begin with: a channel that may be paid, a priced course, a student at the provider's page."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from providers.payments import Money, NewCheckout
from tenants.batches import batches, purchases, settling
from tenants.billing import accounts, prices
from tenants.billing.prices import Price
from tenants.courses import enrollments
from tenants.permissions import Role, acting_system
from tenants.scope import Record, Scope, Tenancy
from tests.databases import bare
from tests.standins.payments import StandIn
from tests.tenants.school import Taught, make_batch, make_course
from tests.world import School, Somebody, add_member, make_person

PRICE = Price(12_000, "GBP")


@dataclass(frozen=True, slots=True)
class Shop:
    """A channel that sells one course, and its provider."""

    tenancy: Tenancy
    school: School
    till: StandIn
    course: Taught

    @property
    def account(self) -> str:
        """The channel's account at the provider."""
        return f"acct_{self.school.id.hex}"

    async def batch(self, places: int = 0, price: Price | None = None) -> UUID:
        """A batch of the course, with a price of its own if one is given."""
        batch = await make_batch(self.tenancy, self.school, self.school.ben, self.course, places)
        if price is not None:
            async with self.tenancy.scope(self.school.id, self.school.ana.actor) as scope:
                await batches.set_price(scope, batch, price)
        return batch

    async def begin(self, who: Somebody, batch: UUID | None = None) -> Record:
        """The student has pressed Buy and is at the provider's page; the order."""
        async with self.tenancy.scope(self.school.id, who.actor) as scope:
            order = (await purchases.begin(scope, "sandbox", self.course.id, batch)).order
        checkout = await self.till.create_checkout(new_checkout(self.school, order))
        async with self.tenancy.scope(self.school.id, who.actor) as scope:
            at = (checkout.id, checkout.url, checkout.expires_at)
            return await purchases.agree(scope, order["id"], order["attempt"], *at)

    async def settle(self, order: Record) -> Record:
        """What a worker does after a webhook."""
        return await settling.settle(self.tenancy, self.till, self.school.id, order["id"])

    async def buy(self, who: Somebody, batch: UUID | None = None) -> Record:
        """The student buys and pays; the paid order."""
        order = await self.begin(who, batch)
        self.till.become(order["checkout_id"], "paid")
        return await self.settle(order)

    def system(self) -> Any:
        """A transaction that may look at everything."""
        return self.tenancy.scope(self.school.id, acting_system("test"))


async def make_shop(tenancy: Tenancy, school: School, owner: Somebody, teacher: Somebody) -> Shop:
    """A channel with an account that is ready, and a course for PRICE."""
    shop = Shop(tenancy, school, StandIn(), await make_course(tenancy, school, teacher))
    async with tenancy.scope(school.id, owner.actor) as scope:
        await open_account(scope, shop.account)
        await prices.set_course(scope, shop.course.id, PRICE)
    return shop


async def open_account(scope: Scope, account: str, *, ready: bool = True) -> None:
    """The channel has an account at the sandbox."""
    await accounts.keep(scope, "sandbox", account, "GB", ready=ready, missing=() if ready else ("your bank account",))


def new_checkout(school: School, order: Record) -> NewCheckout:
    """What the server would ask the provider for."""
    return NewCheckout(
        account=order["account_id"], channel_id=school.id, order_id=order["id"], attempt=order["attempt"],
        title=order["title"], price=Money(order["amount"], order["currency"]), fee=order["fee"], email="a@b.example",
        success_url="http://127.0.0.1/", cancel_url="http://127.0.0.1/", expires_at=order["expires_at"],
    )  # fmt: skip


async def is_in(shop: Shop, who: Somebody) -> UUID | bool:
    """The batch that somebody is in, or whether they are in the course at all."""
    async with shop.system() as scope:
        row = await enrollments.of_member(scope, shop.course.id, who.member_id)
    return False if row is None else row["batch_id"] or True


async def crowd_of(shop: Shop, count: int) -> list[Somebody]:
    """New students."""
    people = [await make_person(shop.tenancy, f"s{number}") for number in range(count)]
    return [await add_member(shop.tenancy, shop.school, person, Role.STUDENT) for person in people]


async def refund(shop: Shop, order: Record, reason: str = "They asked") -> Record:
    """The owner gives the price back."""
    async with shop.tenancy.scope(shop.school.id, shop.school.ana.actor) as scope:
        await purchases.ask_refund(scope, order["id"], reason)
    return await settling.give_back(shop.tenancy, shop.till, shop.school.id, order["id"])


async def jobs_asked(shop: Shop) -> Counter[str]:
    """How many jobs of each kind, or mails of each template, were asked for and not done yet."""
    async with bare(shop.tenancy.relay) as connection:
        rows = await connection.fetch("select name, payload from jobs where channel_id = $1", shop.school.id)
    return Counter(row["payload"].get("template", row["name"]) for row in rows)


async def age(shop: Shop, order: Record, by: timedelta) -> None:
    """Let time pass for an order and its checkout at the provider."""
    new = shop.till.asked[order["checkout_id"]]
    shop.till.asked[order["checkout_id"]] = replace(new, expires_at=new.expires_at - by)
    async with shop.system() as scope:
        sql = "update orders set expires_at = expires_at - $2::interval, created_at = created_at - $2::interval"
        await scope._transaction.run(f"{sql} where id = $1", [order["id"], by])
