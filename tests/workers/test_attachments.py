"""Pictures for messages are written anew and drawn small, sounds are measured, what cannot be shown is a file."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from tenants import work
from tenants.community import edits, messages, opening
from tenants.community.drafts import draft
from tenants.files import files
from tenants.ids import FileId, new_id
from tenants.jobs import ForgetFile
from tenants.members import profiles
from tenants.scope import Record, Tenancy
from tests import films
from tests.databases import bare
from tests.tenants.test_community import make_room
from tests.workers.fetching import objects
from tests.world import School
from workers.registry import Workshop
from workers.run import perform_leased

GPS = 0x8825


async def upload(shop: Workshop, school: School, data: bytes, kind: str = "image/jpeg", name: str = "bowl") -> UUID:
    """A file of sam's for a message, finished as an upload is."""
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        row = await files.begin(scope, name=name, content_type=kind, purpose="message", size=len(data))
    held = await shop.store.put(row["object_key"], data, kind)
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        await files.finish(scope, row["id"], size=held.size, crc32c=held.crc32c)
    return UUID(str(row["id"]))


async def do(shop: Workshop, file_id: UUID) -> None:
    """Do the jobs about a file."""
    due = "payload->>'file_id' = $1 and state <> 'failed' and run_at <= now()"
    sql = f"select channel_id, id from jobs where {due} order by id"
    async with bare(shop.tenancy.relay) as connection:
        rows = await connection.fetch(sql, str(file_id))
    assert rows
    for row in rows:
        leased = await work.take(shop.tenancy, work.Ticket(row["channel_id"], None, row["id"]))
        assert leased is not None
        await perform_leased(shop, leased)


async def look_at(shop: Workshop, school: School, data: bytes, kind: str = "image/jpeg") -> Record:
    """The row of a file that was uploaded and looked at."""
    file_id = await upload(shop, school, data, kind)
    await do(shop, file_id)
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        row = await files.read(scope, file_id)
    assert row["examined_at"] is not None
    return row


async def stored(shop: Workshop, key: str) -> bytes:
    return b"".join([part async for part in shop.store.open_range(key)])


async def small(shop: Workshop, school: School, row: Record) -> Image.Image:
    return Image.open(io.BytesIO(await stored(shop, files.thumbnail_key(school.id, row["id"]))))


def drawn(size: tuple[int, int] = (1200, 300), form: str = "JPEG", mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, form, **more)
    return out.getvalue()


def taken_somewhere() -> bytes:
    """A photograph on its side that says where it was taken, with a page behind its end."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Kiln & Sons"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (47.0, 22.0, 8.0)
    return drawn(exif=exif, comment=b"my street 7") + b"<script>alert(1)</script>PK\x03\x04"


async def test_a_photograph_stands_upright_and_says_nothing_of_where_it_was_taken(
    shop: Workshop, school: School
) -> None:
    data = taken_somewhere()
    assert b"Kiln & Sons" in data
    row = await look_at(shop, school, data)
    assert (row["width"], row["height"], row["content_type"], row["fault"]) == (300, 1200, "image/jpeg", None)
    clean = await stored(shop, row["object_key"])
    assert len(clean) == row["size"]
    shown = Image.open(io.BytesIO(clean))
    assert (shown.size, dict(shown.getexif()), shown.info.get("comment")) == ((300, 1200), {}, None)
    assert not [each for each in (b"Kiln", b"my street", b"<script", b"PK\x03\x04") if each in clean]
    thumbnail = await small(shop, school, row)
    assert (thumbnail.format, thumbnail.size, dict(thumbnail.getexif())) == ("WEBP", (200, 800), {})


async def pictured(shop: Workshop, school: School, data: bytes) -> UUID:
    """A picture of sam's, in the profile before anybody has looked at it."""
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        row = await files.begin(scope, name="me", content_type="image/jpeg", purpose="picture", size=len(data))
    held = await shop.store.put(row["object_key"], data, "image/jpeg")
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        await files.finish(scope, row["id"], size=held.size, crc32c=held.crc32c)
        await profiles.put(scope, {"picture": (row["id"], None)})
    await do(shop, row["id"])
    return UUID(str(row["id"]))


async def avatar(shop: Workshop, school: School) -> tuple[UUID | None, str | None]:
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        profile = await profiles.read(scope, school.sam.member_id)
        return profile["picture_id"], profile["avatar"]


