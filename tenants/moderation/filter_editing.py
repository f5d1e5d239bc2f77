"""Filters as moderators set them: made, changed, put in order, switched on and off, each with its line in the audit."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update

from tenants import audit
from tenants.community import sanctions
from tenants.community.filters import CATCHES, FACTS, FILTERS, MOST
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.moderation.filter_rules import clean
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import binds

_F = FILTERS.c
_SET = ("name", "kind", "rule", "action", "enabled", "exempt_days", "exempt_enrolled")
_RECENTLY = within(
    select(func.count()).where(
        CATCHES.c.filter_id == _F.id, CATCHES.c.at > func.now() - func.make_interval(0, 0, 0, 7)
    ).correlate(FILTERS)
).scalar_subquery()  # fmt: skip
_EVERY = scoped(select(*FACTS, _RECENTLY.label("caught")).order_by(_F.position, _F.id).limit(MOST))
_ONE = scoped(select(*FACTS, _RECENTLY.label("caught")).where(_F.id == bindparam("at")))
_ADD = scoped(insert(FILTERS).values(**binds("id", "position", *_SET)))
_EDIT = scoped(update(FILTERS).where(_F.id == bindparam("at")).values(**binds(*_SET)))
_PLACE = scoped(update(FILTERS).where(_F.id == bindparam("at")).values(position=bindparam("place")))
_REMOVE = scoped(delete(FILTERS).where(_F.id == bindparam("at")))


async def every(scope: Scope) -> list[Record]:
    """The channel's filters in their order, on and off, with how many each has `caught` within a week."""
    scope.require(Action.MESSAGE_MODERATE)
    return await scope.all(_EVERY)


async def find(scope: Scope, filter_id: UUID) -> Record:
    """One of them."""
    scope.require(Action.MESSAGE_MODERATE)
    row = await scope.first(_ONE, at=filter_id)
    if row is None:
        raise NotFound("There is no such filter here.", "no_such_filter")
    return row


async def add(scope: Scope, given: Mapping[str, Any]) -> Record:
    """A new filter, the last in order; Conflict when there are fifty."""
    standing = await _held(scope)
    values = clean(given)
    if len(standing) >= MOST:
        raise Conflict(f"A channel has at most {MOST} filters. Delete one first.", "too_many_filters")
    filter_id = new_id()
    await scope.run(_ADD, id=filter_id, position=len(standing), **values)
    await _changed(scope, "add", filter_id, values)
    return await find(scope, filter_id)


async def edit(scope: Scope, filter_id: UUID, changes: Mapping[str, Any]) -> Record:
    """Set what is given, leave the rest; its place in the order by `position`, from 0."""
    standing = await _held(scope)
    before = await find(scope, filter_id)
    asked = {name: value for name, value in changes.items() if name != "position"}
    values = clean({name: before[name] for name in _SET} | asked)
    await scope.run(_EDIT, at=filter_id, **values)
    if "position" in changes:
        ids = [row["id"] for row in standing if row["id"] != filter_id]
        ids.insert(changes["position"], filter_id)
        await _put_in_order(scope, ids)
    await _changed(scope, "edit", filter_id, values)
    return await find(scope, filter_id)


async def remove(scope: Scope, filter_id: UUID) -> None:
    """Take a filter away; what it caught stays told. NotFound when there is none."""
    await _held(scope)
    if not await scope.run(_REMOVE, at=filter_id):
        raise NotFound("There is no such filter here.", "no_such_filter")
    await _put_in_order(scope, [row["id"] for row in await scope.all(_EVERY)])
    await _changed(scope, "remove", filter_id, {})


async def _held(scope: Scope) -> list[Record]:
    """The filters, which nobody else changes until this transaction ends."""
    scope.require(Action.MESSAGE_MODERATE)
    await scope.serialise("filters")
    return await scope.all(_EVERY)


async def _put_in_order(scope: Scope, ids: list[UUID]) -> None:
    for place, filter_id in enumerate(ids):
        await scope.run(_PLACE, at=filter_id, place=place)


async def _changed(scope: Scope, what: str, filter_id: UUID, values: Mapping[str, Any]) -> None:
    """From the next message on every process screens by what stands now."""
    if any(row["enabled"] for row in await scope.all(_EVERY)):
        await sanctions.put(scope, scope.channel_id, "filters", reason=str(new_id()))
    else:
        await sanctions.lift(scope, scope.channel_id, "filters")
    names = {"kind": "kind", "action": "does", "enabled": "enabled"}
    told = {names[name]: values[name] for name in names if name in values}
    await audit.record(scope, f"filter.{what}", filter_id, **told)
