"""Unsent words: what a member has begun to write in a room, a thread or a conversation, the same on all their devices.

Each text carries a version, which rises with every change of it, however it came about. Who writes says which version
they go on from; words that go on from another one change nothing, so that what arrives late never takes the place of
what was written since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, func, literal, select

from tenants import notices
from tenants.community import attachments, direct, messages, rooms
from tenants.errors import Conflict, NotFound
from tenants.ids import MessageId, RoomId, new_id
from tenants.members.members import BANNED, MEMBERS
from tenants.members.unsent import UNSENT
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped, within
from tenants.texts import clean_text

MOST = 100
_U = UNSENT.c
_MINE = _U.member_id == bindparam("me", type_=Uuid())
_HERE = (_MINE, _U.place_id == bindparam("place_id", type_=Uuid()))
_SHOWN = (_U.room_id, _U.reply_to, _U.body, _U.version, _U.files, _U.written_at)
_ONE = scoped(select(*_SHOWN).where(*_HERE))
_ALL = scoped(select(*_SHOWN).where(_MINE).order_by(_U.written_at.desc(), _U.id.desc()))
_IN_ROOM = scoped(select(func.count()).select_from(UNSENT).where(_MINE, _U.room_id == bindparam("room_id")))
_ROOMS = scoped(select(_U.room_id).where(_MINE).distinct())
# Versions are of the clock, so that a text that is begun anew never has one that an earlier text had.
_PUT = Scoped(
    "insert into unsent (channel_id, id, member_id, room_id, reply_to, place_id, body, files, version, written_at)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8,"
    " (extract(epoch from clock_timestamp()) * 1000000)::bigint, clock_timestamp())"
    " on conflict (channel_id, member_id, place_id) do update set body = excluded.body, files = excluded.files,"
    " version = greatest(unsent.version + 1, excluded.version), written_at = excluded.written_at"
    " returning version",
    ("channel_id", "id", "me", "room_id", "reply_to", "place_id", "body", "files"),
    {},
)
_DROP = Scoped(
    "delete from unsent where channel_id = $1 and member_id = $2 and place_id = $3"
    " returning greatest(version + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)",
    ("channel_id", "me", "place_id"),
    {},
)
_OLDEST = select(_U.id).where(_MINE).order_by(_U.written_at.desc(), _U.id.desc()).offset(MOST)
_TRIM = scoped(delete(UNSENT).where(_MINE, _U.id.in_(within(_OLDEST))).returning(_U.room_id, _U.reply_to, _U.version))
# Whoever bans or leaves waits for what is being written, and takes it along.
_STANDS = scoped(
    select(literal(1))
    .select_from(MEMBERS)
    .where(MEMBERS.c.id == bindparam("me", type_=Uuid()), MEMBERS.c.left_at.is_(None), ~BANNED)
    .with_for_update(read=True)
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is meant to be sent: a room or conversation, or a thread in it."""

    room_id: UUID
    reply_to: UUID | None = None

    @property
    def id(self) -> UUID:
        """What the place is found by."""
        return self.reply_to or self.room_id


async def read(scope: Scope, place: Place) -> Record | None:
    """What the acting member has begun to write there: `room_id, reply_to, body, version, files, written_at`, or None.

    NotFound where they do not see the place.
    """
    scope.require(Action.ROOM_JOIN)
    await _find(scope, place)
    return await _standing(scope, place)


async def of_page(scope: Scope, place: Place) -> Record | None:
    """The same for a page that shows the place already; None too for anybody who is no member."""
    return await _standing(scope, place) if scope.actor.member_id and scope.actor.banned is None else None


async def mine(scope: Scope) -> list[Record]:
    """All that the acting member has begun to write where they still see it, the latest first; at most a hundred."""
    scope.require(Action.ROOM_JOIN)
    seen = {row["id"] for row in await direct.readable(scope)}
    return [row for row in await scope.all(_ALL, me=scope.member_id()) if row["room_id"] in seen]


async def rooms_of_mine(scope: Scope) -> frozenset[UUID]:
    """The rooms in which the acting member has begun to write; none for anybody else."""
    me = scope.actor.member_id
    return frozenset(row["room_id"] for row in await scope.all(_ROOMS, me=me)) if me else frozenset()


async def put(
    scope: Scope, place: Place, body: str, version: int | None = None, files: Sequence[UUID] | None = None
) -> int:
    """Keep what was begun, and answer its version; without words and files it is dropped, and that is 0.

    `files` are the member's own, uploaded for a message; None leaves those that stand there. What may not go into a
    message (any more) is left out. Invalid for more than ten, or one twice.

    With the `version` that the writer goes on from (0: nothing stood there) Conflict `draft_changed`, with what stands
    there under `present`, when another does. TooLarge above what a message holds; above a hundred the oldest goes.
    """
    body, given = clean_text(body, "/body"), None if files is None else attachments.check(files)
    rooms.require_writable(scope, await _find(scope, place))
    me = scope.member_id()
    await scope.serialise("unsent", me)
    if await scope.value(_STANDS, me=me) is None:
        raise NotFound("There is no such room here.", "no_such_room")
    found = await _standing(scope, place)
    if version is not None and version != (found["version"] if found else 0):
        present = {"body": found["body"], "version": found["version"]} if found else {"body": "", "version": 0}
        raise Conflict("This was changed at another device meanwhile.", "draft_changed", present=present)
    kept = await attachments.free(scope, given if given is not None else found["files"] if found else ())
    if not body.strip() and not kept:
        await _drop(scope, place)
        return 0
    where = {"room_id": place.room_id, "reply_to": place.reply_to, "place_id": place.id}
    ids = [UUID(each["id"]) for each in kept]
    written = int(await scope.value(_PUT, id=new_id(), me=me, **where, body=body, files=ids))
    for row in await scope.all(_TRIM, me=me):
        await _tell(scope, Place(row["room_id"], row["reply_to"]), "", row["version"] + 1)
    await _tell(scope, place, body, written, kept)
    return written


async def drop(scope: Scope, place: Place) -> None:
    """Drop what was begun there, for it was sent or emptied; however often it is said."""
    scope.require(Action.ROOM_JOIN)
    await _find(scope, place)
    await _drop(scope, place)


async def sent(scope: Scope, place: Place) -> None:
    """The same, for a form that has just posted it there."""
    await _drop(scope, place)


async def _find(scope: Scope, place: Place) -> Record:
    """The room of a place that the actor sees; NotFound too for a thread of another room."""
    room = await rooms.find(scope, place.room_id)
    if place.reply_to is not None and (await messages.find(scope, place.reply_to))["room"] != str(place.room_id):
        raise NotFound("There is no such message here.", "no_such_message")
    return room


async def _standing(scope: Scope, place: Place) -> Record | None:
    return await scope.first(_ONE, me=scope.member_id(), place_id=place.id)


async def _drop(scope: Scope, place: Place) -> None:
    dropped = await scope.value(_DROP, me=scope.member_id(), place_id=place.id)
    if dropped is not None:
        await _tell(scope, place, "", dropped)


async def _tell(
    scope: Scope, place: Place, body: str, version: int, files: Sequence[Mapping[str, str]] = ()
) -> None:  # fmt: skip
    """Their own devices hear it, and how many of theirs are left in the room."""
    if (person := scope.actor.person_id) is None:
        return
    left = int(await scope.value(_IN_ROOM, me=scope.member_id(), room_id=place.room_id))
    root = MessageId(place.reply_to) if place.reply_to else None
    words = {"body": body, "version": version, "files": list(files), "left": left}
    scope.announce(notices.draft_changed(person, RoomId(place.room_id), root, words))
