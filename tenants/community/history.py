"""History: the earlier words of a message, for its author and for moderators; they go when it is deleted."""

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, delete, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.community import messages
from tenants.errors import Conflict, NotFound, Said
from tenants.ids import MessageId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

MOST = 100
VERSIONS = owned(
    "message_versions",
    Column("message_id", Uuid, nullable=False),
    text("body"),
    instant("written_at", now=True),
    refers("message_id", "messages"),
)
_OF_MESSAGE = VERSIONS.c.message_id == bindparam("message_id")
_KEEP = scoped(insert(VERSIONS).values(**binds("id", "message_id", "body", "written_at")))
_COUNT = scoped(select(func.count()).select_from(VERSIONS).where(_OF_MESSAGE))
_FORGET = scoped(delete(VERSIONS).where(_OF_MESSAGE))
_ALL = scoped(
    select(VERSIONS.c.body, VERSIONS.c.written_at)
    .where(_OF_MESSAGE)
    .order_by(VERSIONS.c.written_at, VERSIONS.c.id)
    .limit(MOST)
)
_MENTIONED = re.compile(r"<@([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})>")
_NAMES = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name).where(MEMBERS.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
)


async def read(scope: Scope, message_id: UUID) -> list[Record]:
    """The earlier words, oldest first: `body, written_at`; the present ones are the message's own."""
    message = await messages.find(scope, message_id)
    if UUID(message["author_id"]) != scope.actor.member_id:
        scope.require(Action.MESSAGE_MODERATE)
    if message["deleted_at"] is not None:
        raise NotFound("This message was deleted.", "message_deleted")
    return await scope.all(_ALL, message_id=message_id)


async def spoken(scope: Scope, bodies: Iterable[str]) -> list[str]:
    """Words with the names of today for those whom they mention; who is no member here stays as they were written."""
    texts = list(bodies)
    ids = {UUID(each) for text in texts for each in _MENTIONED.findall(text)}
    names = {str(row["id"]): row["name"] for row in await scope.all(_NAMES, ids=list(ids))} if ids else {}

    def named(mark: re.Match[str]) -> str:
        return f"@{names[mark[1]]}" if mark[1] in names else mark[0]

    return [_MENTIONED.sub(named, text) for text in texts]


async def keep(scope: Scope, held: Record) -> None:
    """Keep the words of a message that is held, before others replace them; Conflict after a hundred times."""
    if await scope.value(_COUNT, message_id=held["id"]) >= MOST:
        raise Conflict(
            Said("A message is changed at most %(most)s times. Write a new one.", most=MOST), "too_many_edits"
        )
    written = held["edited_at"] or held["created_at"]
    await scope.run(_KEEP, id=new_id(), message_id=held["id"], body=held["body"], written_at=written)


async def forget(scope: Scope, message_id: MessageId) -> None:
    """Drop the earlier words of a message."""
    await scope.run(_FORGET, message_id=message_id)
