"""Purchases: what buying does to seats and enrollments; each function is one step in a transaction of its caller."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants import audit, links
from tenants.batches import batches, seats
from tenants.billing import accounts, ledger, orders
from tenants.billing.orders import BOUGHT, LIFE, OPEN, Told
from tenants.billing.prices import Price
from tenants.channels import channels
from tenants.courses import courses, enrollments
from tenants.errors import Conflict, NotFound
from tenants.ids import OrderId, PersonId, new_id
from tenants.jobs import RecheckOrder, RefundOrder, SendMail
from tenants.members import bell
from tenants.members.members import BANNED, MEMBERS
from tenants.notices import order_changed
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers
from tenants.texts import clean_line

FULFILMENTS = owned(
    "fulfilments",
    Column("order_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("course_id", Uuid, nullable=False),
    instant("granted_at", now=True),
    instant("revoked_at"),
    refers("order_id", "orders"),
    refers("member_id", "members"),
    refers("course_id", "courses"),
)
RECHECKS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24))
"""When an order that is still open is looked after, counted from its birth; then daily while money is on its way."""
MOST_DAYS = 21
ALIVE, SOON = timedelta(minutes=2), timedelta(seconds=30)
_F, _M = FULFILMENTS.c, MEMBERS.c
_GRANT = scoped(
    insert(FULFILMENTS)
    .values(**binds("id", "order_id", "member_id", "course_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "order_id", "course_id"])
)
_REVOKE = scoped(
    update(FULFILMENTS)
    .where(_F.order_id == bindparam("of_order"), _F.revoked_at.is_(None))
    .values(revoked_at=func.now())
)
_OTHERS = scoped(
    select(_F.id).where(
        _F.member_id == bindparam("member_id"), _F.course_id == bindparam("course_id"), _F.revoked_at.is_(None)
    )
)
_AWAY = scoped(select(_M.id).where(_M.id == bindparam("id"), or_(_M.left_at.is_not(None), BANNED)))


@dataclass(frozen=True, slots=True)
class Begun:
    """An order to be paid; `outdated` when its checkout has to be ended first, because it is old or asks otherwise."""

    order: Record
    outdated: bool = False


async def begin(scope: Scope, provider: str, course_id: UUID, batch_id: UUID | None = None) -> Begun:
    """The acting member's one pending order of a course, or of a seat in a batch, which it holds from here on.

    Raises Conflict `free`, `enrolled`, `paid_already`, `not_selling`, `batch_full` or `batch_closed`.
    """
    scope.require(Action.ENROLL)
    member_id = scope.member_id()
    course = await courses.read(scope, course_id)
    await scope.serialise("enroll", member_id, course_id)
    await _check_not_in(scope, course_id, batch_id)
    known = await orders.pending(scope, member_id, course_id, batch_id)
    batch = await seats.open_seat(scope, course_id, batch_id, member_id) if batch_id is not None else None
    price = batches.price_of(course, batch)
    if price is None:
        raise Conflict("This costs nothing. Enrol instead.", "free")
    if await orders.has_paid(scope, member_id, course_id, price.amount, price.currency):
        raise Conflict("You have paid for this course already. Enrol instead.", "paid_already")
    account = await accounts.selling(scope, provider)
    if known is not None and known["state"] == "processing":
        return Begun(known)
    if known is not None and not _is_outdated(known, price, account):
        return Begun(await _fresh(scope, known))
    if known is not None:
        return Begun(known, outdated=True)
    order = await orders.add(scope, _terms(member_id, course, batch, price, account))
    scope.enqueue(RecheckOrder(OrderId(order["id"]), 0), run_at=order["created_at"] + RECHECKS[0])
    return Begun(order)


async def agree(scope: Scope, order_id: UUID, attempt: int, checkout_id: str, url: str, until: datetime) -> Record:
    """Keep the checkout of an order of the actor's own."""
    order = await orders.locked(scope, order_id)
    if order["member_id"] != scope.actor.member_id:
        raise NotFound()
    if order["attempt"] != attempt:
        raise Conflict("Another checkout of this order has begun. Open the order again.", "checkout_changed")
    if order["state"] != "pending":
        raise Conflict("This order has ended meanwhile. Open it to see how.", "order_ended")
    return await orders.keep_checkout(scope, order, checkout_id, url, until)


async def apply(scope: Scope, order_id: UUID, told: Told) -> Record:
    """Move an order on by what its provider says of it now, with all that follows; the same again changes nothing.

    Paid: enrolled, or, when no seat is left, given back. Given back: out of the course, and the seat is free.
    """
    seen = await orders.read(scope, order_id)
    await scope.serialise("enroll", seen["member_id"], seen["course_id"])
    before = await orders.locked(scope, order_id)
    orders.check(before, told)
    state, refunded = orders.state_after(before["state"], told), max(before["refunded"], told.refunded)
    after = await orders.move(scope, before, _moved(before, state, refunded, told))
    if after["paid_at"] is not None and before["paid_at"] is None:
        await ledger.note_payment(scope, before)
        await audit.record(scope, "order.paid", order_id)
    if refunded > before["refunded"]:
        await ledger.note_refund(scope, before, refunded)
    if state != before["state"]:
        await _follow(scope, before, after)
    return await orders.read(scope, order_id)


async def expire_unasked(scope: Scope, order_id: UUID) -> Record:
    """End an order that never came as far as a checkout, once its time is over."""
    order = await orders.locked(scope, order_id)
    if order["state"] == "pending" and order["checkout_id"] is None and order["expires_at"] < datetime.now(UTC):
        order = await orders.move(scope, order, {"state": "expired"})
    return order


