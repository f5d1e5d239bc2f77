"""Reactions: one per member, message and emoji; their counts stand in the message's own row."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Text, Uuid, bindparam, delete, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert

from tenants import notices
from tenants.community import messages
from tenants.community.message_table import MESSAGES
from tenants.errors import Conflict, Invalid, Said
from tenants.ids import MessageId, RoomId, new_id
from tenants.permissions import Action
from tenants.scope import Scope
from tenants.statements import scoped, within
from tenants.tables import binds, instant, owned, refers, text

MOST_KINDS = 20
# A flag, a digit in a box, or pictographs joined by ZWJ with their tones and variation selectors (UTS #51, loosely).
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    "(?:[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*){0,5})"
)

REACTIONS = owned(
    "reactions",
    Column("message_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    text("emoji"),
    instant("created_at", now=True),
    refers("message_id", "messages"),
    refers("member_id", "members"),
)
_MESSAGE = bindparam("message_id", type_=Uuid())
_ADD = scoped(
    insert(REACTIONS)
    .values(**binds("id", "message_id", "member_id", "emoji"))
    .on_conflict_do_nothing(index_elements=["channel_id", "message_id", "emoji", "member_id"])
)
_DROP = scoped(
    delete(REACTIONS).where(
        REACTIONS.c.message_id == _MESSAGE,
        REACTIONS.c.emoji == bindparam("emoji"),
        REACTIONS.c.member_id == bindparam("member_id"),
    )
)
_EACH = within(
    select(REACTIONS.c.emoji, func.count().label("n"), func.min(REACTIONS.c.id.cast(Text)).label("first"))
    .where(REACTIONS.c.message_id == _MESSAGE)
    .group_by(REACTIONS.c.emoji)
).subquery("each")
_COUNTED = select(
    func.coalesce(
        func.jsonb_agg(
            aggregate_order_by(func.jsonb_build_object("emoji", _EACH.c.emoji, "count", _EACH.c.n), _EACH.c.first)
        ),
        sql("'[]'::jsonb"),
    )
).scalar_subquery()
_SHOW = scoped(
    update(MESSAGES).where(MESSAGES.c.id == _MESSAGE).values(reactions=_COUNTED).returning(MESSAGES.c.reactions)
)

_OWN = scoped(
    select(REACTIONS.c.message_id, REACTIONS.c.emoji).where(
        REACTIONS.c.message_id == func.any(bindparam("message_ids", type_=ARRAY(Uuid))),
        REACTIONS.c.member_id == bindparam("member_id"),
    )
)


def check_emoji(emoji: str) -> str:
    """The emoji; Invalid when it is not exactly one."""
    if len(emoji) > 24 or not _EMOJI.fullmatch(emoji):
        raise Invalid.field("/emoji", "not_an_emoji", "A reaction is exactly one emoji.")
    return emoji


async def own(scope: Scope, message_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """The acting member's reactions to some messages, each as message and emoji."""
    if scope.actor.member_id is None:
        return set()
    rows = await scope.all(_OWN, message_ids=list(message_ids), member_id=scope.actor.member_id)
    return {(row["message_id"], row["emoji"]) for row in rows}


async def put(scope: Scope, message_id: UUID, emoji: str, *, on: bool) -> int:
    """Add or take back one's reaction, however often; how many now react so."""
    emoji = check_emoji(emoji)
    held = await messages.hold(scope, message_id, writes=True)
    scope.require(Action.MESSAGE_POST)
    values = {"message_id": message_id, "member_id": scope.member_id(), "emoji": emoji}
    changed = await scope.run(_ADD, id=new_id(), **values) if on else await scope.run(_DROP, **values)
    counts = {each["emoji"]: each["count"] for each in await scope.value(_SHOW, message_id=message_id)}
    if len(counts) > MOST_KINDS:
        raise Conflict(
            Said("A message carries at most %(most)s different reactions.", most=MOST_KINDS), "too_many_reactions"
        )
    if changed:
        room_id = RoomId(held["room_id"])
        scope.announce(notices.reaction_changed(room_id, MessageId(message_id), emoji, counts.get(emoji, 0)))
    return int(counts.get(emoji, 0))
