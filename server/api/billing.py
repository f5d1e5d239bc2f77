"""Money over the API: prices, orders with the address where they are paid, refunds, and the channel's account."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from server import till
from server.api.batches import BatchPath, BatchShown
from server.api.courses import CoursePath, CourseShown, Line, PriceShown
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Answer, Route, op
from tenants.batches import batches, purchases
from tenants.billing import accounts, orders, prices
from tenants.scope import Record

TAGS = ("billing",)
CURSOR: Cursor[UUID] = Cursor("orders", UUID)


class OrderPath(InChannelPath):
    """An order of a channel."""

    order: UUID


class PriceGiven(Given):
    """What is asked, once: `amount` in the smallest unit of `currency`; 0 is free."""

    amount: Annotated[int, Field(ge=0, le=prices.MOST, examples=[12000])]
    currency: Annotated[str, Field(max_length=3, examples=["EUR"])]


class NewOrder(Given):
    """What is bought: a course, or a seat in a batch of it."""

    course: UUID
    batch: UUID | None = None


class OrdersQuery(PageQuery):
    """One's own, or for those who manage orders everybody's."""

    everybody: bool = False


class RefundGiven(Given):
    """Why the price is given back."""

    reason: Line


class OrderShown(BaseModel):
    """An order; `checkout_url` is where it is paid, while it can be."""

    id: UUID
    state: Annotated[str, Field(examples=list(orders.STATES))]
    title: str
    course_id: UUID
    batch_id: UUID | None
    member_id: UUID
    buyer: str
    price: PriceShown
    refunded: int
    refund_asked_at: datetime | None
    refund_reason: str | None
    problem: str | None
    checkout_url: str | None
    expires_at: datetime
    created_at: datetime
    paid_at: datetime | None
    refunded_at: datetime | None

    @model_validator(mode="before")
    @classmethod
    def from_row(cls, row: Any) -> Any:
        """The order's own price, and its checkout only while it can be paid."""
        if not isinstance(row, dict) or "amount" not in row:
            return row
        url = row["checkout_url"] if row["state"] == "pending" else None
        return row | {"price": PriceShown.of(row["amount"], row["currency"]), "checkout_url": url}


class AccountGiven(Given):
    """Where the channel's owner is at home (ISO 3166-1)."""

    country: Annotated[str, Field(max_length=2, examples=["PT"])]


class AccountShown(BaseModel):
    """How the channel's account stands: whether it may be paid, and in words what is missing.

    `onboarding_url` is good for some minutes and for one visit. `fee_basis_points` is the installation's part.
    """

    provider: str
    opened: bool
    ready: bool
    missing: list[str]
    country: str | None = None
    fee_basis_points: int = 0
    onboarding_url: str | None = None


@op("Ask a price for a course", tags=TAGS)
async def price_course(context: InChannel, *, path: CoursePath, body: PriceGiven) -> CourseShown:
    """For a seat in each of its batches too, but for those that have a price of their own."""
    price = prices.clean(body.amount, body.currency)
    return CourseShown(**dict(await prices.set_course(context.scope, path.course, price)))


@op("Ask nothing for a course", tags=TAGS)
async def unprice_course(context: InChannel, *, path: CoursePath) -> CourseShown:
    """Whoever has paid keeps what they have."""
    return CourseShown(**dict(await prices.set_course(context.scope, path.course, None)))


@op("Ask a price for a seat in a batch", tags=TAGS)
async def price_batch(context: InChannel, *, path: BatchPath, body: PriceGiven) -> BatchShown:
    """In place of what its course costs; 0 makes this batch free."""
    price = prices.clean(body.amount, body.currency)
    return BatchShown(**dict(await batches.set_price(context.scope, path.batch, price)))


@op("Ask for a batch what its course costs", tags=TAGS)
async def unprice_batch(context: InChannel, *, path: BatchPath) -> BatchShown:
    """The batch has no price of its own any more."""
    return BatchShown(**dict(await batches.set_price(context.scope, path.batch, None)))


