"""Bounces: addresses that the mail relay refuses, so that what nobody gets is not sent again and again."""

from sqlalchemy import Column, ForeignKey, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants.people.people import email_key
from tenants.scope import PersonScope, Record
from tenants.statements import PERSON, personal
from tenants.tables import binds, instant, shared, text

BOUNCES = shared(
    "bounces",
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    text("email_key"),
    text("reason"),
    instant("at", now=True),
)
REASON_LENGTH = 300
_NEW = insert(BOUNCES).values(person_id=PERSON, **binds("email_key", "reason"))
_NOTE = personal(
    _NEW.on_conflict_do_update(
        index_elements=["person_id"],
        set_={"email_key": _NEW.excluded.email_key, "reason": _NEW.excluded.reason, "at": func.now()},
    )
)
_OF = personal(
    select(BOUNCES.c.reason, BOUNCES.c.at).where(
        BOUNCES.c.person_id == PERSON, BOUNCES.c.email_key == bindparam("wanted")
    )
)
_FORGET = personal(delete(BOUNCES).where(BOUNCES.c.person_id == PERSON))


async def note(scope: PersonScope, email: str, reason: str) -> None:
    """The relay refused this address of the person; `reason` is its sentence."""
    await scope.run(_NOTE, email_key=email_key(email), reason=reason[:REASON_LENGTH])


async def standing(scope: PersonScope, email: str) -> Record | None:
    """`reason, at` when the relay refused this very address, and nothing has arrived there since; else None."""
    return await scope.first(_OF, wanted=email_key(email))


async def forget(scope: PersonScope) -> None:
    """A mail was taken for the person."""
    await scope.run(_FORGET)
