"""Files: one row for each object of a channel in the store; pending until the store holds it whole."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    table,
    update,
)
from sqlalchemy import text as sql

from tenants.errors import Conflict, Invalid, NotFound, Said, TooLarge
from tenants.ids import ChannelId, FileId, new_id
from tenants.jobs import ExamineAttachment, ExamineFilm, ForgetFile
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, scoped, within
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_file_name

FILES = owned(
    "files",
    Column("owner_id", Uuid),
    text("name"),
    text("content_type"),
    Column("size", BigInteger),
    Column("crc32c", BigInteger),
    text("object_key"),
    text("purpose"),
    text("state", default="pending"),
    Column("session", Text),
    instant("created_at", now=True),
    instant("ready_at"),
    Column("duration_seconds", Integer),
    Column("thumbnail_id", Uuid),
    instant("examined_at"),
    Column("fault", Text),
    Column("width", Integer),
    Column("height", Integer),
    refers("owner_id", "members"),
    refers("thumbnail_id", "files"),
)
# Which message a file is in, by the file's own id: it is in one, or in none.
SENT = owned("message_files", Column("message_id", Uuid, nullable=False), refers("message_id", "messages"))
MB, GB = 1024**2, 1024**3
NAME_LENGTH = 200
MOST_PENDING = 50
# For how long a picture is kept that nobody has put into their profile.
KEPT_UNWORN = timedelta(days=2)
_PICTURES = ("image/png", "image/jpeg", "image/webp")
_FILMS = ("video/mp4", "video/webm", "video/quicktime")
# A browser would run these as the channel's own pages.
_ACTIVE = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")  # RFC 6838
PLAYED = frozenset({"video", "audio"})
# What is looked at before a message may show it; anything else in a message is only saved, and never opened by us.
PICTURED = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
HEARD = frozenset({"audio/mpeg", "audio/mp4", "audio/ogg", "audio/webm", "audio/wav"})
_PUBLIC = frozenset({"logo", "cover", "thumbnail"})


@dataclass(frozen=True, slots=True)
class Purpose:
    """What may be uploaded for one use, and by whom: at most `most` bytes, of `types`.

    Without `types` it is anything that no browser would run; with `saved_only` anything at all.
    """

    most: int
    types: tuple[str, ...] = ()
    action: Action = Action.FILE_UPLOAD
    saved_only: bool = False

    def takes(self, content_type: str) -> bool:
        """Whether a media type will do."""
        return content_type in self.types if self.types else self.saved_only or content_type not in _ACTIVE


PURPOSES = {
    "logo": Purpose(2 * MB, _PICTURES),
    "cover": Purpose(8 * MB, _PICTURES),
    "thumbnail": Purpose(4 * MB, _PICTURES),
    "video": Purpose(20 * GB, _FILMS),
    "audio": Purpose(2 * GB, ("audio/mpeg", "audio/mp4", "audio/ogg", "audio/webm", "audio/wav")),
    "attachment": Purpose(500 * MB),
    "recording": Purpose(20 * GB, _FILMS),
    "certificate": Purpose(20 * MB, ("application/pdf",)),
    "picture": Purpose(MB, _PICTURES, action=Action.ROOM_JOIN),
    "message": Purpose(100 * MB, action=Action.MESSAGE_POST, saved_only=True),
}
_F = FILES.c
_MESSAGE = within(select(SENT.c.message_id).where(SENT.c.id == _F.id).correlate(FILES))
_SHOWN = (
    _F.id, _F.owner_id, _F.name, _F.content_type, _F.size, _F.crc32c, _F.object_key, _F.purpose, _F.state,
    _F.session, _F.created_at, _F.ready_at, _F.duration_seconds, _F.thumbnail_id, _F.examined_at, _F.fault,
    _F.width, _F.height,
)  # fmt: skip
_BY_ID = select(*_SHOWN, _MESSAGE.scalar_subquery().label("message_id")).where(_F.id == bindparam("id"))
_READ = scoped(_BY_ID)
_LOCKED = scoped(_BY_ID.with_for_update())
_HELD = scoped(_BY_ID.with_for_update(read=True))
# Profiles know of files, not files of profiles: of theirs this much is known here.
_PROFILES = table("profiles", column("channel_id", Uuid), column("picture_id", Uuid))
_WORN = within(
    select(literal(1))
    .select_from(_PROFILES)
    .where(_PROFILES.c.channel_id == CHANNEL, _PROFILES.c.picture_id == _F.id)
    .correlate(FILES)
)
_UNSENT = or_(
    _F.state == "pending",
    and_(_F.purpose == "message", ~_MESSAGE.exists()),
    and_(_F.purpose == "picture", ~_WORN.exists()),
)
_LEFT = scoped(_BY_ID.where(_UNSENT).with_for_update(skip_locked=True))
_FORGET = scoped(delete(FILES).where(_F.id == bindparam("at"), _UNSENT))
_PENDING = scoped(
    select(func.count()).where(
        _F.owner_id == bindparam("owner_id"),
        _UNSENT,
        _F.created_at > func.now() - sql("interval '1 day'"),
    )
)
_BEGIN = scoped(
    insert(FILES)
    .values(**binds("id", "owner_id", "name", "content_type", "size", "object_key", "purpose"))
    .returning(*_SHOWN)
)
_REMEMBER = scoped(update(FILES).where(_F.id == bindparam("at")).values(**binds("session")))
_FINISH = scoped(
    update(FILES)
    .where(_F.id == bindparam("at"))
    .values(**binds("size", "crc32c", "content_type", "examined_at"), state="ready", ready_at=func.now(), session=None)
)


def object_key(channel_id: ChannelId, file_id: UUID) -> str:
    """Where the store keeps a file: `c/{channel}/f/{id}`."""
    return f"c/{channel_id}/f/{file_id}"


def thumbnail_key(channel_id: ChannelId, file_id: UUID) -> str:
    """Where the store keeps the small copy of a picture in a message: `c/{channel}/t/{id}`."""
    return f"c/{channel_id}/t/{file_id}"


async def begin(scope: Scope, *, name: str, content_type: str, purpose: str, size: int | None = None) -> Record:
    """A new pending file; `size` may be unknown (a recording still to be fetched).

    Raises Invalid for a type or purpose that will not do, TooLarge above the purpose's limit.
    """
    _require(scope, purpose)
    content_type = content_type.partition(";")[0].strip().lower()
    _check(purpose, content_type, size)
    owner_id = scope.actor.member_id
    if owner_id and await scope.value(_PENDING, owner_id=owner_id) >= MOST_PENDING:
        raise Conflict("Finish, and send, some of the uploads you have begun first.", "too_many_uploads")
    file_id = new_id()
    return await scope.one(
        _BEGIN, id=file_id, owner_id=owner_id, name=clean_file_name(name, "/name", longest=NAME_LENGTH),
        content_type=content_type, size=size, object_key=object_key(scope.channel_id, file_id), purpose=purpose,
    )  # fmt: skip


async def remember_session(scope: Scope, file_id: UUID, session: str) -> None:
    """Keep where an upload goes on; whoever calls has seen that it is the actor's."""
    await scope.run(_REMEMBER, at=file_id, session=session)


