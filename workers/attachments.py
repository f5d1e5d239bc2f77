"""Files of messages, and members' pictures: they are looked at before anybody sees them; what nobody holds is freed."""

import structlog

from providers import ProviderRefused, Unusable
from tenants import links
from tenants.channels import channels
from tenants.community import renaming
from tenants.courses import films
from tenants.files import examinations, files
from tenants.files.examinations import Picture
from tenants.files.files import PICTURED
from tenants.jobs import ExamineAttachment, ForgetFile
from tenants.members import profiles
from tenants.scope import Record
from workers.films import DIED, MOST_TRIES
from workers.media.failures import NotAPicture, NotAVideo, RecordingFailure
from workers.media.pictures import Drawn, look_at
from workers.media.ports import MIB
from workers.media.probe import listen
from workers.media.stored import StoredSource, sound_form
from workers.registry import PutOff, Work, performs
from workers.sweeping import give_up

log = structlog.get_logger("workers.attachments")
MOST_PICTURE = 30 * MIB
SMALL_TYPE, SMALL_SIDE = "image/webp", 800
TOO_LARGE = f"The picture has more than {MOST_PICTURE // MIB} MB. It is sent as a file to be saved."


@performs(ExamineAttachment, seconds=180)
async def examine(work: Work, asked: ExamineAttachment) -> None:
    """Clean a picture and draw its small copy, or measure a sound; what can be neither shown nor heard is a file."""
    async with work.scope() as scope:
        file = await examinations.claim(scope, asked.file_id)
    if file is None:
        return
    try:
        if work.leased.failures > MOST_TRIES:
            raise NotAPicture(DIED)
        await (_picture if file["content_type"] in PICTURED else _sound)(work, file)
    except RecordingFailure as failure:
        if failure.retryable:
            raise PutOff(failure.reason) from failure
        await _is_a_file(work, file, failure.reason)
    except Unusable:
        raise
    except ProviderRefused as refused:
        await _is_a_file(work, file, refused.message)


async def _picture(work: Work, file: Record) -> None:
    if file["size"] > MOST_PICTURE:
        raise NotAPicture(TOO_LARGE)
    store, key = work.shop.store, file["object_key"]
    drawn = await look_at(b"".join([part async for part in store.open_range(key)]))
    if file["purpose"] == "picture":
        await _worn(work, file, drawn)
        return
    await store.put(files.thumbnail_key(work.channel_id, file["id"]), drawn.thumbnail, "image/webp")
    # Over what was uploaded: nobody can have that any more.
    held = await store.put(key, drawn.clean, drawn.content_type)
    picture = Picture(drawn.width, drawn.height, held.size, held.crc32c, drawn.content_type)
    async with work.scope() as scope:
        await examinations.note_picture(scope, file["id"], picture)


async def _worn(work: Work, file: Record, drawn: Drawn) -> None:
    """Of a member's picture the small copy is kept alone, and shown where they wear it."""
    held = await work.shop.store.put(file["object_key"], drawn.thumbnail, SMALL_TYPE)
    scale = min(1.0, SMALL_SIDE / max(drawn.width, drawn.height))
    width, height = (max(1, round(side * scale)) for side in (drawn.width, drawn.height))
    async with work.scope() as scope:
        await examinations.note_picture(scope, file["id"], Picture(width, height, held.size, held.crc32c, SMALL_TYPE))
        url = links.file((await channels.read(scope))["slug"], file["id"])
        member_id = await profiles.show_picture(scope, file["id"], url)
        if member_id is not None:
            await renaming.announce(scope, member_id)


async def _sound(work: Work, file: Record) -> None:
    held = await work.shop.store.head(file["object_key"])
    if held is None:
        raise NotAVideo("The store does not hold this file any more.")
    source = StoredSource(work.shop.store, file["object_key"], held.size)
    seconds = await listen(source, await sound_form(source))
    async with work.scope() as scope:
        await films.note_found(scope, file["id"], seconds)


async def _is_a_file(work: Work, file: Record, why: str) -> None:
    log.info("cannot be shown", file=str(file["id"]), reason=why)
    async with work.scope() as scope:
        await examinations.note_fault(scope, file["id"], why)
        if file["purpose"] == "picture":
            await profiles.take_picture_off(scope, file["id"])


@performs(ForgetFile, seconds=60)
async def forget(work: Work, asked: ForgetFile) -> None:
    """Free a file that no message or profile holds; one that was sent or put on meanwhile stays."""
    async with work.scope() as scope:
        await give_up(scope, work.shop.store, asked.file_id)
