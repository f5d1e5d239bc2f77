"""Settling: asking the provider between two short transactions, and acting on what it says; the same for all who ask.

The provider is whatever can do what `Till` says. Its own errors pass through: it is away, or it will not.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from tenants.batches import purchases
from tenants.billing import accounts, orders
from tenants.billing.orders import BOUGHT, OPEN, Told
from tenants.errors import Conflict
from tenants.ids import ChannelId
from tenants.permissions import acting_system
from tenants.scope import Record, Scope, Tenancy


class Standing(Protocol):
    """How an account stands at its provider."""

    @property
    def ready(self) -> bool: ...  # noqa: D102
    @property
    def missing(self) -> tuple[str, ...]: ...  # noqa: D102


class Till(Protocol):
    """What settling needs of a payment provider."""

    async def account(self, account: str) -> Standing: ...  # noqa: D102
    async def fetch(self, account: str, checkout_id: str) -> Told: ...  # noqa: D102
    async def expire(self, account: str, checkout_id: str) -> Told: ...  # noqa: D102
    async def checkout_of(self, account: str, payment_id: str) -> str | None: ...  # noqa: D102
    async def refund(self, account: str, payment_id: str, amount: int, key: str) -> None: ...  # noqa: D102


async def settle(tenancy: Tenancy, till: Till, channel_id: ChannelId, order_id: UUID) -> Record:
    """The order, after what the provider says of its checkout now."""
    order = await _read(tenancy, channel_id, order_id)
    if order["checkout_id"] is None:
        async with _scope(tenancy, channel_id) as scope:
            return await purchases.expire_unasked(scope, order_id)
    told = await till.fetch(order["account_id"], order["checkout_id"])
    return await _apply(tenancy, channel_id, order_id, told)


async def end(tenancy: Tenancy, till: Till, channel_id: ChannelId, order_id: UUID) -> Record:
    """The order, after its checkout was ended so that nobody can pay it any more; it may turn out to be paid."""
    order = await _read(tenancy, channel_id, order_id)
    if order["checkout_id"] is None or order["state"] not in OPEN:
        return await _abandon(tenancy, channel_id, order_id)
    told = await till.expire(order["account_id"], order["checkout_id"])
    return await _apply(tenancy, channel_id, order_id, told)


async def settle_payment(tenancy: Tenancy, till: Till, channel_id: ChannelId, provider: str, payment_id: str) -> None:
    """Settle the order of a payment, which may be known by its checkout alone; nothing when it is none of ours."""
    async with _scope(tenancy, channel_id) as scope:
        account, order = await accounts.at(scope, provider), await orders.of_payment(scope, payment_id)
    if order is None and account is not None:
        checkout_id = await till.checkout_of(account["account_id"], payment_id)
        async with _scope(tenancy, channel_id) as scope:
            order = await orders.of_checkout(scope, checkout_id) if checkout_id else None
    if order is not None:
        await settle(tenancy, till, channel_id, order["id"])


async def give_back(tenancy: Tenancy, till: Till, channel_id: ChannelId, order_id: UUID) -> Record:
    """The order, after its whole price was given back as was asked; however often this is tried, once."""
    order = await _read(tenancy, channel_id, order_id)
    if order["refund_asked_at"] is None or order["state"] not in BOUGHT:
        return order
    if order["payment_id"] is None:
        raise Conflict("The provider never named the payment of this order. Look it up there.", "payment_unknown")
    left = order["amount"] - order["refunded"]
    await till.refund(order["account_id"], order["payment_id"], left, f"{order_id}:refund:{order['refunded']}")
    return await settle(tenancy, till, channel_id, order_id)


async def check_account(tenancy: Tenancy, till: Till, channel_id: ChannelId, provider: str) -> Record | None:
    """The channel's account, after what the provider says of it now; None when there is none."""
    async with _scope(tenancy, channel_id) as scope:
        account = await accounts.at(scope, provider)
    if account is None:
        return None
    stands = await till.account(account["account_id"])
    async with _scope(tenancy, channel_id) as scope:
        of = (provider, account["account_id"])
        await accounts.note(scope, *of, ready=stands.ready, missing=stands.missing)
        return await accounts.at(scope, provider)


async def _read(tenancy: Tenancy, channel_id: ChannelId, order_id: UUID) -> Record:
    async with _scope(tenancy, channel_id) as scope:
        return await orders.read(scope, order_id)


async def _apply(tenancy: Tenancy, channel_id: ChannelId, order_id: UUID, told: Told) -> Record:
    async with _scope(tenancy, channel_id) as scope:
        return await purchases.apply(scope, order_id, told)


async def _abandon(tenancy: Tenancy, channel_id: ChannelId, order_id: UUID) -> Record:
    """End an order whose checkout nobody was ever shown."""
    async with _scope(tenancy, channel_id) as scope:
        order = await orders.locked(scope, order_id)
        if order["state"] != "pending" or order["checkout_id"] is not None:
            return order
        return await orders.move(scope, order, {"state": "expired"})


def _scope(tenancy: Tenancy, channel_id: ChannelId) -> AbstractAsyncContextManager[Scope]:
    return tenancy.scope(channel_id, acting_system("billing"))