def next_look(order: Record, turn: int) -> datetime | None:
    """When an order is to be looked after again after its `turn`-th time; None when it is settled, or was too often."""
    if order["state"] not in OPEN:
        return None
    born: datetime = order["created_at"]
    if turn + 1 < len(RECHECKS):
        return born + RECHECKS[turn + 1]
    days = turn + 2 - len(RECHECKS)
    return born + RECHECKS[-1] + timedelta(days=days) if days <= MOST_DAYS else None


async def ask_refund(scope: Scope, order_id: UUID, reason: str) -> Record:
    """Have the whole price given back, for those who may; asked again, it stays at the first reason.

    Raises Conflict `not_paid` for an order that holds no money.
    """
    scope.require(Action.ORDER_REFUND)
    order = await orders.locked(scope, order_id)
    if order["state"] == "refunded" or order["refund_asked_at"] is not None:
        return order
    if order["state"] not in BOUGHT or order["payment_id"] is None:
        raise Conflict("This order holds no money that could be given back.", "not_paid")
    await orders.ask_refund(scope, order_id, clean_line(reason, "/reason", longest=300))
    await audit.record(scope, "order.refund", order_id)
    scope.enqueue(RefundOrder(OrderId(order_id)))
    return await orders.read(scope, order_id)


async def refuse_refund(scope: Scope, order_id: UUID, why_not: str) -> None:
    """The provider will not give the price back: the order stands as it was, and says why."""
    await orders.drop_refund(scope, order_id, why_not)
    await audit.record(scope, "order.refund_refused", order_id)


async def _check_not_in(scope: Scope, course_id: UUID, batch_id: UUID | None) -> None:
    known = await enrollments.of_member(scope, course_id)
    if known is not None and batch_id in {None, known["batch_id"]}:
        raise Conflict("You are in this course already.", "enrolled")


def _is_outdated(known: Record, price: Price, account: Record) -> bool:
    asked = (known["amount"], known["currency"], known["provider"], known["account_id"])
    same = asked == (price.amount, price.currency, account["provider"], account["account_id"])
    left: timedelta = known["expires_at"] - datetime.now(UTC)
    return not same or (known["checkout_id"] is not None and left < ALIVE)


async def _fresh(scope: Scope, known: Record) -> Record:
    """The order; one that never came as far as a checkout begins anew, for providers want a checkout to last."""
    now = datetime.now(UTC)
    if known["checkout_id"] is not None or known["expires_at"] - now > LIFE - SOON:
        return known
    return await orders.renew(scope, known, now + LIFE)


def _terms(member_id: UUID, course: Record, batch: Record | None, price: Price, account: Record) -> dict[str, Any]:
    return {
        "member_id": member_id,
        "course_id": course["id"],
        "batch_id": batch["id"] if batch else None,
        "title": f"{course['title']}, {batch['name']}" if batch else course["title"],
        "provider": account["provider"],
        "account_id": account["account_id"],
        "amount": price.amount,
        "currency": price.currency,
        "fee": accounts.fee_of(account, price.amount),
        "expires_at": datetime.now(UTC) + LIFE,
    }


def _moved(before: Record, state: str, refunded: int, told: Told) -> dict[str, Any]:
    now = datetime.now(UTC)
    bought = state in BOUGHT or state == "refunded"
    return {
        "state": state,
        "refunded": refunded,
        "payment_id": before["payment_id"] or told.payment_id,
        "paid_at": before["paid_at"] or (now if bought else None),
        "refunded_at": before["refunded_at"] or (now if state == "refunded" else None),
    }


async def _follow(scope: Scope, before: Record, after: Record) -> None:
    """What a change of state does to seats, and who is told."""
    if after["state"] in BOUGHT and before["state"] not in BOUGHT:
        await _fulfil(scope, after)
    if after["state"] == "disputed":
        await audit.record(scope, "order.disputed", after["id"])
    if after["state"] == "refunded":
        await _revoke(scope, after)
    person_id, slug = PersonId(after["person_id"]), (await channels.read(scope))["slug"]
    url = links.order(slug, after["id"])
    changed = order_changed(person_id, OrderId(after["id"]), after["state"], after["title"], url)
    await bell.ring(scope, [changed], after["id"])


async def _fulfil(scope: Scope, order: Record) -> None:
    try:
        if await scope.first(_AWAY, id=order["member_id"]) is not None:
            raise Conflict("You are no member of this channel any more.", "not_a_member")
        await seats.admit(scope, order["course_id"], order["member_id"], order["batch_id"], bought=True)
    except (Conflict, NotFound) as hindrance:
        await orders.ask_refund(scope, order["id"], hindrance.message)
        scope.enqueue(RefundOrder(OrderId(order["id"])))
        scope.enqueue(SendMail("order_returned", order["person_id"], order["id"]))
        return
    given = {name: order[name] for name in ("member_id", "course_id")}
    await scope.run(_GRANT, id=new_id(), order_id=order["id"], **given)
    scope.enqueue(SendMail("order_paid", order["person_id"], order["id"]))
    scope.happened("order.paid", order=order["id"], member=order["member_id"], course=order["course_id"])


async def _revoke(scope: Scope, order: Record) -> None:
    """Take back what the order gave, unless another one of the member's gave the same."""
    scope.enqueue(SendMail("order_refunded", order["person_id"], order["id"]))
    await audit.record(scope, "order.refunded", order["id"])
    given = {name: order[name] for name in ("member_id", "course_id")}
    if await scope.run(_REVOKE, of_order=order["id"]) == 0 or await scope.first(_OTHERS, **given) is not None:
        return
    if await enrollments.of_member(scope, order["course_id"], order["member_id"]) is not None:
        await seats.leave(scope, order["course_id"], order["member_id"])
