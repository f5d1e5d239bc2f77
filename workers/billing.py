"""Billing: orders settled by what their provider says, looked after when a webhook was lost, and given back."""

from collections.abc import Iterator
from contextlib import contextmanager

from providers import ProviderRefused, Unusable
from tenants.batches import purchases, settling
from tenants.billing import orders
from tenants.billing.orders import OPEN
from tenants.jobs import CheckAccount, RecheckOrder, RefundOrder, SettleOrder, SettlePayment
from workers.registry import PutOff, Work, performs

OVER = 2
"""From this turn on an open checkout is past its time: it is ended at the provider, too."""


@contextmanager
def _reconnected() -> Iterator[None]:
    """A channel that cut the provider off may let it in again: what is owed then waits."""
    try:
        yield
    except ProviderRefused as refused:
        if refused.code != "account_revoked":
            raise
        raise PutOff(refused.message) from refused


@performs(SettleOrder, seconds=60, leans_on="Stripe")
async def settle(work: Work, asked: SettleOrder) -> None:
    """Believe only what the provider says of the order now, whatever a webhook said."""
    with _reconnected():
        await settling.settle(work.shop.tenancy, work.shop.payments, work.channel_id, asked.order_id)


@performs(SettlePayment, seconds=60, leans_on="Stripe")
async def settle_payment(work: Work, asked: SettlePayment) -> None:
    """The same, for a refund or a dispute that names the payment alone."""
    shop = work.shop
    with _reconnected():
        await settling.settle_payment(shop.tenancy, shop.payments, work.channel_id, shop.provider, asked.payment_id)


@performs(RecheckOrder, seconds=60, leans_on="Stripe")
async def recheck(work: Work, asked: RecheckOrder) -> None:
    """Settle what is still open, end what is past its time, and look again later; a lost webhook costs nothing."""
    shop = work.shop
    async with work.scope() as scope:
        order = await orders.read(scope, asked.order_id)
    if order["state"] not in OPEN:
        return
    if order["provider"] == shop.provider:
        with _reconnected():
            order = await settling.settle(shop.tenancy, shop.payments, work.channel_id, asked.order_id)
            if order["state"] == "pending" and asked.turn >= OVER:
                order = await settling.end(shop.tenancy, shop.payments, work.channel_id, asked.order_id)
    again = purchases.next_look(order, asked.turn)
    if again is not None:
        async with work.scope() as scope:
            scope.enqueue(RecheckOrder(asked.order_id, asked.turn + 1), run_at=again)


@performs(RefundOrder, seconds=60, leans_on="Stripe")
async def refund(work: Work, asked: RefundOrder) -> None:
    """Give the price back, once; what the provider refuses is written to the order, for those who manage it."""
    shop = work.shop
    try:
        await settling.give_back(shop.tenancy, shop.payments, work.channel_id, asked.order_id)
    except Unusable:
        raise
    except ProviderRefused as refused:
        async with work.scope() as scope:
            await purchases.refuse_refund(scope, asked.order_id, refused.message)
        raise


@performs(CheckAccount, seconds=60, leans_on="Stripe")
async def check_account(work: Work, asked: CheckAccount) -> None:
    """Note whether the channel may be paid."""
    await settling.check_account(work.shop.tenancy, work.shop.payments, work.channel_id, asked.provider)