async def agree_on_session(scope: Scope, file_id: UUID, session: str) -> str:
    """Where an upload goes on: `session`, unless the same request, sent twice at once, has brought another before."""
    row = await scope.one(_LOCKED, id=file_id)
    if row["session"] is None:
        await remember_session(scope, file_id, session)
    return str(row["session"] or session)


async def read(scope: Scope, file_id: UUID) -> Record:
    """The row of a file, whoever asks: `id, owner_id, name, content_type, size, crc32c, object_key, purpose, state`."""
    return await scope.one(_READ, id=file_id)


async def uploading(scope: Scope, file_id: UUID) -> Record:
    """A file of the actor's own upload, or any for those who are the system; NotFound for another's."""
    row = await read(scope, file_id)
    _require(scope, row["purpose"])
    if scope.actor.system is None and row["owner_id"] != scope.actor.member_id:
        raise NotFound()
    return row


async def finish(scope: Scope, file_id: UUID, *, size: int, crc32c: int, content_type: str | None = None) -> Record:
    """The file is in the store, as the store itself says; what plays or shows is examined next. Again: nothing changes.

    Raises Conflict `wrong_size` when it is not what was announced.
    """
    await uploading(scope, file_id)
    row = await scope.one(_LOCKED, id=file_id)
    if row["state"] == "ready":
        return row
    if row["size"] not in {None, size}:
        message = f"The store holds {size} bytes, but {row['size']} were announced. Upload the file again."
        raise Conflict(message, "wrong_size")
    kind = content_type or row["content_type"]
    if row["purpose"] in PLAYED:
        scope.enqueue(ExamineFilm(FileId(file_id)))
    looked_at = row["purpose"] == "picture" or (row["purpose"] == "message" and kind in PICTURED | HEARD)
    if looked_at:
        scope.enqueue(ExamineAttachment(FileId(file_id)))
    if row["purpose"] == "picture":
        scope.enqueue(ForgetFile(FileId(file_id)), run_at=datetime.now(UTC) + KEPT_UNWORN)
    examined_at = datetime.now(UTC) if row["purpose"] == "message" and not looked_at else None
    await scope.run(_FINISH, at=file_id, size=size, crc32c=crc32c, content_type=kind, examined_at=examined_at)
    return await read(scope, file_id)