@op("Buy a course or a seat", status=201, errors=(409, 503), tags=TAGS, idempotent=Idempotency.REQUIRED)
async def place_order(context: AtChannel, *, path: InChannelPath, body: NewOrder) -> Answer[OrderShown]:
    """For members. Pay at `checkout_url`, which holds the seat for half an hour; there is one such order at a time."""
    async with context.scope() as scope:
        if earlier := await context.keyed.recall(scope):
            return earlier
    order = await till.buy(context, body.course, body.batch)
    async with context.scope() as scope:
        return await context.keyed.keep(scope, _shown(order))


@op("Orders", tags=TAGS)
async def list_orders(context: InChannel, *, path: InChannelPath, query: OrdersQuery) -> Page[OrderShown]:
    """Newest first."""
    read = orders.page if query.everybody else orders.mine
    rows = await read(context.scope, before=CURSOR.read(query.after), limit=query.limit + 1)
    items = [_shown(row) for row in rows[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(rows) > query.limit else None)


@op("One order", tags=TAGS)
async def read_order(context: InChannel, *, path: OrderPath) -> OrderShown:
    """One's own, or any for those who manage orders."""
    return _shown(await orders.read(context.scope, path.order))


@op("Give an unpaid order up", errors=(503,), tags=TAGS)
async def cancel_order(context: AtChannel, *, path: OrderPath) -> OrderShown:
    """Its seat is free at once; an order that was paid meanwhile comes back as paid."""
    async with context.scope(readonly=True) as scope:
        await orders.read(scope, path.order)
    return _shown(await till.end(context, path.order))


@op("Give the price of an order back", errors=(409,), tags=TAGS, idempotent=Idempotency.REQUIRED)
async def refund_order(context: AtChannel, *, path: OrderPath, body: RefundGiven) -> Answer[OrderShown]:
    """The whole of it; access ends with it. While the provider is away the order waits with `refund_asked_at`."""
    async with context.scope() as scope:
        if earlier := await context.keyed.recall(scope):
            return earlier
        order = await purchases.ask_refund(scope, path.order, body.reason)
    order = await till.give_back(context, order)
    async with context.scope() as scope:
        return await context.keyed.keep(scope, _shown(order))


@op("The channel's account at the payment provider", tags=TAGS)
async def read_account(context: AtChannel, *, path: InChannelPath) -> AccountShown:
    """As the provider knows it now."""
    async with context.scope(readonly=True) as scope:
        account = await accounts.shown(scope, context.house.provider)
    return _account(context, await till.check_account(context, account))


@op("Open the account, or go on with it", status=201, errors=(503,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def open_account(context: AtChannel, *, path: InChannelPath, body: AccountGiven) -> Answer[AccountShown]:
    """One account for a channel; `onboarding_url` is where its owner tells the provider what it must know."""
    async with context.scope() as scope:
        if earlier := await context.keyed.recall(scope):
            return earlier
    account, url = await till.open_account(context, body.country)
    async with context.scope() as scope:
        return await context.keyed.keep(scope, _account(context, account).model_copy(update={"onboarding_url": url}))


ROUTES = (
    Route("PUT", "/channels/{slug}/courses/{course}/price", price_course),
    Route("DELETE", "/channels/{slug}/courses/{course}/price", unprice_course),
    Route("PUT", "/channels/{slug}/batches/{batch}/price", price_batch),
    Route("DELETE", "/channels/{slug}/batches/{batch}/price", unprice_batch),
    Route("POST", "/channels/{slug}/orders", place_order),
    Route("GET", "/channels/{slug}/orders", list_orders),
    Route("GET", "/channels/{slug}/orders/{order}", read_order),
    Route("POST", "/channels/{slug}/orders/{order}/cancel", cancel_order),
    Route("POST", "/channels/{slug}/orders/{order}/refund", refund_order),
    Route("GET", "/channels/{slug}/billing/account", read_account),
    Route("POST", "/channels/{slug}/billing/account", open_account),
)


def _shown(row: Record) -> OrderShown:
    return OrderShown(**dict(row))


def _account(context: AtChannel, account: Record | None) -> AccountShown:
    if account is None:
        missing = ["Open an account first."]
        return AccountShown(provider=context.house.provider, opened=False, ready=False, missing=missing)
    return AccountShown(opened=True, **dict(account))
