"""Sessions: one per device. A browser holds a cookie token; a program an access token and a rotating refresh token.

Tokens are opaque and random; the database keeps their SHA-256. A refresh token works once: used again, by anyone, it
ends its session with every token of it (RFC 9700 section 4.14.2).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, ForeignKey, LargeBinary, Text, Uuid, bindparam, func, insert, select, update

from tenants.directory import hash_of
from tenants.errors import NotFound, SignInNeeded
from tenants.ids import PersonId, SessionId, new_id
from tenants.scope import PersonScope, Record, Tenancy
from tenants.statements import PERSON, Lookup, personal
from tenants.tables import binds, instant, shared, text

SESSIONS = shared(
    "sessions",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("id", Uuid, primary_key=True),
    text("kind"),
    text("agent", default=""),
    text("address", default=""),
    instant("created_at", now=True),
    instant("last_seen_at", now=True),
    instant("ended_at"),
    Column("end_reason", Text),
)
TOKENS = shared(
    "tokens",
    Column("hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("session_id", Uuid, ForeignKey("sessions.id"), nullable=False),
    text("kind"),
    instant("expires_at", now=True),
    instant("spent_at"),
)
BROWSER_DAYS = 30
AGENT_LENGTH = 300

_START = personal(insert(SESSIONS).values(person_id=PERSON, **binds("id", "kind", "agent", "address")))
_GIVE = personal(insert(TOKENS).values(person_id=PERSON, **binds("hash", "session_id", "kind", "expires_at")))
_SPEND = personal(
    update(TOKENS).where(TOKENS.c.hash == bindparam("h"), TOKENS.c.spent_at.is_(None)).values(spent_at=func.now())
)
_END = personal(
    update(SESSIONS)
    .where(SESSIONS.c.id == bindparam("session_id"), SESSIONS.c.person_id == PERSON, SESSIONS.c.ended_at.is_(None))
    .values(ended_at=func.now(), end_reason=bindparam("reason"))
)
_END_OTHERS = personal(
    update(SESSIONS)
    .where(SESSIONS.c.id != bindparam("but"), SESSIONS.c.person_id == PERSON, SESSIONS.c.ended_at.is_(None))
    .values(ended_at=func.now(), end_reason="signed out everywhere")
)
_SEEN = personal(update(SESSIONS).where(SESSIONS.c.id == bindparam("session_id")).values(last_seen_at=func.now()))
_OPEN = personal(
    select(SESSIONS.c.id, SESSIONS.c.kind, SESSIONS.c.agent, SESSIONS.c.address, SESSIONS.c.created_at,
           SESSIONS.c.last_seen_at)
    .where(SESSIONS.c.person_id == PERSON, SESSIONS.c.ended_at.is_(None))
    .order_by(SESSIONS.c.last_seen_at.desc())
    .limit(100)
)  # fmt: skip
_REFRESH = Lookup("select * from refresh_of($1)", ("hash",), {})


@dataclass(frozen=True, slots=True)
class Device:
    """What is kept of where a session was started: the browser's name for itself, and its address."""

    agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    """Tokens as they are given once: `access` for `expires_in` seconds, `refresh` to get the next pair."""

    session_id: SessionId
    access: str
    expires_in: int
    refresh: str


@dataclass(frozen=True, slots=True)
class Lives:
    """How long tokens live: access in seconds, refresh in days."""

    access_seconds: int = 900
    refresh_days: int = 7


async def open_browser(scope: PersonScope, device: Device) -> tuple[SessionId, str]:
    """Start a browser's session; its id and its cookie token, good for BROWSER_DAYS."""
    session_id = await _start(scope, "browser", device)
    token = await _give(scope, session_id, "cookie", timedelta(days=BROWSER_DAYS))
    return session_id, token


async def open_api(scope: PersonScope, device: Device, lives: Lives) -> Pass:
    """Start a program's session with its first pair of tokens."""
    return await _pass(scope, await _start(scope, "api", device), lives)


async def refresh(tenancy: Tenancy, token: str, lives: Lives) -> tuple[PersonId, str, Pass]:
    """Trade a refresh token for the next pair; person id, name, tokens.

    SignInNeeded when it is unknown or expired; when it was used before, its session also ends.
    """
    rows = await tenancy.look_up(_REFRESH, hash=hash_of(token))
    if not rows:
        raise SignInNeeded("This refresh token is not one of ours, or has expired. Sign in again.", "refresh_unknown")
    person_id, session_id = PersonId(rows[0]["person_id"]), SessionId(rows[0]["session_id"])
    async with tenancy.person(person_id) as scope:
        if await scope.run(_SPEND, h=hash_of(token)):
            await scope.run(_SEEN, session_id=session_id)
            return person_id, rows[0]["name"], await _pass(scope, session_id, lives)
        await end(scope, session_id, "a refresh token was used twice")
    raise SignInNeeded("This refresh token was used before. Its session has ended. Sign in again.", "refresh_reused")


async def end(scope: PersonScope, session_id: SessionId, reason: str = "signed out") -> bool:
    """End a session of the person with every token of it; False when it had ended or is not theirs."""
    return bool(await scope.run(_END, session_id=session_id, reason=reason))


async def end_device(scope: PersonScope, session_id: UUID) -> None:
    """Sign a device out; NotFound when it is not one of the person's open ones."""
    if not await end(scope, SessionId(session_id), "signed out from another device"):
        raise NotFound("That device is signed out already.")


async def end_others(scope: PersonScope, but: SessionId) -> int:
    """Sign out every device but one; how many there were."""
    return await scope.run(_END_OTHERS, but=but)


async def devices(scope: PersonScope) -> list[Record]:
    """Open sessions, last used first: `id, kind, agent, address, created_at, last_seen_at`."""
    return await scope.all(_OPEN)


async def _start(scope: PersonScope, kind: str, device: Device) -> SessionId:
    session_id = SessionId(new_id())
    await scope.run(_START, id=session_id, kind=kind, agent=device.agent[:AGENT_LENGTH], address=device.address)
    return session_id


async def _pass(scope: PersonScope, session_id: SessionId, lives: Lives) -> Pass:
    access = await _give(scope, session_id, "access", timedelta(seconds=lives.access_seconds))
    refresh_token = await _give(scope, session_id, "refresh", timedelta(days=lives.refresh_days))
    return Pass(session_id, access, lives.access_seconds, refresh_token)


async def _give(scope: PersonScope, session_id: SessionId, kind: str, life: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + life
    await scope.run(_GIVE, hash=hash_of(token), session_id=session_id, kind=kind, expires_at=expires_at)
    return token
