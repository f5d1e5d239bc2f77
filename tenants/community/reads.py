"""Read marks: how far each member has read a room; they only move forward."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants.community import bell, rooms
from tenants.community.rooms import READS
from tenants.ids import MemberId, RoomId, new_id
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds

_ME = bindparam("me", type_=Uuid())
_UPTO = scoped(select(READS.c.last_seq).where(READS.c.room_id == bindparam("room_id"), READS.c.member_id == _ME))
_NEW_READ = insert(READS).values(**binds("id", "room_id", "member_id", "last_seq"))
_MARK = scoped(
    _NEW_READ.on_conflict_do_update(
        index_elements=["channel_id", "member_id", "room_id"],
        set_={"last_seq": func.greatest(READS.c.last_seq, _NEW_READ.excluded.last_seq)},
    ).returning(READS.c.last_seq)
)
# In one order for everybody, so that two processes that write the same marks never wait for each other in a ring.
_MARK_ALL = Scoped(
    "insert into room_reads (channel_id, id, room_id, member_id, last_seq)"
    " select $1, new.id, rooms.id, members.id, greatest(0, least(new.seq, rooms.head_seq))"
    " from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) as new(id, room_id, member_id, seq)"
    " join rooms on rooms.channel_id = $1 and rooms.id = new.room_id"
    " join members on members.channel_id = $1 and members.id = new.member_id"
    " order by members.id, rooms.id"
    " on conflict (channel_id, member_id, room_id)"
    " do update set last_seq = greatest(room_reads.last_seq, excluded.last_seq)"
    " returning room_id, member_id, last_seq",
    ("channel_id", "ids", "rooms", "members", "seqs"),
    {},
)


async def mark_read(scope: Scope, room_id: UUID, seq: int) -> int:
    """Note that the member has read up to `seq`; the mark only moves forward, and never past the room's head."""
    room = await rooms.find(scope, room_id)
    upto = max(0, min(seq, room["head_seq"]))
    values = {"id": new_id(), "room_id": room_id, "member_id": scope.member_id(), "last_seq": upto}
    stands = int(await scope.value(_MARK, **values))
    await bell.read_rooms(scope, [(room_id, scope.member_id(), stands)])
    return stands


async def mark_all_read(scope: Scope, marks: Sequence[tuple[RoomId, MemberId, int]]) -> list[Record]:
    """The same for many members at once, each room and member at most once; whoever calls has seen their rights.

    The marks as they are then: `room_id, member_id, last_seq`; rooms and members that are not there are left out.
    """
    in_rooms, members, seqs = [[mark[place] for mark in marks] for place in range(3)]
    ids = [new_id() for _ in marks]
    stand = await scope.all(_MARK_ALL, ids=ids, rooms=in_rooms, members=members, seqs=seqs)
    await bell.read_rooms(scope, [tuple(mark) for mark in stand])
    return stand


async def read_upto(scope: Scope, room_id: UUID) -> int:
    """How far the acting member has read a room; 0 for anybody else."""
    me = scope.actor.member_id
    return int(await scope.value(_UPTO, room_id=room_id, me=me) or 0) if me else 0
