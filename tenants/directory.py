"""The directory: the few look-ups that no channel bounds, each one a SECURITY DEFINER function of its own role."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

from tenants.errors import Forbidden, NotFound, SignInNeeded
from tenants.ids import ChannelId, MemberId, PersonId, RoomId, SessionId
from tenants.permissions import VISITOR, Actor, Role
from tenants.scope import Record, Scope, Tenancy
from tenants.statements import Lookup, Scoped

_CHANNEL_AT = Lookup("select * from channel_at($1, $2)", ("slug", "host"), {})
_LISTED = Lookup("select * from channels_listed($1, $2)", ("after", "limit"), {})
_EVERY = Lookup("select * from every_channel($1, $2)", ("after", "limit"), {})
_MEMBERSHIPS = Lookup("select * from memberships_of($1)", ("person",), {})
_SESSION = Lookup("select * from session_of($1)", ("hash",), {})
_SOCKETS = Lookup("select * from sockets_standing($1, $2)", ("channels", "hashes"), {})
_ROOMS = Lookup("select * from rooms_standing($1, $2, $3)", ("channels", "members", "rooms"), {})
_HEADS = Lookup("select * from room_heads($1, $2)", ("channels", "rooms"), {})
_REPORTS_DUE = Lookup("select * from reports_due($1, $2)", ("now", "limit"), {})
_CERTIFICATE = Lookup("select * from certificate_at($1)", ("code",), {})
_CONNECTION = Lookup("select * from channel_of_connection($1)", ("connection",), {})
_INCOMING = Lookup("select * from channel_of_incoming($1)", ("address",), {})
_ACCOUNT = Lookup("select * from channel_of_account($1, $2)", ("provider", "account"), {})
_ADMIT_KEY = Scoped("select * from admit_key($1, $2)", ("channel_id", "hash"), {})
_ADMIT = Scoped("select * from admit($1, $2)", ("channel_id", "hash"), {})


@dataclass(frozen=True, slots=True)
class ChannelAt:
    """A channel as the directory knows it: enough to open its scope and to name it."""

    id: ChannelId
    slug: str
    name: str
    state: str
    host: str | None
    locale: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a token speaks for; `kind` is `cookie` or `access`, `for_channel` the only channel that it is good for."""

    person_id: PersonId
    session_id: SessionId
    kind: str
    name: str
    for_channel: ChannelId | None
    expires_at: datetime


async def channel_at(
    tenancy: Tenancy, *, slug: str | None = None, host: str | None = None, though_closed: bool = False
) -> ChannelAt:
    """The channel of a slug or of a custom host; NotFound when there is none or it was closed.

    What vouches for certificates asks for it though it be closed.
    """
    rows = await tenancy.look_up(_CHANNEL_AT, slug=slug, host=host)
    if not rows or (rows[0]["state"] == "closed" and not though_closed):
        raise NotFound("There is no channel at this address.", "no_such_channel")
    return ChannelAt(**dict(rows[0]))


async def certificate_at(tenancy: Tenancy, code: str) -> Record | None:
    """The certificate of a code, whichever channel issued it, open or closed, or None."""
    rows = await tenancy.look_up(_CERTIFICATE, code=code)
    return rows[0] if rows else None


async def channel_of_connection(tenancy: Tenancy, connection_id: UUID) -> ChannelId:
    """The channel of an open live connection, for the webhooks that come to it; NotFound when there is none."""
    rows = await tenancy.look_up(_CONNECTION, connection=connection_id)
    if not rows:
        raise NotFound("There is no live connection at this address.")
    return ChannelId(rows[0]["channel_id"])


async def channel_of_incoming(tenancy: Tenancy, address: UUID) -> tuple[ChannelId, UUID]:
    """The channel and the id of the incoming webhook at an address; NotFound when there is none.

    Forbidden while the channel is suspended.
    """
    rows = await tenancy.look_up(_INCOMING, address=address)
    if not rows:
        raise NotFound("There is no webhook at this address. Copy it again from the studio.", "no_such_webhook")
    if rows[0]["suspended"]:
        raise Forbidden("This channel is suspended. Its owner can ask the operator why.", "suspended")
    return ChannelId(rows[0]["channel_id"]), rows[0]["id"]


async def channel_of_account(tenancy: Tenancy, provider: str, account: str) -> ChannelId | None:
    """The channel that is paid into an account at a payment provider, for the webhooks about it, or None."""
    rows = await tenancy.look_up(_ACCOUNT, provider=provider, account=account)
    return ChannelId(rows[0]["channel_id"]) if rows else None


async def channels_listed(tenancy: Tenancy, *, after: UUID | None, limit: int) -> list[Record]:
    """Public channels in order of their birth: `id, slug, name, tagline, brand, locale`."""
    return await tenancy.look_up(_LISTED, after=after, limit=limit)