async def test_a_profile_s_picture_is_written_anew_shown_and_freed_when_another_takes_its_place(
    shop: Workshop, school: School
) -> None:
    first = await pictured(shop, school, taken_somewhere())
    assert await avatar(shop, school) == (first, f"/c/{school.slug}/files/{first}")
    key = files.object_key(school.id, first)
    clean = await stored(shop, key)
    shown = Image.open(io.BytesIO(clean))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("WEBP", (200, 800), {})
    assert not [each for each in (b"Kiln", b"my street", b"<script", b"EXIF") if each in clean]
    # The job that frees what nobody wears comes round: this one is worn.
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        scope.enqueue(ForgetFile(FileId(first)))
    await do(shop, first)
    assert await shop.store.head(key)
    second = await pictured(shop, school, drawn())
    await do(shop, first)
    assert await shop.store.head(key) is None
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        await profiles.put(scope, {"picture": None})
    await do(shop, second)
    assert await shop.store.head(files.object_key(school.id, second)) is None
    assert await avatar(shop, school) == (None, None)


async def test_what_is_no_picture_is_taken_off_a_profile_and_freed(shop: Workshop, school: School) -> None:
    file = await pictured(shop, school, b"<script>alert(1)</script>")
    assert await avatar(shop, school) == (None, None)
    await do(shop, file)
    assert await shop.store.head(files.object_key(school.id, file)) is None


def words_beside() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_text("Comment", "<script>alert(1)</script>")
    return drawn(form="PNG", mode="RGBA", pnginfo=told)


def moving(form: str) -> bytes:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("teal", "orange", "white")]
    out = io.BytesIO()
    more: dict[str, Any] = {"comment": b"<script>"} if form == "GIF" else {}
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind", "frames"),
    [(words_beside(), "image/png", 1), (moving("GIF"), "image/gif", 3), (moving("WEBP"), "image/webp", 3),
     (drawn((40, 40), "PNG", "P"), "image/png", 1), (drawn((40, 40), "JPEG", "CMYK"), "image/jpeg", 1)],
    ids=["words", "gif", "webp", "palette", "cmyk"],
)  # fmt: skip
async def test_pictures_keep_their_kind_and_their_motion_and_lose_their_words(
    shop: Workshop, school: School, data: bytes, kind: str, frames: int
) -> None:
    row = await look_at(shop, school, data, kind)
    assert (row["fault"], row["content_type"]) == (None, kind)
    clean = await stored(shop, row["object_key"])
    shown = Image.open(io.BytesIO(clean))
    assert getattr(shown, "n_frames", 1) == frames
    assert b"<script" not in clean
    assert (await small(shop, school, row)).format == "WEBP"


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(99))))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "why"),
    [(bomb(), "60000 × 60000"), (SVG, "none of JPEG"), (drawn()[:300], "broken"), (b"GIF89a<html>", "picture")],
    ids=["bomb", "svg", "cut off", "polyglot"],
)
async def test_what_is_no_picture_is_a_file_and_says_why(shop: Workshop, school: School, data: bytes, why: str) -> None:
    row = await look_at(shop, school, data, "image/png")
    assert why in row["fault"]
    assert row["width"] is None
    assert await stored(shop, row["object_key"]) == data


async def test_a_sound_knows_how_long_it_lasts(shop: Workshop, school: School, tmp_path: Path) -> None:
    sound = films.make_sound(tmp_path / "a.webm", form="webm", codec="libopus")
    row = await look_at(shop, school, sound.read_bytes(), "audio/webm")
    assert (row["duration_seconds"], row["fault"]) == (2, None)


async def test_what_is_neither_picture_nor_sound_is_never_opened(shop: Workshop, school: School) -> None:
    file_id = await upload(shop, school, SVG, "image/svg+xml", "logo.svg")
    async with shop.tenancy.scope(school.id, school.sam.actor) as scope:
        row = await files.read(scope, file_id)
    assert (row["examined_at"] is not None, row["width"], row["fault"]) == (True, None, None)


async def test_a_deleted_message_leaves_nothing_in_the_store(
    shop: Workshop, school: School, tenancy: Tenancy, tmp_path: Path
) -> None:
    room = await make_room(tenancy, school)
    file_id = await upload(shop, school, drawn())
    await do(shop, file_id)
    assert len(objects(tmp_path)) == 2
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        posted = await messages.post(scope, room, draft(new_id(), "", files=(file_id,)))
        await opening.open_file(scope, file_id)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await edits.remove(scope, posted.id)
    await do(shop, file_id)
    assert objects(tmp_path) == []


async def test_a_file_sent_after_it_was_dropped_stays(
    shop: Workshop, school: School, tenancy: Tenancy, tmp_path: Path
) -> None:
    room = await make_room(tenancy, school)
    file_id = await upload(shop, school, b"clay", "text/plain")
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await files.drop(scope, file_id)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await messages.post(scope, room, draft(new_id(), "", files=(file_id,)))
    await do(shop, file_id)
    assert len(objects(tmp_path)) == 1
