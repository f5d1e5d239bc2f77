"""Orders: one member buys one thing. What providers tell only ever moves an order on, in whichever order it comes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Column, Integer, Uuid, bindparam, func, insert, or_, select, update
from sqlalchemy import text as sql

from tenants.billing.prices import Price
from tenants.errors import Conflict, NotFound, SignInNeeded
from tenants.ids import new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import LAST, binds, instant, owned, refers, text

ORDERS = owned(
    "orders",
    Column("member_id", Uuid, nullable=False),
    Column("course_id", Uuid, nullable=False),
    Column("batch_id", Uuid),
    text("title"),
    text("provider"),
    text("account_id"),
    Column("amount", Integer, nullable=False),
    text("currency"),
    Column("fee", Integer, nullable=False, server_default="0"),
    text("state", default="pending"),
    Column("attempt", Integer, nullable=False, server_default="1"),
    text("checkout_id", nullable=True),
    text("checkout_url", nullable=True),
    instant("expires_at", now=True),
    text("payment_id", nullable=True),
    Column("refunded", Integer, nullable=False, server_default="0"),
    text("refund_reason", nullable=True),
    instant("refund_asked_at"),
    text("problem", nullable=True),
    instant("created_at", now=True),
    instant("checked_at", now=True),
    instant("paid_at"),
    instant("refunded_at"),
    refers("member_id", "members"),
    refers("course_id", "courses"),
    refers("batch_id", "batches"),
)
STATES = ("pending", "processing", "expired", "failed", "paid", "disputed", "refunded")
"""From first to last: an order never goes back. Money that came after all outweighs an end without money."""
OPEN, BOUGHT = STATES[:2], STATES[4:6]
LIFE = timedelta(minutes=31)
"""How long a checkout may be paid, and its seat is held."""
GRACE = timedelta(minutes=3)
"""How much longer the seat is held, for money that was paid at the last moment."""
_O, _M = ORDERS.c, MEMBERS.c
_BUYERS = ORDERS.join(MEMBERS, (_M.channel_id == _O.channel_id) & (_M.id == _O.member_id))
_SHOWN = (*(column for column in _O if column.name != "channel_id"), _M.person_id, _M.name.label("buyer"))
_SELECT = select(*_SHOWN).select_from(_BUYERS)
_READ = scoped(_SELECT.where(_O.id == bindparam("id")))
_LOCKED = scoped(_SELECT.where(_O.id == bindparam("id")).with_for_update(of=ORDERS))
_OF_CHECKOUT = scoped(_SELECT.where(_O.checkout_id == bindparam("checkout_id")).order_by(_O.id).limit(1))
_OF_PAYMENT = scoped(_SELECT.where(_O.payment_id == bindparam("payment_id")).order_by(_O.id).limit(1))
# Written out, so that plans can use the indexes over these states alone.
_IS_OPEN = sql("orders.state IN ('pending', 'processing')")
_IS_BOUGHT = sql("orders.state IN ('paid', 'disputed')")
_SAME = (
    _O.member_id == bindparam("of_member"),
    _O.course_id == bindparam("of_course"),
    _O.batch_id.is_not_distinct_from(bindparam("of_batch", type_=Uuid())),
)
_PENDING = scoped(_SELECT.where(*_SAME, _IS_OPEN).order_by(_O.id).limit(1).with_for_update(of=ORDERS))
_PAID = scoped(
    select(_O.id)
    .where(
        _O.member_id == bindparam("of_member"),
        _O.course_id == bindparam("of_course"),
        _O.currency == bindparam("in_currency"),
        _O.amount >= bindparam("at_least"),
        _IS_BOUGHT,
        _O.refund_asked_at.is_(None),
    )
    .limit(1)
)
_GRACE = sql(f"interval '{int(GRACE.total_seconds())} seconds'")
_HELD = scoped(
    select(func.count()).where(
        _O.batch_id == bindparam("of_batch"),
        or_(_O.state == "processing", (_O.state == "pending") & (_O.expires_at + _GRACE > func.now())),
        _O.member_id != bindparam("but_for", type_=Uuid()),
    )
)
_BEFORE = _O.id < bindparam("before")
_MINE = scoped(
    _SELECT.where(_O.member_id == bindparam("of_member"), _BEFORE).order_by(_O.id.desc()).limit(bindparam("limit"))
)
_PAGE = scoped(_SELECT.where(_BEFORE).order_by(_O.id.desc()).limit(bindparam("limit")))
_TERMS = ("member_id", "course_id", "batch_id", "title", "provider", "account_id", "amount", "currency", "fee")
_ADD = scoped(insert(ORDERS).values(**binds("id", *_TERMS, "expires_at")))
_AT = update(ORDERS).where(_O.id == bindparam("at"))
_CHECKOUT = scoped(
    _AT.where(
        _O.attempt == bindparam("of_attempt"),
        or_(_O.checkout_id.is_(None), _O.checkout_id == bindparam("checkout")),
    ).values(checkout_id=bindparam("checkout"), checkout_url=bindparam("url"), expires_at=bindparam("until"))
)
_AGAIN = scoped(
    _AT.where(_O.attempt == bindparam("of_attempt"), _O.checkout_id.is_(None)).values(attempt=_O.attempt + 1)
)
_RENEW = scoped(_AT.values(attempt=_O.attempt + 1, expires_at=bindparam("until")))
_MOVED = ("state", "payment_id", "refunded", "paid_at", "refunded_at")
_MOVE = scoped(_AT.values(**binds(*_MOVED), checked_at=func.now()))
_ASK_REFUND = scoped(_AT.values(refund_reason=bindparam("reason"), refund_asked_at=func.now(), problem=None))
_PROBLEM = scoped(_AT.values(problem=bindparam("what")))
_DROP_REFUND = scoped(_AT.values(refund_asked_at=None, problem=bindparam("what")))


class Paid(Protocol):
    """The price that a provider was paid."""

    @property
    def amount(self) -> int: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102


class Told(Protocol):
    """What a provider says of a checkout now: `open`, `processing`, `paid`, `failed` or `expired`, and more."""

    @property
    def checkout_id(self) -> str: ...  # noqa: D102
    @property
    def order_id(self) -> UUID: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def price(self) -> Paid: ...  # noqa: D102
    @property
    def payment_id(self) -> str | None: ...  # noqa: D102
    @property
    def refunded(self) -> int: ...  # noqa: D102
    @property
    def disputed(self) -> bool: ...  # noqa: D102


def price_of(order: Record) -> Price:
    """What is asked for it."""
    return Price(order["amount"], order["currency"])


def state_after(state: str, told: Told) -> str:
    """The state of an order in `state` after what was told: the later of the two, so that it never goes back."""
    if told.state == "paid":
        said = "refunded" if told.refunded >= told.price.amount else "disputed" if told.disputed else "paid"
    else:
        said = "pending" if told.state == "open" else told.state
    return max(state, said, key=STATES.index)


def check(order: Record, told: Told) -> None:
    """Pass when what was told is of this very order and price; Conflict `not_this_order` when it is not."""
    price = (told.price.amount, told.price.currency)
    same = told.order_id == order["id"] and told.checkout_id == order["checkout_id"]
    if not same or price != (order["amount"], order["currency"]):
        message = "The provider speaks of another order or price than this one. Compare both at the provider."
        raise Conflict(message, "not_this_order")


async def read(scope: Scope, order_id: UUID) -> Record:
    """One order with `person_id` and `buyer`, for its buyer and those who manage orders; else NotFound."""
    if scope.actor.person_id is None and scope.actor.system is None:
        raise SignInNeeded()
    row = await scope.one(_READ, id=order_id)
    if may_list(scope):
        return row
    if row["member_id"] != scope.actor.member_id:
        raise NotFound()
    scope.require(Action.ENROLL)
    return row


async def locked(scope: Scope, order_id: UUID) -> Record:
    """An order that nobody else can move until this transaction ends."""
    return await scope.one(_LOCKED, id=order_id)


async def pending(scope: Scope, member_id: UUID, course_id: UUID, batch_id: UUID | None) -> Record | None:
    """The one order of a thing that the member has not paid yet, locked, or None."""
    return await scope.first(_PENDING, of_member=member_id, of_course=course_id, of_batch=batch_id)


async def of_checkout(scope: Scope, checkout_id: str) -> Record | None:
    """The order of a checkout, or None."""
    return await scope.first(_OF_CHECKOUT, checkout_id=checkout_id)


async def of_payment(scope: Scope, payment_id: str) -> Record | None:
    """The order of a payment that we know of already, or None."""
    return await scope.first(_OF_PAYMENT, payment_id=payment_id)


async def has_paid(scope: Scope, member_id: UUID, course_id: UUID, amount: int, currency: str) -> bool:
    """Whether the member has bought the course, in any batch, for at least this much, and keeps it."""
    wanted = {"of_member": member_id, "of_course": course_id, "at_least": amount, "in_currency": currency}
    return await scope.first(_PAID, **wanted) is not None


async def seats_held(scope: Scope, batch_id: UUID, but_for: UUID | None = None) -> int:
    """How many seats of a batch are held for checkouts under way, those of the member `but_for` left out."""
    return int(await scope.value(_HELD, of_batch=batch_id, but_for=but_for or UUID(int=0)))


async def mine(scope: Scope, *, before: UUID | None = None, limit: int = 50) -> list[Record]:
    """The actor's own orders, newest first."""
    scope.require(Action.ENROLL)
    return await scope.all(_MINE, of_member=scope.member_id(), before=before or LAST, limit=limit)