async def every_channel(tenancy: Tenancy, *, after: UUID | None, limit: int) -> list[Record]:
    """Channels that are not closed, listed or not, in order of their birth, for the operator: `id, slug`."""
    return await tenancy.look_up(_EVERY, after=after, limit=limit)


async def reports_due(tenancy: Tenancy, now: datetime, limit: int) -> list[tuple[ChannelId, date]]:
    """Channels whose last week has ended and has no report of its moderation, and the Monday on which it began."""
    rows = await tenancy.look_up(_REPORTS_DUE, now=now, limit=limit)
    return [(ChannelId(row["channel_id"]), row["week_on"]) for row in rows]


async def memberships_of(tenancy: Tenancy, person_id: PersonId) -> list[Record]:
    """The channels a person belongs to, oldest membership first: `id, slug, name, brand, role, joined_at`."""
    return await tenancy.look_up(_MEMBERSHIPS, person=person_id)


async def session_of(tenancy: Tenancy, token: str) -> SignedIn:
    """Whom a cookie or access token speaks for; SignInNeeded when it is unknown, expired, spent or ended."""
    rows = await tenancy.look_up(_SESSION, hash=hash_of(token))
    if not rows:
        raise SignInNeeded("This sign-in has ended. Sign in again.", "session_ended")
    return SignedIn(**dict(rows[0]))


async def sockets_ended(tenancy: Tenancy, sockets: Sequence[tuple[ChannelId, str]]) -> dict[int, str]:
    """Of sockets, each a channel and a token, those that must end, by place in the list, with the reason.

    Reasons: `channel_closed`, `session_ended`, `token_expired`, `banned`, `not_a_member`.
    """
    channels, tokens = [each[0] for each in sockets], [each[1] for each in sockets]
    rows = await tenancy.look_up(_SOCKETS, channels=channels, hashes=[hash_of(token) for token in tokens])
    return {row["place"] - 1: row["code"] for row in rows}


async def rooms_lost(tenancy: Tenancy, places: Sequence[tuple[ChannelId, MemberId, RoomId]]) -> list[int]:
    """Of members in rooms, those who may no longer be there, by place in the list."""
    channels, members, rooms = [[each[n] for each in places] for n in range(3)]
    rows = await tenancy.look_up(_ROOMS, channels=channels, members=members, rooms=rooms)
    return [row["place"] - 1 for row in rows]


async def room_heads(tenancy: Tenancy, rooms: Sequence[tuple[ChannelId, RoomId]]) -> dict[RoomId, int]:
    """The highest `seq` of each room."""
    channels, ids = [each[0] for each in rooms], [each[1] for each in rooms]
    rows = await tenancy.look_up(_HEADS, channels=channels, rooms=ids)
    return {RoomId(row["room_id"]): row["head_seq"] for row in rows}


async def admit(scope: Scope, token: str | None) -> Actor:
    """The actor that a token makes in the scope's channel, which the scope then acts as; a visitor without a token.

    Raises SignInNeeded for a token that is unknown, expired, spent or of an ended session.
    """
    if token is None:
        return VISITOR
    row = await scope.first(_ADMIT, hash=hash_of(token))
    if row is None:
        raise SignInNeeded("This sign-in has ended. Sign in again.", "session_ended")
    scope.actor = _actor(row)
    return scope.actor


async def admit_key(scope: Scope, token: str) -> tuple[Actor, list[str]]:
    """Whom a key acts for in the scope's channel, and its scopes.

    Raises SignInNeeded for one that is unknown here, expired or revoked, or whose maker closed their account.
    """
    row = await scope.first(_ADMIT_KEY, hash=hash_of(token))
    if row is None:
        raise SignInNeeded("This key is not good here, or no longer. Make another one.", "key_ended")
    return _actor(row), row["scopes"].split()


def hash_of(token: str) -> bytes:
    """What the database keeps of a token: its SHA-256; tokens are random enough to need no salt."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _actor(row: Record) -> Actor:
    belongs = row["member_id"] is not None and row["left_at"] is None
    return Actor(
        person_id=PersonId(row["person_id"]),
        member_id=MemberId(row["member_id"]) if belongs else None,
        role=Role(row["role"]) if belongs else None,
        name=row["member_name"] or row["person_name"],
        session_id=SessionId(row["session_id"]) if row["session_id"] else None,
        banned=_ban(row),
        banned_until=row["banned_until"],
        key_id=row.get("key_id"),
    )


def _ban(row: Record) -> str | None:
    if row["banned_at"] is None or (row["banned_until"] and row["banned_until"] <= datetime.now(UTC)):
        return None
    return row["ban_reason"] or "no reason was given"
