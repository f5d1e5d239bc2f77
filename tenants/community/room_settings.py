"""One's own settings of a room: of what to be told, muted or not, among the favourites, left until joined again."""

from uuid import UUID

from sqlalchemy import Boolean, Uuid, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants.community import rooms
from tenants.community.rooms import DIRECT, SETTINGS
from tenants.errors import Invalid
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds

LEVELS = ("all", "mentions", "nothing")

_S = SETTINGS.c
_LEFT = _S.left_at.is_not(None).label("left")
_MINE = scoped(
    select(_S.level, _S.muted, _S.favourite, _LEFT).where(
        _S.room_id == bindparam("room_id"), _S.member_id == bindparam("me", type_=Uuid())
    )
)
_NEW = insert(SETTINGS).values(
    **binds("id", "room_id", "member_id", "level", "muted", "favourite"),
    left_at=case((bindparam("left", type_=Boolean()), func.now()), else_=None),
)
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "member_id", "room_id"],
        set_={
            **{name: _NEW.excluded[name] for name in ("level", "muted", "favourite")},
            # Who has left before, left then.
            "left_at": case((_NEW.excluded.left_at.is_(None), None), else_=func.coalesce(_S.left_at, func.now())),
        },
    ).returning(_S.level, _S.muted, _S.favourite, _LEFT)
)


async def put(
    scope: Scope, room_id: UUID, *, level: str = "all", muted: bool = False, favourite: bool = False, left: bool = False
) -> Record:
    """Set how the acting member holds a room that they see: `level, muted, favourite, left`, all of it at once.

    A left room is out of their list and counts nothing until they join it again; they may still open it by its page.
    """
    scope.require(Action.ROOM_JOIN)
    if level not in LEVELS:
        raise Invalid.field("/level", "unknown_level", f"A level is one of: {', '.join(LEVELS)}.")
    room = await rooms.find(scope, room_id)
    if left and room["kind"] == DIRECT:
        raise Invalid.field("/left", "direct", "A conversation is muted, or left as a group by the button for that.")
    values = {"level": level, "muted": muted, "favourite": favourite and not left, "left": left}
    return await scope.one(_PUT, id=new_id(), room_id=room_id, member_id=scope.member_id(), **values)


async def mine(scope: Scope, room_id: UUID) -> Record | None:
    """The acting member's settings of a room, or None where they have set none."""
    me = scope.actor.member_id
    return await scope.first(_MINE, room_id=room_id, me=me) if me else None
