"""Sessions: one per device. A browser holds a cookie token; a program an access token and a rotating refresh token.

Tokens are opaque and random; the database keeps their SHA-256. A refresh token works once: used again, by anyone, it
ends its session with every token of it (RFC 9700 section 4.14.2).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, ForeignKey, LargeBinary, Text, Uuid, bindparam, func, insert, or_, select, update
from sqlalchemy import text as text_clause

from tenants.directory import hash_of
from tenants.errors import NotFound, SignInNeeded
from tenants.ids import ChannelId, PersonId, SessionId, new_id
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
    # One at a channel's own host is good for that channel alone, and begun from one at the installation's.
    Column("for_channel", Uuid, ForeignKey("channels.id")),
    Column("host", Text),
    Column("begun_from", Uuid, ForeignKey("sessions.id")),
    instant("proved_at"),
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
FRESH_MINUTES = 30
HOSTED = "~"
_S = SESSIONS.c
_BOUND = ("for_channel", "host", "begun_from")

_START = personal(insert(SESSIONS).values(person_id=PERSON, **binds("id", "kind", "agent", "address", *_BOUND)))
_GIVE = personal(insert(TOKENS).values(person_id=PERSON, **binds("hash", "session_id", "kind", "expires_at")))
_SPEND = personal(
    update(TOKENS).where(TOKENS.c.hash == bindparam("h"), TOKENS.c.spent_at.is_(None)).values(spent_at=func.now())
)
_OWN_OPEN = (_S.person_id == PERSON, _S.ended_at.is_(None))
_ENDED = {"ended_at": func.now(), "end_reason": bindparam("reason")}
# The session at the installation's host and those at channels' own hosts that were begun from it.
_ROOT = func.coalesce(_S.begun_from, _S.id)
_OF = SESSIONS.alias("of")
_FAMILY = (
    select(func.coalesce(_OF.c.begun_from, _OF.c.id))
    .where(_OF.c.id == bindparam("session_id"), _OF.c.person_id == PERSON)
    .scalar_subquery()
)
_END = personal(
    update(SESSIONS)
    .where(or_(_S.id == bindparam("session_id"), _S.begun_from == bindparam("session_id")), *_OWN_OPEN)
    .values(_ENDED)
)
_END_FAMILY = personal(update(SESSIONS).where(_ROOT == _FAMILY, *_OWN_OPEN).values(_ENDED))
_END_OTHERS = personal(update(SESSIONS).where(_ROOT != _FAMILY, *_OWN_OPEN).values(_ENDED))
_END_ALL = personal(update(SESSIONS).where(*_OWN_OPEN).values(_ENDED))
_PROVED = personal(update(SESSIONS).where(_S.id == bindparam("session_id"), *_OWN_OPEN).values(proved_at=func.now()))
_FRESH = personal(
    select(_S.id).where(
        _S.id == bindparam("session_id"),
        _S.proved_at > func.now() - text_clause(f"interval '{FRESH_MINUTES} minutes'"),
        *_OWN_OPEN,
    )
)
_STANDS = personal(
    select(SESSIONS.c.id).where(
        SESSIONS.c.person_id == PERSON, SESSIONS.c.id == bindparam("session_id"), SESSIONS.c.ended_at.is_(None)
    )
)
_SEEN = personal(update(SESSIONS).where(SESSIONS.c.id == bindparam("session_id")).values(last_seen_at=func.now()))
_OPEN = personal(
    select(SESSIONS.c.id, SESSIONS.c.kind, SESSIONS.c.agent, SESSIONS.c.address, SESSIONS.c.created_at,
           SESSIONS.c.last_seen_at, SESSIONS.c.host)
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


@dataclass(frozen=True, slots=True)
class Place:
    """A channel's own host, and the session at the installation's host that one there is begun from."""

    channel_id: ChannelId
    host: str
    begun_from: SessionId


async def open_browser(scope: PersonScope, device: Device, *, proved: bool = False) -> tuple[SessionId, str]:
    """Start a browser's session; its id and its cookie token, good for BROWSER_DAYS.

    `proved` when it begins by a link in a mail, which proves the address.
    """
    session_id = await _start(scope, "browser", device)
    if proved:
        await scope.run(_PROVED, session_id=session_id)
    return session_id, await _give(scope, session_id, "cookie", timedelta(days=BROWSER_DAYS))


async def open_hosted(scope: PersonScope, device: Device, place: Place) -> tuple[SessionId, str]:
    """Start a browser's session at a channel's own host; its id and the cookie token that is good at that host."""
    session_id, token = await _start(scope, "browser", device, place), HOSTED + secrets.token_urlsafe(32)
    await _keep(scope, session_id, "cookie", at_host(token, place.host), timedelta(days=BROWSER_DAYS))
    return session_id, token


def at_host(token: str, host: str) -> str:
    """What a cookie token amounts to at the host it was sent to: one of a channel's own host is good there alone."""
    return f"{token}@{host}" if token.startswith(HOSTED) else token


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
    """End a session of the person, and those begun from it; False when it had ended or is not theirs."""
    return bool(await scope.run(_END, session_id=session_id, reason=reason))


