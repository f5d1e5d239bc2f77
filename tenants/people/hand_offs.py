"""Hand-offs: who is signed in at the installation's host signs in at a channel's own one, by a ticket that works once.

A ticket is good for LIFE_SECONDS, at one host, in the browser that began there: it keeps a nonce, of which only the
hash travels, so that a ticket planted on somebody else's browser opens nothing. The database keeps the ticket's hash.
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, ForeignKey, LargeBinary, Uuid, bindparam, exists, func, insert, select, update
from sqlalchemy import text as sql

from tenants.directory import ChannelAt, hash_of
from tenants.errors import Gone, Refusal
from tenants.ids import ChannelId, PersonId, SessionId
from tenants.people import sessions
from tenants.people.people import PEOPLE
from tenants.people.sessions import SESSIONS, Device, Place
from tenants.scope import PersonScope, Tenancy
from tenants.statements import PERSON, personal
from tenants.tables import binds, instant, shared, text

HAND_OFFS = shared(
    "hand_offs",
    Column("hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("session_id", Uuid, ForeignKey("sessions.id"), nullable=False),
    Column("for_channel", Uuid, ForeignKey("channels.id"), nullable=False),
    text("host"),
    Column("nonce_hash", LargeBinary, nullable=False),
    instant("created_at", now=True),
    instant("spent_at"),
)
LIFE_SECONDS = 60
NONCE = re.compile(r"[A-Za-z0-9_-]{43}")
_H = HAND_OFFS.c
_ADD = personal(
    insert(HAND_OFFS).values(person_id=PERSON, **binds("hash", "session_id", "for_channel", "host", "nonce_hash"))
)
_OPEN_SESSION = exists(
    select(SESSIONS.c.id)
    .join(PEOPLE, PEOPLE.c.id == SESSIONS.c.person_id)
    .where(SESSIONS.c.id == _H.session_id, SESSIONS.c.ended_at.is_(None), PEOPLE.c.closed_at.is_(None))
)
_SPEND = personal(
    update(HAND_OFFS)
    .where(
        _H.hash == bindparam("of_ticket"),
        _H.nonce_hash == bindparam("of_nonce"),
        _H.host == bindparam("at_host"),
        _H.for_channel == bindparam("at_channel"),
        _H.spent_at.is_(None),
        _H.created_at > func.now() - sql(f"interval '{LIFE_SECONDS} seconds'"),
        _OPEN_SESSION,
    )
    .values(spent_at=func.now())
    .returning(_H.session_id)
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who arrived at a channel's own host: their session there, and the token for its cookie."""

    person_id: PersonId
    session_id: SessionId
    token: str


def new_nonce() -> str:
    """What a browser keeps at the channel's host while it is away to sign in."""
    return secrets.token_urlsafe(32)


def sealed(nonce: str) -> str:
    """What travels of a nonce: its SHA-256, as letters."""
    return urlsafe_b64encode(hash_of(nonce)).decode().rstrip("=")


async def begin(scope: PersonScope, session_id: SessionId, channel_id: ChannelId, host: str, nonce_seal: str) -> str:
    """A ticket of the scope's person for one host; Refusal 400 when the nonce's seal is none."""
    ticket = urlsafe_b64encode(scope.person_id.bytes + secrets.token_bytes(32)).decode()
    values = {"hash": hash_of(ticket), "session_id": session_id, "for_channel": channel_id, "host": host}
    await scope.run(_ADD, **values, nonce_hash=_unsealed(nonce_seal))
    return ticket


def check_seal(nonce_seal: str) -> None:
    """Refusal 400 when it is no seal of a nonce."""
    _unsealed(nonce_seal)


async def spend(tenancy: Tenancy, channel: ChannelAt, host: str, ticket: str, nonce: str, device: Device) -> Arrival:
    """Trade a ticket for a session at the channel's own host, of the family of the one it was made in.

    Gone when it was used, is late, was made for another host or browser, or its sign-in has ended.
    """
    person_id = _person_of(ticket)
    if person_id is None or not NONCE.fullmatch(nonce):
        raise _spent()
    asked = {"of_ticket": hash_of(ticket), "of_nonce": hash_of(nonce), "at_host": host, "at_channel": channel.id}
    async with tenancy.person(person_id) as scope:
        row = await scope.first(_SPEND, **asked)
        if row is None:
            raise _spent()
        place = Place(channel.id, host, SessionId(row["session_id"]))
        session_id, token = await sessions.open_hosted(scope, device, place)
    return Arrival(person_id, session_id, token)


def _person_of(ticket: str) -> PersonId | None:
    try:
        raw = urlsafe_b64decode(ticket.encode("ascii"))
    except ValueError:
        return None
    return PersonId(UUID(bytes=raw[:16])) if len(raw) == 48 else None


def _unsealed(nonce_seal: str) -> bytes:
    if not NONCE.fullmatch(nonce_seal):
        raise Refusal(400, "not_begun", "Go to the channel’s own page and press “Sign in” there.")
    return urlsafe_b64decode(nonce_seal + "=")


def _spent() -> Gone:
    return Gone("This way in was used, or took longer than a minute. Press “Sign in” once more.", "hand_off_spent")
