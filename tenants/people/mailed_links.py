"""Links by mail: sign in, or confirm an address, once and for 30 minutes.

The secret of a link is an HMAC of its id under the installation's key, so that neither the database nor the mail job
holds it.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Uuid, bindparam, func, text, update
from sqlalchemy.dialects.postgresql import insert

from tenants import tables
from tenants.errors import Refusal
from tenants.ids import PersonId, new_id
from tenants.jobs import SendMail
from tenants.people import people, sign_in
from tenants.people.sign_in import Known
from tenants.scope import PersonScope, Tenancy
from tenants.statements import PERSON, personal

LINKS = tables.shared(
    "mailed_links",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("id", Uuid, primary_key=True),
    tables.text("purpose"),
    tables.instant("created_at", now=True),
    tables.instant("used_at"),
)
MINUTES = 30
_NEW = insert(LINKS).values(person_id=PERSON, **tables.binds("id", "purpose"))
_ADD, _ADD_ONCE = personal(_NEW), personal(_NEW.on_conflict_do_nothing(index_elements=["id"]))
_USE = personal(
    update(LINKS)
    .where(
        LINKS.c.id == bindparam("link_id"),
        LINKS.c.used_at.is_(None),
        LINKS.c.created_at > func.now() - text(f"interval '{MINUTES} minutes'"),
    )
    .values(used_at=func.now())
    .returning(LINKS.c.purpose)
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


async def send(tenancy: Tenancy, email: str) -> None:
    """Mail a sign-in link to the address if a person has it; whoever asks cannot tell."""
    known = await sign_in.find(tenancy, email)
    if known:
        async with tenancy.person(known.id) as scope:
            scope.enqueue(SendMail("magic_link", known.id, await add(scope, "sign_in")))


async def add(scope: PersonScope, purpose: str) -> UUID:
    """A new link of the scope's person; its id."""
    link_id = new_id()
    await scope.run(_ADD, id=link_id, purpose=purpose)
    return link_id


async def add_once(scope: PersonScope, link_id: UUID, purpose: str) -> None:
    """The link of this id for the scope's person, however often it is asked for."""
    await scope.run(_ADD_ONCE, id=link_id, purpose=purpose)


async def use(tenancy: Tenancy, secrets: LinkSecrets, token: str) -> Known:
    """The person of a link, which is used up by it and confirms their address; Refusal 410 when it is no good."""
    named = secrets.read(token)
    spent = Refusal(410, "link_spent", "This link was used or has expired. Ask for a new one.")
    if named is None:
        raise spent
    async with tenancy.person(named[0]) as scope:
        if await scope.first(_USE, link_id=named[1]) is None:
            raise spent
        await people.confirm(scope)
        row = await people.me(scope)
    return Known(named[0], row["name"])
