"""Unsubscribes: which kinds of mail a person wants no more of from a channel; one press says so (RFC 8058)."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from tenants.ids import ChannelId, PersonId, new_id
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, text

UNSUBSCRIBES = owned(
    "unsubscribes",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("kind"),
    instant("at", now=True),
)
KINDS: Mapping[str, str] = {
    "recording_ready": "new recordings",
    "mentioned": "messages that mention you",
    "replied": "replies in threads you follow",
    "digest": "what is unread",
    "moderation_report": "weeks of moderation",
}
"""Kinds of mail that one may do without, with what they are about."""

_U = UNSUBSCRIBES.c
_THIS = (_U.person_id == bindparam("of_person"), _U.kind == bindparam("of_kind"))
_PUT = scoped(
    insert(UNSUBSCRIBES)
    .values(**binds("id", "person_id", "kind"))
    .on_conflict_do_nothing(index_elements=["channel_id", "person_id", "kind"])
)
_TAKE_BACK = scoped(delete(UNSUBSCRIBES).where(*_THIS))
_ALL = scoped(select(_U.kind).where(_THIS[0]))
_FIND = scoped(select(_U.id).where(*_THIS))


@dataclass(frozen=True, slots=True)
class Named:
    """Who wants no more of which kind of mail, and from which channel."""

    channel_id: ChannelId
    person_id: PersonId
    kind: str


@dataclass(frozen=True, slots=True)
class UnsubscribeSecrets:
    """Makes and reads the tokens in mails under the installation's SECRET_KEY; they hold for as long as the mail."""

    key: bytes

    def token(self, named: Named) -> str:
        """The token of a mail's unsubscribe link."""
        facts = named.channel_id.bytes + named.person_id.bytes + named.kind.encode()
        return urlsafe_b64encode(self._proof(facts) + facts).decode().rstrip("=")

    def read(self, token: str) -> Named | None:
        """What a token names, or None when we did not write it."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            return None
        proof, facts = raw[:16], raw[16:]
        if not hmac.compare_digest(self._proof(facts), proof):
            return None
        channel_id, person_id = ChannelId(UUID(bytes=facts[:16])), PersonId(UUID(bytes=facts[16:32]))
        return Named(channel_id, person_id, facts[32:].decode())

    def _proof(self, facts: bytes) -> bytes:
        return hmac.digest(self.key, b"unsubscribe" + facts, sha256)[:16]


async def put(scope: Scope, person_id: PersonId, kind: str, *, on: bool) -> None:
    """No more of this kind for the person, or again; however often it is said."""
    if on:
        await scope.run(_PUT, id=new_id(), person_id=person_id, kind=kind)
    else:
        await scope.run(_TAKE_BACK, of_person=person_id, of_kind=kind)


async def stands(scope: Scope, person_id: PersonId, kind: str) -> bool:
    """Whether the person wants no more of this kind from the scope's channel."""
    return await scope.first(_FIND, of_person=person_id, of_kind=kind) is not None


async def all_of(scope: Scope, person_id: PersonId) -> set[str]:
    """The kinds of mail that the person wants no more of from the scope's channel."""
    return {row["kind"] for row in await scope.all(_ALL, of_person=person_id)}
