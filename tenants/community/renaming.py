"""Renaming: a member's new name, where messages mention them, and on the pages that are open."""

from uuid import UUID

from sqlalchemy import bindparam, select, update

from tenants import notices
from tenants.community import direct, rooms
from tenants.community.mentions import MENTIONS, renamed
from tenants.community.message_table import MESSAGES
from tenants.community.rooms import ROOMS
from tenants.ids import MemberId, RoomId
from tenants.members.members import MEMBERS
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import LAST

PAGE = 200
_NAME = scoped(select(MEMBERS.c.name).where(MEMBERS.c.id == bindparam("member_id")))
_MENTIONING = scoped(
    select(MESSAGES.c.id, MESSAGES.c.html)
    .join_from(MENTIONS, MESSAGES)
    .where(MENTIONS.c.member_id == bindparam("member_id"), MENTIONS.c.message_id < bindparam("before"))
    .order_by(MENTIONS.c.message_id.desc())
    .limit(bindparam("limit"))
    .with_for_update(of=MESSAGES)
)
MOST_TOLD = 100
_WHO = scoped(select(MEMBERS.c.name, MEMBERS.c.avatar).where(MEMBERS.c.id == bindparam("member_id")))
_ROOMS = scoped(
    select(ROOMS.c.id)
    .where(ROOMS.c.archived_at.is_(None), ~rooms.IS_DIRECT)
    .order_by(ROOMS.c.position, ROOMS.c.id)
    .limit(MOST_TOLD)
)
_SHOW = scoped(update(MESSAGES).where(MESSAGES.c.id == bindparam("message_id")).values(html=bindparam("html")))


async def rename_some(scope: Scope, member_id: UUID, before: UUID | None) -> UUID | None:
    """Show the present name in a page of messages that mention a member; the last of them, if there may be more."""
    name = await scope.value(_NAME, member_id=member_id)
    rows = await scope.all(_MENTIONING, member_id=member_id, before=before or LAST, limit=PAGE)
    for row in rows:
        shown = renamed(row["html"], member_id, name)
        if shown != row["html"]:
            await scope.run(_SHOW, message_id=row["id"], html=shown)
            scope.reindex("message", row["id"])
    return UUID(str(rows[-1]["id"])) if len(rows) == PAGE else None


async def announce(scope: Scope, member_id: UUID) -> None:
    """Have open pages of the channel's rooms, and of conversations of the member, show their name and picture."""
    who = await scope.one(_WHO, member_id=member_id)
    own = (await direct.mine(scope))[:MOST_TOLD] if member_id == scope.actor.member_id else []
    for room in (*await scope.all(_ROOMS), *own):
        scope.announce(notices.member_changed(RoomId(room["id"]), MemberId(member_id), who["name"], who["avatar"]))
