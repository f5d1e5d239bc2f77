"""Accounts: where a channel is paid; one at each provider, with what the provider still wants to know in words."""

from collections.abc import Sequence

from sqlalchemy import Boolean, Column, Integer, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants import audit
from tenants.errors import Conflict, Invalid
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, text

ACCOUNTS = owned(
    "billing_accounts",
    text("provider"),
    text("account_id"),
    text("country"),
    Column("ready", Boolean, nullable=False, server_default="false"),
    Column("missing", Json, nullable=False, server_default="[]"),
    Column("fee_basis_points", Integer, nullable=False, server_default="0"),
    instant("created_at", now=True),
    instant("checked_at", now=True),
)
_A = ACCOUNTS.c
_SHOWN = (_A.id, _A.provider, _A.account_id, _A.country, _A.ready, _A.missing, _A.fee_basis_points, _A.checked_at)
_READ = scoped(select(*_SHOWN).where(_A.provider == bindparam("provider")))
_NEW = insert(ACCOUNTS).values(**binds("id", "provider", "account_id", "country", "ready", "missing"))
_KEEP = scoped(_NEW.on_conflict_do_nothing(index_elements=["channel_id", "provider"]))
_NOTE = scoped(
    update(ACCOUNTS)
    .where(_A.provider == bindparam("of_provider"), _A.account_id == bindparam("of_account"))
    .values(ready=bindparam("is_ready"), missing=bindparam("still_missing"), checked_at=func.now())
)


async def at(scope: Scope, provider: str) -> Record | None:
    """The channel's account at a provider, or None.

    `id, provider, account_id, country, ready, missing, fee_basis_points, checked_at`.
    """
    return await scope.first(_READ, provider=provider)


async def selling(scope: Scope, provider: str) -> Record:
    """The account that a checkout is paid into; Conflict `not_selling` while there is none that may be paid."""
    account = await at(scope, provider)
    if account is None or not account["ready"]:
        raise Conflict("This channel cannot take payments yet. Ask those who run it.", "not_selling")
    return account


async def shown(scope: Scope, provider: str) -> Record | None:
    """The same for those who manage payouts."""
    scope.require(Action.PAYOUT_EDIT)
    return await at(scope, provider)


async def keep(
    scope: Scope, provider: str, account_id: str, country: str, *, ready: bool, missing: Sequence[str]
) -> Record:
    """Keep the account that the provider opened for the channel; the first one stands."""
    scope.require(Action.PAYOUT_EDIT)
    given = {"provider": provider, "account_id": account_id, "country": clean_country(country)}
    if await scope.run(_KEEP, id=new_id(), ready=ready, missing=list(missing), **given):
        await audit.record(scope, "account.open", account_id, provider=provider)
    return await scope.one(_READ, provider=provider)


async def note(scope: Scope, provider: str, account_id: str, *, ready: bool, missing: Sequence[str]) -> None:
    """Note what the provider says of the account now."""
    told = {"is_ready": ready, "still_missing": list(missing)}
    await scope.run(_NOTE, of_provider=provider, of_account=account_id, **told)


def clean_country(country: str) -> str:
    """A country as two capital letters (ISO 3166-1)."""
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise Invalid.field("/country", "country", "Give the country as two letters, such as PT.")
    return country.upper()


def fee_of(account: Record, amount: int) -> int:
    """The installation's part of a payment, in smallest units, rounded down."""
    return int(amount * account["fee_basis_points"] // 10_000)
