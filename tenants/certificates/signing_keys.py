"""Signing keys: a channel's own, each numbered and never used again under its number, and the installation's root.

The secret halves lie sealed; they are made by whoever signs, and this module only sees to it that one wins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Integer, LargeBinary, bindparam, insert, select

from tenants.ids import ChannelId, new_id
from tenants.scope import Record, Scope, Tenancy
from tenants.sealing import Seals
from tenants.statements import Lookup, scoped
from tenants.tables import binds, instant, owned, text

KEYS = owned(
    "signing_keys",
    text("kind"),
    Column("number", Integer, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    instant("created_at", now=True),
    instant("revoked_at"),
)
INSTALLATION = ChannelId(UUID(int=0))
ROOT_PURPOSE = "root signing key"
_K = KEYS.c
_OF_KIND = select(_K.number, _K.public, _K.sealed, _K.revoked_at).where(_K.kind == bindparam("kind"))
_NEWEST = scoped(_OF_KIND.where(_K.revoked_at.is_(None)).order_by(_K.number.desc()).limit(1))
_HISTORY = scoped(_OF_KIND.order_by(_K.number))
_ADD = scoped(insert(KEYS).values(**binds("id", "kind", "number", "public", "sealed")))
_ROOT = Lookup("select * from installation_root()", (), {})
_FOUND = Lookup("select found_installation($1, $2)", ("public", "sealed"), {})

Make = Callable[[], tuple[bytes, bytes]]
"""Makes a new pair: what anyone may read, and the secret."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key: `public` is a PEM certificate for documents and a Multikey for credentials; `secret` stays in memory."""

    number: int
    public: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"SigningKey(number={self.number}, public={self.public!r}, secret=…)"


async def own(scope: Scope, kind: str, seals: Seals, make: Make) -> SigningKey:
    """The channel's present key of a kind (`document` or `credential`), made now if it has none; the same for all."""
    row = await scope.first(_NEWEST, kind=kind)
    if row is None:
        await scope.serialise("signing keys", kind)
        row = await scope.first(_NEWEST, kind=kind) or await _add(scope, kind, seals, make)
    return _opened(scope, kind, seals, row)


async def present(scope: Scope, kind: str, seals: Seals) -> SigningKey | None:
    """The channel's present key of a kind, or None before it has signed anything."""
    row = await scope.first(_NEWEST, kind=kind)
    return _opened(scope, kind, seals, row) if row else None


async def history(scope: Scope, kind: str) -> list[tuple[int, bytes, datetime | None]]:
    """Every key of a kind that the channel ever had: number, public half, and when it was revoked."""
    return [(row["number"], row["public"], row["revoked_at"]) for row in await scope.all(_HISTORY, kind=kind)]


async def root(tenancy: Tenancy, seals: Seals, make: Make) -> SigningKey:
    """The installation's root, made now if there is none; the same for all who ask at once."""
    rows = await tenancy.look_up(_ROOT)
    if not rows:
        public, secret = make()
        await tenancy.look_up(_FOUND, public=public, sealed=seals.seal(INSTALLATION, ROOT_PURPOSE, secret))
        rows = await tenancy.look_up(_ROOT)
    return SigningKey(1, rows[0]["public"], seals.open(INSTALLATION, ROOT_PURPOSE, rows[0]["sealed"]))


async def root_certificate(tenancy: Tenancy) -> bytes | None:
    """The public half of the root, or None before the first document was signed."""
    rows = await tenancy.look_up(_ROOT)
    return bytes(rows[0]["public"]) if rows else None


async def _add(scope: Scope, kind: str, seals: Seals, make: Make) -> Record:
    numbers = [number for number, _, _ in await history(scope, kind)]
    public, secret = make()
    sealed = seals.seal(scope.channel_id, _purpose(kind), secret)
    await scope.run(_ADD, id=new_id(), kind=kind, number=max(numbers, default=0) + 1, public=public, sealed=sealed)
    return await scope.one(_NEWEST, kind=kind)


def _opened(scope: Scope, kind: str, seals: Seals, row: Record) -> SigningKey:
    return SigningKey(row["number"], row["public"], seals.open(scope.channel_id, _purpose(kind), row["sealed"]))


def _purpose(kind: str) -> str:
    return f"{kind} signing key"
