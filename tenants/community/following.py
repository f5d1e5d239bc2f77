"""Following: who hears of a thread, and how far they have read it.

Whoever wrote in it, began it or was mentioned in it follows it until they say otherwise; others may by hand.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants.errors import NotFound
from tenants.ids import new_id
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds, owned, refers

THREAD_MEMBERS = owned(
    "thread_members",
    Column("message_id", Uuid, nullable=False),
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("following", Boolean, nullable=False),
    refers("message_id", "messages"),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)
_T = THREAD_MEMBERS.c
# In a thread that begins in this room, and whose first message is there.
_COUNT = Scoped(
    "update messages set thread_count = thread_count + 1, thread_last_at = now(),"
    " thread_last_seq = greatest(thread_last_seq, $4::bigint)"
    " where channel_id = $1 and id = $2 and room_id = $3 and deleted_at is null"
    # Who keeps the webhook of a program did not write what it says.
    " returning case when program_id is null then member_id end as member_id, seq",
    ("channel_id", "root_id", "room_id", "seq"),
    {},
)
_KEY = ["channel_id", "member_id", "message_id"]
# Who replies has read what was said; the others keep their place, and their wish to be left alone.
_JOIN = Scoped(
    "insert into thread_members (channel_id, id, message_id, room_id, member_id, last_seq, following)"
    " select $1, new.id, $2, $3, new.member_id, case when new.member_id = $4 then $5 else $5 - 1 end, true"
    " from unnest($6::uuid[], $7::uuid[]) as new(id, member_id) order by new.member_id"
    " on conflict (channel_id, member_id, message_id) do update"
    " set last_seq = greatest(thread_members.last_seq, excluded.last_seq), following = true"
    " where excluded.member_id = $4",
    ("channel_id", "message_id", "room_id", "author", "seq", "ids", "members"),
    {},
)
_NEW = insert(THREAD_MEMBERS).values(**binds("id", "message_id", "room_id", "member_id", "last_seq", "following"))
# Who only reads has no row: one without following says that they want to be left alone.
_READ = scoped(
    update(THREAD_MEMBERS)
    .where(_T.message_id == bindparam("root_id"), _T.member_id == bindparam("me"))
    .values(last_seq=func.greatest(_T.last_seq, bindparam("upto", type_=BigInteger())))
    .returning(_T.last_seq, _T.following)
)
_FOLLOW = scoped(_NEW.on_conflict_do_update(index_elements=_KEY, set_={"following": _NEW.excluded.following}))
_OWN = scoped(
    select(_T.last_seq, _T.following).where(
        _T.message_id == bindparam("message_id"), _T.member_id == bindparam("member_id")
    )
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands to a thread."""

    last_seq: int = 0
    following: bool = False


async def reply(
    scope: Scope, root_id: UUID | None, room_id: UUID, seq: int, meant: Iterable[UUID | None]
) -> int:  # fmt: skip
    """Count a reply of that `seq`, and have its author follow the thread, with whom it concerns.

    The `seq` of the message that it answers; 0 for what is no reply. NotFound when that is not in the room.
    """
    if root_id is None:
        return 0
    asked = await scope.first(_COUNT, root_id=root_id, room_id=room_id, seq=seq)
    if asked is None:
        raise NotFound("The message you reply to is not in this room any more.", "no_such_message")
    me = scope.member_id()
    # Those who have said otherwise are left alone.
    members = sorted({me, *(each for each in (asked["member_id"], *meant) if each is not None)})
    place = {"message_id": root_id, "room_id": room_id, "author": me, "seq": seq}
    await scope.run(_JOIN, **place, ids=[new_id() for _ in members], members=members)
    return int(asked["seq"])


async def standing(scope: Scope, message_id: UUID) -> Standing:
    """How the acting member stands to a thread; anybody else has read nothing and follows nothing."""
    me = scope.actor.member_id
    row = await scope.first(_OWN, message_id=message_id, member_id=me) if me else None
    return Standing(row["last_seq"], row["following"]) if row else Standing()


async def mark_read(scope: Scope, root: Record, seq: int) -> Standing:
    """Move the member's mark in a thread forward to `seq`, never past its last reply; a mere reader has none."""
    upto = max(0, min(seq, root["thread_last_seq"] or 0))
    row = await scope.first(_READ, root_id=UUID(root["id"]), me=scope.member_id(), upto=upto)
    return Standing(row["last_seq"], row["following"]) if row else Standing()


async def follow(scope: Scope, root: Record, *, on: bool) -> None:
    """Follow a thread from now on, or no more; however often it is said."""
    await scope.run(_FOLLOW, **_values(scope, root), last_seq=root["thread_last_seq"] or 0, following=on)


def _values(scope: Scope, root: Record) -> dict[str, UUID]:
    place = {"message_id": UUID(root["id"]), "room_id": UUID(root["room"])}
    return {"id": new_id(), "member_id": scope.member_id(), **place}
