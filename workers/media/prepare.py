"""From what a provider recorded to a film that browsers can play while it loads."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from workers.media.failures import NotAVideo
from workers.media.faststart import fast_start
from workers.media.files import FileSource, append
from workers.media.layout import Layout, Span
from workers.media.ports import LIMITS, Limits, Source
from workers.media.probe import BROKE_OFF, rewrite
from workers.media.source import refuse_above

FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot"}
MATROSKA = b"\x1a\x45\xdf\xa3"


@asynccontextmanager
async def prepare(source: Source, limits: Limits = LIMITS, folder: Path | None = None) -> AsyncIterator[Layout]:
    """The recording in `source` as a film with its index first.

    A plain MP4 is only rearranged on paper. MP4 in fragments, WebM and Matroska (a browser's recorder leaves them
    without duration or index) are fetched to a temporary file under `folder` and written anew, the pictures untouched.
    Raises NotAVideo for anything else, Damaged, TooLarge, and what `source` raises.
    """
    form = container(await source.read(0, min(16, source.size)))
    plain = await fast_start(source, limits) if form == "mov" else None
    if plain is not None:
        yield plain
        return
    refuse_above(limits.staged_bytes, source.size)
    with tempfile.TemporaryDirectory(prefix="film-", dir=folder) as place:
        yield await _written_anew(source, form, Path(place), limits)


def container(head: bytes) -> str:
    """The name of the one reader that may look at this file; none may guess, since some readers open other files."""
    if head.startswith(MATROSKA):
        return "matroska"
    if head[4:8] in FIRST_BOXES:
        return "mov"
    raise NotAVideo("The file is no video that we know: it is none of MP4, WebM and Matroska.")


async def _written_anew(source: Source, form: str, place: Path, limits: Limits) -> Layout:
    old, new = place / "recorded", place / "film"
    await _fetch(source, old)
    kind = await rewrite(form, old, new, limits)
    await asyncio.to_thread(old.unlink)
    film = await FileSource.of(new)
    if kind == "webm":
        return Layout(film, [Span(0, film.size)], "video/webm")
    layout = await fast_start(film, limits)
    if layout is None:
        raise NotAVideo(BROKE_OFF)
    return layout


async def _fetch(source: Source, path: Path) -> None:
    with path.open("wb") as file:
        async with aclosing(source.stream(0, source.size)) as parts:
            async for part in parts:
                await asyncio.to_thread(append, file, part)
