"""Endpoints: addresses of programs that hear what happens in a channel, each with a secret that signs what it hears.

What happened is written as deliveries in the transaction in which it happens (`outbox.HAPPENED`). An endpoint that
takes nothing for a day is switched off, and the channel's owners and admins are told.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from tenants import audit, links, notices, outbox
from tenants.channels import channels
from tenants.community import sanctions
from tenants.errors import Conflict, Invalid, NotFound
from tenants.ids import PersonId, new_id
from tenants.members import bell
from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import TABLE, Action
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, text
from tenants.texts import clean_line
from tenants.webhooks.addresses import clean_url

MOST = outbox.MOST_ENDPOINTS
EVENTS = ("message.posted", "member.joined", "enrollment.created", "certificate.issued", "order.paid")
# For how long both secrets sign after a change, so that no receiver misses a beat.
OVERLAP = timedelta(hours=24)
ENDPOINTS = owned(
    "webhook_endpoints",
    text("name"),
    text("url"),
    Column("events", ARRAY(Text), nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    # Why it is off, where it was not switched off by hand.
    text("trouble", default=""),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("sealed_before", LargeBinary),
    instant("before_until"),
    # Since it last took something: how many attempts went wrong, and not before when it is tried again.
    Column("failures", Integer, nullable=False, server_default="0"),
    instant("away_until"),
    instant("last_taken_at"),
    # Who sends to it now, and until when that counts, should they be killed meanwhile.
    Column("busy_by", Uuid),
    instant("busy_until"),
    instant("created_at", now=True),
)
_E = ENDPOINTS.c
FACTS = (_E.id, _E.name, _E.url, _E.events, _E.enabled, _E.trouble, _E.failures, _E.away_until, _E.created_at)
_AT = bindparam("at", type_=Uuid())
_EVERY = scoped(select(*FACTS).order_by(_E.id).limit(MOST))
_ONE = scoped(select(*FACTS).where(_E.id == _AT))
_SECRETS = (_E.sealed_secret, _E.sealed_before, _E.before_until)
OPENED = scoped(select(*FACTS, *_SECRETS).where(_E.id == _AT))
_ADD = scoped(insert(ENDPOINTS).values(**binds("id", "name", "url", "events", "sealed_secret")))
_SET = update(ENDPOINTS).where(_E.id == _AT)
_EDIT = scoped(_SET.values(**binds("name", "url", "events", "enabled"), trouble="", failures=0, away_until=None))
_TURN = scoped(
    _SET.values(
        sealed_before=_E.sealed_secret, before_until=bindparam("until"), sealed_secret=bindparam("sealed")
    )
)  # fmt: skip
_REMOVE = scoped(delete(ENDPOINTS).where(_E.id == _AT))
_TOOK = scoped(_SET.values(failures=0, away_until=bindparam("until"), last_taken_at=func.now()))
_FAILED = scoped(
    _SET.values(failures=_E.failures + 1, away_until=func.greatest(_E.away_until, bindparam("until"))).returning(*FACTS)
)
_BY = bindparam("by", type_=Uuid())
_CLAIM = scoped(
    _SET.where(or_(_E.busy_until.is_(None), _E.busy_until < func.clock_timestamp(), _E.busy_by == _BY))
    .values(
        busy_by=_BY,
        busy_until=func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("seconds")),
    )
    .returning(_E.id)
)
_RELEASE = scoped(_SET.where(_E.busy_by == _BY).values(busy_by=None, busy_until=None))
_TAKEN_AT = scoped(select(_E.last_taken_at).where(_E.id == _AT))
_OFF = scoped(_SET.where(_E.enabled).values(enabled=False, trouble=bindparam("why")).returning(_E.name))
# The roles that keep the channel's webhooks.
KEEPS = or_(*(MEMBERS.c.role == role for role, may in TABLE.items() if Action.WEBHOOK_EDIT in may))
_KEEPERS = scoped(
    select(MEMBERS.c.person_id).where(MEMBERS.c.left_at.is_(None), ~BANNED, KEEPS).order_by(MEMBERS.c.id).limit(100)
)


async def every(scope: Scope) -> list[Record]:
    """The channel's endpoints, oldest first, without their secrets."""
    scope.require(Action.WEBHOOK_EDIT)
    return await scope.all(_EVERY)


async def find(scope: Scope, endpoint_id: UUID) -> Record:
    """One of them."""
    scope.require(Action.WEBHOOK_EDIT)
    row = await scope.first(_ONE, at=endpoint_id)
    if row is None:
        raise NotFound("There is no such webhook here.", "no_such_webhook")
    return row


async def add(scope: Scope, seals: Seals, secret: str, *, name: str, url: str, events: Sequence[str]) -> Record:
    """A new endpoint, whose `secret` is shown to nobody again; Conflict when there are ten."""
    scope.require(Action.WEBHOOK_EDIT)
    values = {"name": clean_line(name, "/name", longest=60), "url": clean_url(url), "events": _clean_events(events)}
    await scope.serialise("webhooks")
    if len(await scope.all(_EVERY)) >= MOST:
        raise Conflict(f"A channel has at most {MOST} webhooks. Delete one first.", "too_many_webhooks")
    endpoint_id = new_id()
    sealed = seals.seal(scope.channel_id, _purpose(endpoint_id), secret.encode())
    await scope.run(_ADD, id=endpoint_id, sealed_secret=sealed, **values)
    await _say_heard(scope)
    await audit.record(scope, "webhook.add", endpoint_id, events=values["events"])
    return await find(scope, endpoint_id)


