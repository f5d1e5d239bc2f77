"""Keys of a channel: made by those who may, shown once, kept as a hash, good until they expire or are revoked."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Uuid, and_, bindparam, func, insert, select, update
from sqlalchemy import text as sql

from tenants import audit, directory
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.ids import new_id
from tenants.keys import tokens
from tenants.keys.scopes import KeyScope, actions, widened
from tenants.members.members import MEMBERS
from tenants.permissions import Action, Actor
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line

API_KEYS = owned(
    "api_keys",
    text("name"),
    Column("hash", LargeBinary, nullable=False),
    text("ending"),
    Column("member_id", Uuid, nullable=False),
    text("scopes"),
    instant("created_at", now=True),
    instant("expires_at"),
    instant("used_at"),
    instant("revoked_at"),
    refers("member_id", "members"),
)
MOST_KEYS = 50
_K = API_KEYS.c
_SHOWN = (_K.id, _K.name, _K.ending, _K.member_id, _K.scopes, _K.created_at, _K.expires_at, _K.used_at)
_ALL = scoped(
    select(*_SHOWN, MEMBERS.c.name.label("maker"))
    .join(MEMBERS, and_(MEMBERS.c.channel_id == _K.channel_id, MEMBERS.c.id == _K.member_id))
    .where(_K.revoked_at.is_(None))
    .order_by(_K.id)
    .limit(MOST_KEYS)
)
_ADD = scoped(
    insert(API_KEYS)
    .values(**binds("id", "name", "hash", "ending", "member_id", "scopes", "expires_at"))
    .returning(*_SHOWN)
)
_REVOKE = scoped(
    update(API_KEYS).where(_K.id == bindparam("at"), _K.revoked_at.is_(None)).values(revoked_at=func.now())
)
_TOUCH = scoped(
    update(API_KEYS)
    .where(
        _K.id == bindparam("at"),
        func.coalesce(_K.used_at, sql("'-infinity'::timestamptz")) < func.now() - sql("interval '1 minute'"),
    )
    .values(used_at=func.now())
)


async def every(scope: Scope) -> list[Record]:
    """The keys that were not revoked, oldest first, each with its last four letters and what its maker is called.

    `id, name, ending, member_id, maker, scopes, created_at, expires_at, used_at`; scopes as words between spaces.
    """
    scope.require(Action.KEY_EDIT)
    return await scope.all(_ALL)


async def make(
    scope: Scope, *, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[Record, str]:
    """A new key that acts as the acting member, and the key itself, which is shown this once.

    Invalid for no scope or an unknown one, or an end that is past; Conflict when there are MOST_KEYS.
    """
    scope.require(Action.KEY_EDIT)
    member_id, wanted = scope.member_id(), list(dict.fromkeys(scopes))
    if not wanted or not set(wanted) <= set(KeyScope):
        raise Invalid.field("/scopes", "unknown", f"Choose one or more of: {', '.join(KeyScope)}.")
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= datetime.now(UTC)):
        raise Invalid.field("/expires_at", "past", "A key ends in the future, at a time with its zone.")
    await scope.serialise("api keys")
    if len(await scope.all(_ALL)) >= MOST_KEYS:
        raise Conflict(f"A channel has at most {MOST_KEYS} keys. Revoke one first.", "too_many_keys")
    token, key_id = tokens.make(), new_id()
    row = await scope.one(
        _ADD, id=key_id, name=clean_line(name, "/name"), hash=directory.hash_of(token), ending=token[-4:],
        member_id=member_id, scopes=" ".join(wanted), expires_at=expires_at,
    )  # fmt: skip
    await audit.record(scope, "key.make", key_id, scopes=wanted)
    return row, token


async def revoke(scope: Scope, key_id: UUID) -> None:
    """End a key at once; NotFound when there is none, or it was revoked before."""
    scope.require(Action.KEY_EDIT)
    if await scope.run(_REVOKE, at=key_id) == 0:
        raise NotFound()
    await audit.record(scope, "key.revoke", key_id)


async def touch(scope: Scope) -> None:
    """Note that the acting key was used; written at most once a minute."""
    await scope.run(_TOUCH, at=scope.actor.key_id)


async def admit(scope: Scope, token: str, needs: KeyScope | None) -> Actor:
    """The actor that a key makes in the scope's channel, which the scope then acts as: its maker, within its scopes.

    Raises SignInNeeded for a key that is mistyped, unknown here, expired or revoked, Forbidden `key_refused` where no
    key is taken, and `key_scope` for one without the scope `needs`.
    """
    tokens.check(token)
    actor, given = await directory.admit_key(scope, token)
    if needs is None:
        raise refused()
    held = widened(given)
    if needs not in held:
        raise Forbidden(f"This key has not the scope {needs}. Make one that has.", "key_scope", scope=needs)
    scope.actor = actor.narrowed(actions(held))
    return scope.actor


def refused() -> Forbidden:
    """What a key is told where none is taken."""
    return Forbidden("Keys are not taken here. A person signs in for this.", "key_refused")
