"""The ledger: what orders moved, in double entry: the entries of an order sum to zero in its one currency, always."""

from uuid import UUID

from sqlalchemy import Column, Integer, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants.ids import new_id
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

ENTRIES = owned(
    "ledger_entries",
    Column("order_id", Uuid, nullable=False),
    text("kind"),
    text("account"),
    Column("amount", Integer, nullable=False),
    text("currency"),
    instant("at", now=True),
    refers("order_id", "orders"),
)
_E = ENTRIES.c
_ADD = scoped(
    insert(ENTRIES)
    .values(**binds("id", "order_id", "kind", "account", "amount", "currency"))
    .on_conflict_do_nothing(index_elements=["channel_id", "order_id", "kind", "account"])
)
_BALANCES = scoped(
    select(_E.account, func.sum(_E.amount).label("amount"))
    .where(_E.order_id == bindparam("order_id"))
    .group_by(_E.account)
)


async def note_payment(scope: Scope, order: Record) -> None:
    """The buyer gave the price: the platform has its fee, the creator the rest."""
    await _post(scope, order, "payment", order["amount"], order["fee"])


async def note_refund(scope: Scope, order: Record, refunded: int) -> None:
    """Of the price `refunded` in all has gone back, and the fee in proportion; the entries are what is new of it."""
    before = order["refunded"]
    fee = _share(order, refunded) - _share(order, before)
    await _post(scope, order, f"refund to {refunded}", before - refunded, -fee)


async def balances(scope: Scope, order_id: UUID) -> dict[str, int]:
    """What each account (`buyer`, `creator`, `platform`) has of an order; the sum is 0."""
    return {row["account"]: int(row["amount"]) for row in await scope.all(_BALANCES, order_id=order_id)}


async def _post(scope: Scope, order: Record, kind: str, amount: int, fee: int) -> None:
    for account, part in (("buyer", -amount), ("creator", amount - fee), ("platform", fee)):
        entry = {"kind": kind, "account": account, "amount": part, "currency": order["currency"]}
        await scope.run(_ADD, id=new_id(), order_id=order["id"], **entry)


def _share(order: Record, refunded: int) -> int:
    return int(order["fee"] * refunded // order["amount"])
