"""The till: buying, giving back and getting paid, each with the provider asked between short transactions."""

from urllib.parse import urlsplit
from uuid import UUID

from providers import ProviderDown, ProviderRefused, Unusable
from providers.payments import Money, NewAccount, NewCheckout
from server.context import AtChannel
from tenants import links
from tenants.batches import purchases, settling
from tenants.batches.purchases import Begun
from tenants.billing import accounts, orders
from tenants.channels import channels
from tenants.errors import Unavailable
from tenants.ids import PersonId
from tenants.members import members
from tenants.people import people
from tenants.permissions import acting_system
from tenants.scope import Record

SAID_PAID, SAID_CANCELLED = "paid", "cancelled"


async def buy(at: AtChannel, course_id: UUID, batch_id: UUID | None, *, join: bool = False) -> Record:
    """The caller's order with the address where it is paid, or as it turned out to stand; `join` makes them a member.

    Pressed again, it is the same order; an old checkout, or one that asks another price, is ended first.
    """
    begun = await _begin(at, course_id, batch_id, join=join)
    if begun.outdated:
        ended = await end(at, begun.order["id"])
        if ended["state"] in {"paid", "disputed", "processing"}:
            return ended
        begun = await _begin(at, course_id, batch_id)
    if begun.outdated:
        raise Unavailable("The provider has not ended your earlier checkout yet. Try again in a minute.")
    if begun.order["state"] != "pending" or begun.order["checkout_url"]:
        return begun.order
    return await _to_checkout(at, begun.order)


async def settle(at: AtChannel, order: Record) -> Record:
    """The order as its provider knows it now; as it was when that is away, will not say, or is not ours."""
    if order["provider"] != at.house.provider:
        return order
    try:
        return await settling.settle(at.house.tenancy, at.house.payments, at.channel.id, order["id"])
    except (ProviderDown, ProviderRefused, Unavailable):
        return order


async def end(at: AtChannel, order_id: UUID) -> Record:
    """The order after its checkout was ended; it may turn out to be paid."""
    return await settling.end(at.house.tenancy, at.house.payments, at.channel.id, order_id)


async def give_back(at: AtChannel, order: Record) -> Record:
    """The order after its price was given back; while the provider is away, a job goes on trying."""
    if order["state"] == "refunded":
        return order
    house = at.house
    try:
        return await settling.give_back(house.tenancy, house.payments, at.channel.id, order["id"])
    except (ProviderDown, Unavailable, Unusable):
        return order
    except ProviderRefused as refused:
        async with house.tenancy.scope(at.channel.id, acting_system("billing")) as scope:
            await purchases.refuse_refund(scope, order["id"], refused.message)
        raise


async def open_account(at: AtChannel, country: str) -> tuple[Record, str]:
    """The channel's account at the provider, made the first time, and where its owner tells what it must know."""
    house, country = at.house, accounts.clean_country(country)
    async with at.scope() as scope:
        account = await accounts.shown(scope, house.provider)
        name, person_id = (await channels.read(scope))["name"], scope.actor.person_id
    if account is None and person_id is not None:
        new = NewAccount(at.channel.id, name, await _email(at, person_id), country)
        opened = await house.payments.open_account(new)
        async with at.scope() as scope:
            account = await accounts.keep(
                scope, house.provider, opened.id, country, ready=opened.ready, missing=opened.missing
            )
    if account is None:
        raise Unavailable("The account could not be opened. Try again.")
    back = origin(at) + links.studio(at.channel.slug, "/payments")
    url = await house.payments.onboarding_url(account["account_id"], f"{back}?back=1", back)
    return account, url


async def check_account(at: AtChannel, account: Record | None) -> Record | None:
    """The account as the provider knows it now; as it was when the provider is away."""
    if account is None:
        return None
    try:
        return await settling.check_account(
            at.house.tenancy, at.house.payments, at.channel.id, account["provider"]
        )  # fmt: skip
    except (ProviderDown, ProviderRefused, Unavailable):
        return account


def leads_out(at: AtChannel, url: str) -> bool:
    """Whether a form of ours may be answered by a redirect to `url`: our own policy names its origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" in {*at.house.checkout_origins, origin(at)}


def origin(at: AtChannel) -> str:
    """Where the provider sends people back to: the channel's own host when they came by it, else the installation."""
    host = at.request.host
    if at.channel.host and host.lower().partition(":")[0] == at.channel.host.lower():
        return f"{urlsplit(at.house.base_url).scheme}://{host}"
    return at.house.base_url


async def _begin(at: AtChannel, course_id: UUID, batch_id: UUID | None, *, join: bool = False) -> Begun:
    async with at.scope() as scope:
        if join:
            await members.join(scope)
        return await purchases.begin(scope, at.house.provider, course_id, batch_id)


async def _to_checkout(at: AtChannel, order: Record) -> Record:
    try:
        checkout = await at.house.payments.create_checkout(await _asked(at, order))
    except ProviderRefused:
        async with at.house.tenancy.scope(at.channel.id, acting_system("billing")) as scope:
            await orders.next_attempt(scope, order)
        raise
    async with at.scope() as scope:
        where = (checkout.id, checkout.url, checkout.expires_at)
        return await purchases.agree(scope, order["id"], order["attempt"], *where)


async def _asked(at: AtChannel, order: Record) -> NewCheckout:
    page = origin(at) + links.order(at.channel.slug, order["id"])
    return NewCheckout(
        account=order["account_id"],
        channel_id=at.channel.id,
        order_id=order["id"],
        attempt=order["attempt"],
        title=order["title"],
        price=Money(order["amount"], order["currency"]),
        fee=order["fee"],
        email=await _email(at, PersonId(order["person_id"])),
        success_url=f"{page}?back={SAID_PAID}",
        cancel_url=f"{page}?back={SAID_CANCELLED}",
        expires_at=order["expires_at"],
    )


async def _email(at: AtChannel, person_id: PersonId) -> str:
    async with at.house.tenancy.person(person_id, readonly=True) as scope:
        return str((await people.me(scope))["email"])
