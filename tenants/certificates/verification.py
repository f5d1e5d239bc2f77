"""Verification: what anyone may ask of a code, and how often one was asked for; nothing about who asked."""

from datetime import UTC, datetime

from sqlalchemy import Column, Date, Integer, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from tenants import directory
from tenants.certificates import certificates
from tenants.certificates.certificates import CERTIFICATES, Certificate
from tenants.certificates.credential import STATUSES
from tenants.errors import NotFound
from tenants.ids import new_id
from tenants.scope import Scope, Tenancy
from tenants.statements import scoped
from tenants.tables import binds, owned, refers

VISITS = owned(
    "certificate_visits",
    Column("certificate_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("visits", Integer, nullable=False, server_default="1"),
    refers("certificate_id", "certificates"),
)
_COUNT = scoped(
    insert(VISITS)
    .values(**binds("id", "certificate_id", "day"))
    .on_conflict_do_update(index_elements=["channel_id", "certificate_id", "day"], set_={"visits": VISITS.c.visits + 1})
)
_C = CERTIFICATES.c
_ENDED = scoped(
    select(_C.status_index)
    .where(_C.ended_at.is_not(None), _C.status_index.between(bindparam("first"), bindparam("last")))
    .order_by(_C.status_index)
)


async def find(tenancy: Tenancy, code: str) -> Certificate:
    """The award of a code as `codes.normalise` gives it, though its channel be closed; NotFound for an unknown one."""
    row = await directory.certificate_at(tenancy, code)
    if row is None:
        raise NotFound("No certificate has this code.", "no_such_certificate")
    return certificates.standing(row, datetime.now(UTC))


async def visit(tenancy: Tenancy, code: str) -> Certificate:
    """The same, counted as one visit of this day."""
    certificate = await find(tenancy, code)
    async with tenancy.scope(certificate.channel_id) as scope:
        await scope.run(_COUNT, id=new_id(), certificate_id=certificate.id, day=datetime.now(UTC).date())
    return certificate


async def ended_places(scope: Scope, number: int) -> list[int]:
    """The places in the channel's status list `number`, counted from 1, whose awards were revoked or superseded."""
    first = (number - 1) * STATUSES
    rows = await scope.all(_ENDED, first=first, last=first + STATUSES - 1)
    return [row["status_index"] - first for row in rows]
