"""Examinations: what was found out about an uploaded film, sound or picture, or why it will not play or show."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from tenants.files import files
from tenants.files.files import FILES, NAME_LENGTH, PLAYED
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds

FAULT_LENGTH = 500
WAITING = "The film is being looked at. It takes a moment, and goes on by itself."
_F = FILES.c
_LOCKED = scoped(
    select(
        _F.id, _F.name, _F.content_type, _F.size, _F.object_key, _F.purpose, _F.state, _F.thumbnail_id, _F.examined_at
    )
    .where(_F.id == bindparam("id"))
    .with_for_update()
)
_CHOSEN = update(FILES).where(_F.id == bindparam("at"))
_PICTURED = scoped(_CHOSEN.values(**binds("thumbnail_id")))
_AWAITED = _CHOSEN.where(_F.examined_at.is_(None))
_FOUND = scoped(_AWAITED.values(**binds("duration_seconds"), examined_at=func.now()))
_PICTURE = scoped(_AWAITED.values(**binds("width", "height", "size", "crc32c", "content_type"), examined_at=func.now()))
_SPOILT = scoped(_AWAITED.values(**binds("fault"), examined_at=func.now(), thumbnail_id=None))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was written anew: its pixels, bytes, CRC-32C and media type."""

    width: int
    height: int
    size: int
    crc32c: int
    content_type: str


def is_awaited(file: Record) -> bool:
    """Whether nobody knows yet how long this film or sound is, or how what goes into a message or profile is shown."""
    return file["purpose"] in PLAYED | {"message", "picture"} and file["examined_at"] is None


async def claim(scope: Scope, file_id: UUID) -> Record | None:
    """The stored file that is still to be examined: `id, content_type, size, object_key, purpose`; None if none is."""
    row = await scope.first(_LOCKED, id=file_id)
    return row if row is not None and row["state"] == "ready" and is_awaited(row) else None


async def picture_of(scope: Scope, file_id: UUID) -> Record:
    """The file that a film's picture goes to, made when it is first asked for."""
    film = await scope.one(_LOCKED, id=file_id)
    if film["thumbnail_id"] is not None:
        return await files.read(scope, film["thumbnail_id"])
    name = f"{film['name'][: NAME_LENGTH - 4]}.jpg"
    made = await files.begin(scope, name=name, content_type="image/jpeg", purpose="thumbnail")
    await scope.run(_PICTURED, at=file_id, thumbnail_id=made["id"])
    return made


async def note_found(scope: Scope, file_id: UUID, seconds: int) -> None:
    """The film or sound can be played, and is so long; a second finding changes nothing."""
    await scope.run(_FOUND, at=file_id, duration_seconds=seconds)


async def note_picture(scope: Scope, file_id: UUID, picture: Picture) -> None:
    """The picture can be shown, and was written anew without what does not belong to it; again: nothing changes."""
    await scope.run(_PICTURE, at=file_id, **asdict(picture))


async def note_fault(scope: Scope, file_id: UUID, fault: str) -> None:
    """It will not play, and `fault` says why in a sentence; the picture that it was to have goes."""
    film = await scope.one(_LOCKED, id=file_id)
    await scope.run(_SPOILT, at=file_id, fault=fault[:FAULT_LENGTH])
    if film["thumbnail_id"] is not None:
        await files.forget(scope, film["thumbnail_id"])
