"""Seats: enrolling in a course, and in a batch while it has seats left, counted under the batch's own lock."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import bindparam, func, update
from sqlalchemy.dialects.postgresql import insert

from tenants import audit, links, notices
from tenants.batches import batches
from tenants.billing import orders
from tenants.billing.prices import Price
from tenants.channels import channels
from tenants.courses import courses, enrollments
from tenants.courses.enrollments import ENROLLMENTS, SHOWN
from tenants.errors import Conflict, NotFound, PaymentNeeded
from tenants.ids import new_id
from tenants.members import members
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds

_E = ENROLLMENTS.c
_NEW = insert(ENROLLMENTS).values(**binds("id", "member_id", "course_id", "batch_id"))
_ENROLL = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "member_id", "course_id"],
        set_={"batch_id": _NEW.excluded.batch_id, "state": "active", "left_at": None},
    ).returning(*SHOWN)
)
_GIVE_UP = update(ENROLLMENTS).where(_E.member_id == bindparam("of_member"), _E.state == "active")
_GIVEN_UP = {"state": "left", "left_at": func.now(), "batch_id": None}
_LEAVE = scoped(_GIVE_UP.where(_E.course_id == bindparam("of_course")).values(**_GIVEN_UP))
_LEAVE_ALL = scoped(_GIVE_UP.values(**_GIVEN_UP))


async def enroll(scope: Scope, course_id: UUID, batch_id: UUID | None = None) -> Record:
    """Put the acting member into a course, and into a batch of it; again: the same enrollment.

    Another batch means moving there; none keeps the batch one has. Raises Conflict `batch_full`, `batch_closed`, and
    PaymentNeeded for what has a price that was not paid; those who manage batches need not pay.
    """
    scope.require(Action.ENROLL)
    member_id = scope.member_id()
    course = await courses.read(scope, course_id)
    await scope.serialise("enroll", member_id, course_id)
    known = await enrollments.of_member(scope, course_id)
    if known is not None and batch_id in {None, known["batch_id"]}:
        return known
    batch = await open_seat(scope, course_id, batch_id, member_id) if batch_id is not None else None
    await _check_paid(scope, course, batch)
    return await _put_in(scope, known, member_id, course_id, batch_id)


async def admit(
    scope: Scope, course_id: UUID, member_id: UUID, batch_id: UUID | None = None, *, bought: bool = False
) -> Record:
    """Put any member into a course by hand, for those who manage batches; nobody asks for the price.

    `bought` says that the seat was paid for: a batch that has closed since then still takes them.
    """
    scope.require(Action.BATCH_EDIT)
    await courses.read(scope, course_id)
    await members.read(scope, member_id)
    await scope.serialise("enroll", member_id, course_id)
    known = await enrollments.of_member(scope, course_id, member_id)
    if known is not None and batch_id in {None, known["batch_id"]}:
        return known
    if batch_id is not None:
        await open_seat(scope, course_id, batch_id, member_id, though_closed=bought)
    if not bought:
        await audit.record(scope, "enrollment.add", member_id, course=str(course_id))
    return await _put_in(scope, known, member_id, course_id, batch_id)


async def _put_in(
    scope: Scope, known: Record | None, member_id: UUID, course_id: UUID, batch_id: UUID | None
) -> Record:
    row = await scope.one(_ENROLL, id=new_id(), member_id=member_id, course_id=course_id, batch_id=batch_id)
    await _tell(scope, member_id)
    if known is None:
        scope.happened("enrollment.created", enrollment=row["id"], member=member_id, course=course_id, batch=batch_id)
    return row


async def leave(scope: Scope, course_id: UUID, member_id: UUID | None = None) -> None:
    """End an enrollment and free its seat; one's own, or another's by those who manage batches. Progress stays."""
    member_id = member_id or scope.member_id()
    if member_id != scope.actor.member_id:
        scope.require(Action.BATCH_EDIT)
    if await scope.run(_LEAVE, of_member=member_id, of_course=course_id) == 0:
        raise NotFound("There is no enrollment in this course to end.")
    await _tell(scope, member_id)


async def _tell(scope: Scope, member_id: UUID) -> None:
    """Open pages of a member ask which rooms they see now: a batch has rooms of its own."""
    scope.announce(notices.rooms_changed((await members.read(scope, member_id))["person_id"]))


async def leave_channel(scope: Scope) -> None:
    """End the actor's membership with all their enrollments, so that their seats are free."""
    await scope.run(_LEAVE_ALL, of_member=scope.member_id())
    await members.leave(scope)


async def open_seat(
    scope: Scope, course_id: UUID, batch_id: UUID, member_id: UUID, *, though_closed: bool = False
) -> Record:
    """The batch, locked, with a seat for the member (they may hold it); Conflict `batch_full`, `batch_closed`."""
    batch = await batches.locked(scope, batch_id)
    if batch["course_id"] != course_id:
        raise NotFound("This course has no such batch.")
    over = batch["state"] != "open" or batches.is_over(batch, datetime.now(UTC))
    if batch["state"] == "cancelled" or (over and not though_closed):
        raise Conflict("This batch takes nobody any more. Choose another one.", "batch_closed")
    if 0 < batch["seats"] <= await batches.seats_taken(scope, batch_id, member_id):
        raise Conflict("Every seat of this batch is taken. Choose another one.", "batch_full")
    return batch


async def price_for(scope: Scope, course: Record, batch: Record | None) -> Price | None:
    """What the actor has to pay to enrol; None when it is free, was paid already, or they manage batches."""
    price, member_id = batches.price_of(course, batch), scope.actor.member_id
    if price is None or why(scope.actor, Action.BATCH_EDIT).allowed:
        return None
    if member_id and await orders.has_paid(scope, member_id, course["id"], price.amount, price.currency):
        return None
    return price


async def _check_paid(scope: Scope, course: Record, batch: Record | None) -> None:
    price = await price_for(scope, course, batch)
    if price is None:
        return
    slug = (await channels.read(scope))["slug"]
    asked = {"amount": price.amount, "currency": price.currency, "exponent": price.exponent}
    where = links.buy(slug, course["slug"], batch["id"] if batch else None)
    raise PaymentNeeded(f"This costs {price}. Buy it, and you are in.", price=asked, pay_at=where)