async def page(scope: Scope, *, before: UUID | None = None, limit: int = 50) -> list[Record]:
    """The orders of the channel, newest first, for those who manage them."""
    scope.require(Action.ORDER_LIST)
    return await scope.all(_PAGE, before=before or LAST, limit=limit)


def may_list(scope: Scope) -> bool:
    """Whether the actor sees everybody's orders."""
    return why(scope.actor, Action.ORDER_LIST).allowed


async def add(scope: Scope, terms: Mapping[str, Any]) -> Record:
    """A new pending order; `terms` are those of `_TERMS` and `expires_at`."""
    order_id = new_id()
    await scope.run(_ADD, id=order_id, **terms)
    return await scope.one(_LOCKED, id=order_id)


async def keep_checkout(scope: Scope, order: Record, checkout_id: str, url: str, until: datetime) -> Record:
    """Note where the buyer pays in this attempt; Conflict `checkout_changed` when another attempt has begun."""
    given = {"checkout": checkout_id, "url": url, "until": until}
    if await scope.run(_CHECKOUT, at=order["id"], of_attempt=order["attempt"], **given) == 0:
        raise Conflict("Another checkout of this order has begun. Open the order again.", "checkout_changed")
    return await scope.one(_READ, id=order["id"])


async def next_attempt(scope: Scope, order: Record) -> None:
    """After a refusal the provider has to be asked anew, because it remembers what it answered to this attempt."""
    await scope.run(_AGAIN, at=order["id"], of_attempt=order["attempt"])


async def renew(scope: Scope, order: Record, until: datetime) -> Record:
    """Begin the next attempt, to be paid until then."""
    await scope.run(_RENEW, at=order["id"], until=until)
    return await scope.one(_READ, id=order["id"])


async def move(scope: Scope, order: Record, values: Mapping[str, Any]) -> Record:
    """Write where the order stands now."""
    given = {name: order[name] for name in _MOVED} | dict(values)
    await scope.run(_MOVE, at=order["id"], **given)
    return await scope.one(_READ, id=order["id"])


async def ask_refund(scope: Scope, order_id: UUID, reason: str) -> None:
    """Note that the price is to be given back, and why."""
    await scope.run(_ASK_REFUND, at=order_id, reason=reason)


async def note_problem(scope: Scope, order_id: UUID, what: str) -> None:
    """Note what stands in the way, for those who manage orders."""
    await scope.run(_PROBLEM, at=order_id, what=what[:500])


async def drop_refund(scope: Scope, order_id: UUID, why_not: str) -> None:
    """The provider will not give the price back: the order stands as it was, with the reason."""
    await scope.run(_DROP_REFUND, at=order_id, what=why_not[:500])
