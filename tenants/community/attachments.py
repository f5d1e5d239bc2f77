"""Attachments: the files of a message, uploaded and looked at before, sent once, and let go when it is deleted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants import links
from tenants.channels import channels
from tenants.errors import Conflict, Invalid, Said
from tenants.files.files import FILES, HEARD, SENT
from tenants.ids import FileId
from tenants.jobs import ForgetFile
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, Scoped, scoped, within

MOST = 10
_F, _S = FILES.c, SENT.c
_MESSAGE = within(select(_S.message_id).where(_S.id == _F.id).correlate(FILES)).scalar_subquery()
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_COLUMNS = (
    _F.id, _F.name, _F.content_type, _F.size, _F.state, _F.examined_at, _F.width, _F.height, _F.duration_seconds,
    _MESSAGE.label("message_id"),
)  # fmt: skip
_OWN = (_F.id == _IDS.any_(), _F.owner_id == bindparam("me", type_=Uuid()), _F.purpose == "message")
_HELD = scoped(select(*_COLUMNS).where(*_OWN).order_by(_F.id).with_for_update())
# Those that may go into a message still.
_FREE = scoped(
    select(_F.id, _F.name).where(*_OWN, _F.state == "ready", _F.examined_at.is_not(None), _MESSAGE.is_(None))
)
_TAKE = scoped(
    insert(SENT)
    .from_select(
        ["channel_id", "id", "message_id"],
        within(select(CHANNEL, _F.id, bindparam("message_id", type_=Uuid())).where(_F.id == _IDS.any_())),
    )
    .on_conflict_do_nothing(index_elements=["channel_id", "id"])
)
_LET_GO = scoped(delete(SENT).where(_S.message_id == bindparam("message")).returning(_S.id))
_FILED = Scoped(
    "update messages set files = $3 where channel_id = $1 and id = $2", ("channel_id", "message_id", "files"), {}
)


def check(file_ids: Sequence[UUID]) -> tuple[UUID, ...]:
    """The ids of the files of one message, as its writer lists them; Invalid when there are too many, or one twice."""
    if len(file_ids) > MOST:
        raise Invalid.field(
            "/files", "too_many", Said("A message holds at most %(most)s files. Send the rest in another.", most=MOST)
        )
    if len(set(file_ids)) < len(file_ids):
        raise Invalid.field("/files", "twice", "Name each file once.")
    return tuple(file_ids)


def kind_of(file: Record) -> str:
    """How a file is shown: as an `image` or `audio`, when it was found to be one, else as a `file` to be saved."""
    if file["width"] is not None:
        return "image"
    return "audio" if file["content_type"] in HEARD and file["duration_seconds"] is not None else "file"


def shown(slug: str, file: Record) -> dict[str, Any]:
    """A file as its message shows it; the addresses are stable, and rights are looked at whenever they are asked."""
    kind, url = kind_of(file), links.file(slug, file["id"])
    return {
        "id": str(file["id"]),
        "name": file["name"],
        "kind": kind,
        "content_type": file["content_type"],
        "size": file["size"],
        "url": url,
        "width": file["width"],
        "height": file["height"],
        "thumbnail": links.thumbnail(slug, file["id"]) if kind == "image" else None,
        "seconds": file["duration_seconds"],
    }


async def free(scope: Scope, file_ids: Sequence[UUID]) -> list[dict[str, str]]:
    """`id, name` of those of these files, in their order, that the acting member may put into a message still."""
    if not file_ids:
        return []
    found = {row["id"]: row["name"] for row in await scope.all(_FREE, ids=list(file_ids), me=scope.actor.member_id)}
    return [{"id": str(each), "name": found[each]} for each in file_ids if each in found]


async def take(scope: Scope, message_id: UUID, file_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Put the writer's own files into a message just written; how it shows them, in their order.

    Raises Invalid `no_such_file` for what is not theirs, Conflict `not_uploaded`, `not_examined`, or `sent` for what
    another message holds.
    """
    held = {row["id"]: row for row in await scope.all(_HELD, ids=list(file_ids), me=scope.actor.member_id)}
    for place, file_id in enumerate(file_ids):
        if file_id not in held:
            raise Invalid.field(f"/files/{place}", "no_such_file", "Upload the file first, then give its id.")
        _check_free(held[file_id])
    # Another message may have taken one while we waited for its row.
    if await scope.run(_TAKE, ids=list(file_ids), message_id=message_id) != len(file_ids):
        raise Conflict("One of the files is in another message already. Upload it again.", "sent")
    slug = (await channels.read(scope))["slug"]
    files = [shown(slug, held[file_id]) for file_id in file_ids]
    await scope.run(_FILED, message_id=message_id, files=files)
    return files


def _check_free(file: Record) -> None:
    name = file["name"]
    if file["state"] != "ready":
        raise Conflict(Said("%(name)s is not uploaded whole. Send the rest first.", name=name), "not_uploaded")
    if file["message_id"] is not None:
        raise Conflict(Said("%(name)s is in another message already. Upload it again.", name=name), "sent")
    if file["examined_at"] is None:
        told = "%(name)s is still being looked at. Send the message again in a moment."
        raise Conflict(Said(told, name=name), "not_examined")


async def let_go(scope: Scope, message_id: UUID) -> None:
    """Have the files of a message freed: nobody may have them any more."""
    for row in await scope.all(_LET_GO, message=message_id):
        scope.enqueue(ForgetFile(FileId(row["id"])))
