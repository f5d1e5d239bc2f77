"""A film or sound that lies in our own store, read by range."""

from collections.abc import AsyncGenerator

from providers.storage import ObjectStore
from workers.media.failures import Damaged, NotAVideo
from workers.media.layout import ContentType, Layout, Span
from workers.media.prepare import container

BEGINNING = 16


class StoredSource:
    """An object of the store as a Source; it is written once, so its key is its fingerprint."""

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        self._store, self._key = store, key
        self.size, self.fingerprint = size, key

    async def read(self, start: int, end: int) -> bytes:
        """Exactly the bytes [start, end); Damaged when the object is shorter."""
        data = b"".join([part async for part in self.stream(start, end)])
        if len(data) != end - start:
            raise Damaged("The file ends before it should.")
        return data

    async def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes [start, end) in order."""
        async for part in self._store.open_range(self._key, start, end):
            yield part


async def as_it_lies(source: StoredSource) -> Layout:
    """The film untouched: players seek in it by Range, so its index may stand last. NotAVideo for other files."""
    form = container(await source.read(0, min(BEGINNING, source.size)))
    kind: ContentType = "video/mp4" if form == "mov" else "video/webm"
    return Layout(source, [Span(0, source.size)], kind)


async def sound_form(source: StoredSource) -> str:
    """The name of the one reader that may look at this sound; NotAVideo for a file that is none of these."""
    head = await source.read(0, min(BEGINNING, source.size))
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    # MPEG audio begins with a tag, or with eleven set bits (ISO/IEC 11172-3, §2.4.2.3).
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return "mp3"
    try:
        return container(head)
    except NotAVideo:
        raise NotAVideo("The file is no sound that we know: it is none of MP3, M4A, Ogg, WebM and WAV.") from None
