"""Idempotency keys: the answer of a write, kept beside what it wrote; the same request again changes nothing."""

from dataclasses import dataclass

from sqlalchemy import Column, ForeignKey, LargeBinary, SmallInteger, Text, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from tenants.errors import Conflict, Invalid
from tenants.scope import Scope
from tenants.statements import PERSON, personal
from tenants.tables import binds, instant, shared

KEYS = shared(
    "idempotency_keys",
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    instant("created_at", now=True),
)
_KEPT = personal(
    select(KEYS.c.fingerprint, KEYS.c.status, KEYS.c.body).where(
        KEYS.c.person_id == PERSON,
        KEYS.c.route == bindparam("route"),
        KEYS.c.key == bindparam("key"),
        KEYS.c.created_at > func.now() - text("interval '24 hours'"),
    )
)
_NEW = insert(KEYS).values(person_id=PERSON, **binds("route", "key", "fingerprint", "status", "body"))
_KEEP = personal(
    _NEW.on_conflict_do_update(
        index_elements=["person_id", "route", "key"],
        set_={name: _NEW.excluded[name] for name in ("fingerprint", "status", "body")} | {"created_at": func.now()},
    )
)
# A key belongs to a person and not to a channel, and so does its lock: the channel may be what is being made.
_CLAIM = personal(select(func.pg_try_advisory_xact_lock(func.hashtextextended(bindparam("claim", type_=Text), 0))))


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer given before: HTTP status and the very bytes of its body."""

    status: int
    body: bytes


async def recall(scope: Scope, route: str, key: str, fingerprint: bytes) -> Kept | None:
    """The kept answer, or None when the work is still to do, in this transaction.

    Conflict when another transaction is doing it now; Invalid when the key was used with another body.
    """
    claim = f"idempotency {scope.actor.person_id} {route} {key}"
    if not (await scope.personal(_CLAIM, claim=claim))[0][0]:
        raise Conflict("A request with this Idempotency-Key is still running.", "still_running")
    rows = await scope.personal(_KEPT, route=route, key=key)
    if not rows:
        return None
    if bytes(rows[0]["fingerprint"]) != fingerprint:
        raise Invalid("This Idempotency-Key was used with another request.", "key_reused")
    return Kept(rows[0]["status"], bytes(rows[0]["body"]))


async def keep(scope: Scope, route: str, key: str, fingerprint: bytes, answer: Kept) -> None:
    """Keep the answer in the transaction that did the work."""
    await scope.personal(_KEEP, route=route, key=key, fingerprint=fingerprint, status=answer.status, body=answer.body)