async def left_behind(scope: Scope, file_id: UUID) -> Record | None:
    """An upload that nobody finished, sent or wears, kept from those who would now; None when one has it."""
    if await scope.first(_LEFT, id=file_id) is None:
        return None
    # What was sent while we waited for the row is seen by a later statement alone.
    return await scope.first(_LEFT, id=file_id)


async def drop(scope: Scope, file_id: UUID) -> None:
    """Have an upload of the actor's own that no message holds freed; Conflict `sent` for one that a message does."""
    row = await uploading(scope, file_id)
    if row["purpose"] != "message" or row["message_id"] is not None:
        raise Conflict("This file is in a message. Delete the message instead.", "sent")
    scope.enqueue(ForgetFile(FileId(file_id)))


async def forget(scope: Scope, file_id: UUID) -> None:
    """Drop a file that was never finished or sent, or is worn no more, and whose object is gone or never came."""
    await scope.run(_FORGET, at=file_id)


def may_read(scope: Scope, file: Record) -> bool:
    """Whether the file alone lets the actor read it; a lesson that shows it may too (`courses.access.open_file`)."""
    if file["purpose"] in _PUBLIC:
        return True
    if file["purpose"] == "picture":
        return why(scope.actor, Action.ROOM_JOIN).allowed
    if file["owner_id"] is not None and file["owner_id"] == scope.actor.member_id and scope.actor.banned is None:
        return True
    return why(scope.actor, Action.FILE_UPLOAD).allowed


def shows(file: Record) -> bool:
    """Whether a member's picture was looked at and written anew, and may be shown."""
    return file["examined_at"] is not None and file["fault"] is None


async def ready(scope: Scope, file_id: UUID, purposes: tuple[str, ...], pointer: str) -> Record:
    """A ready file for one of these purposes, which stays as it is until the transaction ends; else Invalid."""
    row = await scope.first(_HELD, id=file_id)
    if row is None or row["state"] != "ready":
        raise Invalid.field(pointer, "no_such_file", "Upload the file first, then give its id.")
    if row["purpose"] not in purposes:
        raise Invalid.field(pointer, "purpose", f"This needs a file uploaded as {' or '.join(purposes)}.")
    return row


def _require(scope: Scope, purpose: str) -> None:
    """Pass for one who may upload for this use; members may for their messages, those who teach for all else."""
    scope.require(PURPOSES[purpose].action if purpose in PURPOSES else Action.FILE_UPLOAD)


def _check(purpose: str, content_type: str, size: int | None) -> None:
    rule = PURPOSES.get(purpose)
    if rule is None:
        raise Invalid.field("/purpose", "unknown", f"The purpose is one of: {', '.join(PURPOSES)}.")
    if not _TYPE.fullmatch(content_type):
        raise Invalid.field("/content_type", "type", "Give a media type, such as video/mp4.")
    if not rule.takes(content_type):
        named = ", ".join(rule.types) or "anything but web pages and scripts"
        raise Invalid.field(
            "/content_type", "type", Said("As %(purpose)s we take %(types)s.", purpose=purpose, types=named)
        )
    if size is not None and size < 1:
        raise Invalid.field("/size", "empty", "The file is empty. Choose another one.")
    if size is not None and size > rule.most:
        most = f"{rule.most // GB} GB" if rule.most >= GB else f"{rule.most // MB} MB"
        raise TooLarge(Said("As %(purpose)s we take at most %(most)s.", purpose=purpose, most=most), "file_too_large")