async def edit(
    scope: Scope, endpoint_id: UUID, *, name: str | None = None, url: str | None = None,
    events: Sequence[str] | None = None, enabled: bool | None = None,
) -> Record:  # fmt: skip
    """Set what is given; one that was switched off for its failures begins anew."""
    before = await find(scope, endpoint_id)
    values = {
        "name": before["name"] if name is None else clean_line(name, "/name", longest=60),
        "url": before["url"] if url is None else clean_url(url),
        "events": before["events"] if events is None else _clean_events(events),
        "enabled": before["enabled"] if enabled is None else enabled,
    }
    await scope.run(_EDIT, at=endpoint_id, **values)
    await _say_heard(scope)
    await audit.record(scope, "webhook.edit", endpoint_id, events=values["events"], enabled=values["enabled"])
    return await find(scope, endpoint_id)


async def remove(scope: Scope, endpoint_id: UUID) -> None:
    """Take an endpoint away with all that was to be sent to it; NotFound when there is none."""
    scope.require(Action.WEBHOOK_EDIT)
    if not await scope.run(_REMOVE, at=endpoint_id):
        raise NotFound("There is no such webhook here.", "no_such_webhook")
    await _say_heard(scope)
    await audit.record(scope, "webhook.remove", endpoint_id)


async def turn(scope: Scope, seals: Seals, endpoint_id: UUID, secret: str) -> None:
    """Sign by another secret from now on, and for a day by that before as well."""
    await find(scope, endpoint_id)
    sealed = seals.seal(scope.channel_id, _purpose(endpoint_id), secret.encode())
    await scope.run(_TURN, at=endpoint_id, sealed=sealed, until=datetime.now(UTC) + OVERLAP)
    await audit.record(scope, "webhook.turn", endpoint_id)


def secrets_of(scope: Scope, seals: Seals, opened: Record) -> list[str]:
    """The secrets that sign for an endpoint (a row of OPENED) now: one, or two within a day of a change."""
    purpose, sealed = _purpose(opened["id"]), [opened["sealed_secret"]]
    if opened["sealed_before"] is not None and opened["before_until"] > datetime.now(UTC):
        sealed.append(opened["sealed_before"])
    return [seals.open(scope.channel_id, purpose, bytes(each)).decode() for each in sealed]


async def claim(scope: Scope, endpoint_id: UUID, by: UUID, seconds: float) -> bool:
    """Have an endpoint to oneself for so long, or for as long again; False while another one has it, or it is gone.

    Others who claim it wait until this transaction ends: what is found to be sent there, nobody else finds.
    """
    return await scope.first(_CLAIM, at=endpoint_id, by=by, seconds=seconds) is not None


async def release(scope: Scope, endpoint_id: UUID, by: UUID) -> None:
    """Leave an endpoint to others, if one still has it."""
    await scope.run(_RELEASE, at=endpoint_id, by=by)


async def took(scope: Scope, endpoint_id: UUID, seconds: float = 0.0) -> None:
    """An endpoint has taken something: it is well, though nothing is sent there for so long, so that others come."""
    until = datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None
    await scope.run(_TOOK, at=endpoint_id, until=until)


async def failed(scope: Scope, endpoint_id: UUID, seconds: float) -> None:
    """An attempt went wrong: nothing is tried there for so long."""
    await scope.first(_FAILED, at=endpoint_id, until=datetime.now(UTC) + timedelta(seconds=seconds))


async def give_up(scope: Scope, endpoint_id: UUID, since: datetime, why: str) -> None:
    """A delivery made `since` then was in vain: its endpoint is switched off, unless it has taken others meanwhile."""
    taken = await scope.value(_TAKEN_AT, at=endpoint_id)
    if taken is None or taken < since:
        await switch_off(scope, endpoint_id, why)


async def switch_off(scope: Scope, endpoint_id: UUID, why: str) -> None:
    """Send nothing more to an endpoint, and tell those who keep the channel; again: nothing."""
    name = await scope.value(_OFF, at=endpoint_id, why=why)
    if name is None:
        return
    await _say_heard(scope)
    await audit.record(scope, "webhook.off", endpoint_id)
    await tell_keepers(scope, endpoint_id, f"The webhook {name} is off: {why}")


async def tell_keepers(scope: Scope, webhook_id: UUID, said: str, place: str = "/webhooks") -> None:
    """Tell those who keep the channel that one of its webhooks, of whichever kind, was switched off."""
    url = links.studio((await channels.read(scope))["slug"], place)
    people = [PersonId(row["person_id"]) for row in await scope.all(_KEEPERS)]
    await bell.ring(scope, [notices.webhook_off(each, webhook_id, said, url) for each in people], webhook_id)


async def _say_heard(scope: Scope) -> None:
    """Whether anybody listens for messages comes with a room's row, so that posts pay nothing where nobody does."""
    if any(row["enabled"] and "message.posted" in row["events"] for row in await scope.all(_EVERY)):
        await sanctions.put(scope, scope.channel_id, "webhooks")
    else:
        await sanctions.lift(scope, scope.channel_id, "webhooks")


def _clean_events(events: Sequence[str]) -> list[str]:
    if not events or any(each not in EVENTS for each in events):
        raise Invalid.field("/events", "unknown_event", f"Choose some of: {', '.join(EVENTS)}.")
    return sorted(set(events), key=EVENTS.index)


def _purpose(endpoint_id: UUID) -> str:
    return f"webhook endpoint {endpoint_id}"
