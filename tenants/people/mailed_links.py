"""Links by mail: sign in, set a password, confirm an address, accept an invitation; each works once, for its time.

The first link of an address proves whose it is: what was done before under it, by whoever signed up with it, ends.
The secret of a link is an HMAC of its id under the installation's key, so that neither the database nor the mail job
holds it.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Uuid, bindparam, case, func, update
from sqlalchemy.dialects.postgresql import insert

from tenants import tables
from tenants.errors import Gone
from tenants.ids import PersonId, new_id
from tenants.jobs import SendMail
from tenants.people import people, sessions, sign_in
from tenants.people.sign_in import Known
from tenants.scope import PersonScope, Tenancy
from tenants.statements import PERSON, personal
from tenants.tables import text

LINKS = tables.shared(
    "mailed_links",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("id", Uuid, primary_key=True),
    text("purpose"),
    tables.instant("created_at", now=True),
    tables.instant("used_at"),
    text("following", default="/"),
)
Purpose = Literal["sign_in", "password", "confirm", "invitation"]
MINUTES, CONFIRM_HOURS, INVITATION_DAYS = 30, 24, 7
_LIVES: dict[Purpose, timedelta] = {
    "sign_in": timedelta(minutes=MINUTES),
    "password": timedelta(minutes=MINUTES),
    "confirm": timedelta(hours=CONFIRM_HOURS),
    "invitation": timedelta(days=INVITATION_DAYS),
}
_NEW = insert(LINKS).values(person_id=PERSON, **tables.binds("id", "purpose", "following"))
_ADD, _ADD_ONCE = personal(_NEW), personal(_NEW.on_conflict_do_nothing(index_elements=["id"]))
_USE = personal(
    update(LINKS)
    .where(
        LINKS.c.id == bindparam("link_id"),
        LINKS.c.used_at.is_(None),
        LINKS.c.created_at > func.now() - case(_LIVES, value=LINKS.c.purpose, else_=timedelta(0)),
    )
    .values(used_at=func.now())
    .returning(LINKS.c.following)
)


@dataclass(frozen=True, slots=True)
class LinkSecrets:
    """Makes and reads the tokens of links under the installation's SECRET_KEY."""

    key: bytes

    def token(self, person_id: UUID, link_id: UUID) -> str:
        """The token that the mail carries: person, link, and the proof that we wrote it."""
        facts = person_id.bytes + link_id.bytes
        return urlsafe_b64encode(facts + self._proof(facts)).decode()

    def read(self, token: str) -> tuple[PersonId, UUID] | None:
        """Whom and what a token names, or None when we did not write it."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii"))
        except ValueError:
            return None
        facts, proof = raw[:32], raw[32:]
        if len(facts) != 32 or not hmac.compare_digest(self._proof(facts), proof):
            return None
        return PersonId(UUID(bytes=facts[:16])), UUID(bytes=facts[16:])

    def _proof(self, facts: bytes) -> bytes:
        return hmac.digest(self.key, b"mailed link" + facts, sha256)[:16]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a link proved: whose it was, where they were going, and whether it was the first one of their address."""

    known: Known
    following: str
    first: bool


async def send(
    tenancy: Tenancy, email: str, purpose: Purpose = "sign_in", following: str = "/", *, language: str = "en"
) -> None:
    """Mail a link to the address if a person has it, in a language; whoever asks cannot tell."""
    known = await sign_in.find(tenancy, email)
    if known:
        template = "new_password" if purpose == "password" else "magic_link"
        async with tenancy.person(known.id) as scope:
            link_id = await add(scope, purpose, following)
            scope.enqueue(SendMail(template, known.id, link_id, language))


async def add(scope: PersonScope, purpose: Purpose, following: str = "/") -> UUID:
    """A new link of the scope's person, leading on to a path of ours; its id."""
    link_id = new_id()
    await scope.run(_ADD, id=link_id, purpose=purpose, following=following)
    return link_id


async def add_once(scope: PersonScope, link_id: UUID, purpose: Purpose) -> None:
    """The link of this id for the scope's person, however often it is asked for."""
    await scope.run(_ADD_ONCE, id=link_id, purpose=purpose, following="/")


async def use(tenancy: Tenancy, secrets: LinkSecrets, token: str) -> Proof:
    """The person of a link, which is used up by it and proves their address; Refusal 410 when it is no good.

    The first proof of an address voids the password set before it and ends every session begun before it.
    """
    async with tenancy.person(named_by(secrets, token)) as scope:
        return await use_in(scope, secrets, token)


async def use_in(scope: PersonScope, secrets: LinkSecrets, token: str) -> Proof:
    """`use` in the transaction of more work; the scope is that of the person whom `named_by` found."""
    named = secrets.read(token)
    row = await scope.first(_USE, link_id=named[1]) if named else None
    if row is None:
        raise _spent()
    first = await people.prove(scope)
    if first:
        await sessions.end_all(scope, "the address was proved to be somebody’s")
    person = await people.me(scope)
    return Proof(Known(PersonId(scope.person_id), person["name"]), row["following"], first)


def named_by(secrets: LinkSecrets, token: str) -> PersonId:
    """Whom a link names; Refusal 410 when we did not write it."""
    named = secrets.read(token)
    if named is None:
        raise _spent()
    return named[0]


def _spent() -> Gone:
    return Gone("This link was used or has expired. Ask for a new one.", "link_spent")