async def end_family(scope: PersonScope, session_id: SessionId, reason: str = "signed out") -> None:
    """End a session with the one it was begun from and all that were begun from that: a browser at every host."""
    await scope.run(_END_FAMILY, session_id=session_id, reason=reason)


async def end_device(scope: PersonScope, session_id: UUID) -> None:
    """Sign a device out; NotFound when it is not one of the person's open ones."""
    if not await end(scope, SessionId(session_id), "signed out from another device"):
        raise NotFound("That device is signed out already.")


async def end_others(scope: PersonScope, but: SessionId, reason: str = "signed out everywhere") -> int:
    """Sign out every device but one; how many sessions there were."""
    return await scope.run(_END_OTHERS, session_id=but, reason=reason)


async def end_all(scope: PersonScope, reason: str) -> int:
    """Sign out every device; how many sessions there were."""
    return await scope.run(_END_ALL, reason=reason)


async def is_fresh(scope: PersonScope, session_id: SessionId) -> bool:
    """Whether the session began by a link in a mail within the last FRESH_MINUTES."""
    return await scope.first(_FRESH, session_id=session_id) is not None


async def stands(scope: PersonScope, session_id: UUID) -> bool:
    """Whether nobody has ended a session of the person, by signing out there or from elsewhere."""
    return await scope.first(_STANDS, session_id=session_id) is not None


async def devices(scope: PersonScope) -> list[Record]:
    """Open sessions, last used first: `id, kind, agent, address, created_at, last_seen_at, host`."""
    return await scope.all(_OPEN)


async def _start(scope: PersonScope, kind: str, device: Device, place: Place | None = None) -> SessionId:
    session_id = SessionId(new_id())
    bound = (place.channel_id, place.host, place.begun_from) if place else (None, None, None)
    values = {"id": session_id, "kind": kind, "agent": device.agent[:AGENT_LENGTH], "address": device.address}
    await scope.run(_START, **values, **dict(zip(_BOUND, bound, strict=True)))
    return session_id


async def _pass(scope: PersonScope, session_id: SessionId, lives: Lives) -> Pass:
    access = await _give(scope, session_id, "access", timedelta(seconds=lives.access_seconds))
    refresh_token = await _give(scope, session_id, "refresh", timedelta(days=lives.refresh_days))
    return Pass(session_id, access, lives.access_seconds, refresh_token)


async def _give(scope: PersonScope, session_id: SessionId, kind: str, life: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    await _keep(scope, session_id, kind, token, life)
    return token


async def _keep(scope: PersonScope, session_id: SessionId, kind: str, token: str, life: timedelta) -> None:
    expires_at = datetime.now(UTC) + life
    await scope.run(_GIVE, hash=hash_of(token), session_id=session_id, kind=kind, expires_at=expires_at)
