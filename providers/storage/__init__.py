"""Object storage: files of a channel under keys `c/{channel_id}/…`, uploaded resumably, read by range, signed."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

GRAIN = 256 * 1024
"""Every chunk of an upload but its last is a multiple of this many bytes (Google Cloud Storage's rule, kept by all)."""

UPLOAD_LIMIT = 20 * 1024**3
"""Bytes an upload may have when its session names no smaller limit."""

Content = bytes | AsyncIterable[bytes]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What the store knows of an object: bytes, CRC-32C as an integer, media type, a number grown by each write."""

    size: int
    crc32c: int
    content_type: str
    generation: int


class Session(Protocol):
    """One upload under way; any process that knows its URL may go on with it."""

    async def offset(self) -> int:
        """The number of bytes the store holds for good: where to go on from."""

    async def write(self, chunk: bytes, last: bool = False) -> int:
        """Add `chunk` after what the store holds and return the new offset; `last` makes the object of it."""

    async def finalise(self) -> ObjectInfo:
        """Make the object of what was written; again, and after a crash: the same answer."""

    async def abort(self) -> None:
        """Give the upload up and free its space."""


class ObjectStore(Protocol):
    """Where files live; every method raises ProviderDown (try again) or ProviderRefused (do not)."""

    @property
    def origin(self) -> str:
        """The origin of its links and upload sessions, `https://host`, which pages must be allowed to reach."""

    async def put(
        self, key: str, content: Content, content_type: str, *, if_generation: int | None = None
    ) -> ObjectInfo:
        """Store `content` whole or not at all; `if_generation` 0: only where nothing is (else 412 `precondition`)."""

    async def head(self, key: str) -> ObjectInfo | None:
        """What is stored under `key`, or None."""

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`; 404 `no_such_object`, 416 `bad_range`."""

    async def delete(self, key: str) -> bool:
        """Remove the object; False when there was none."""

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object whose key begins with `prefix`, which ends in a slash and holds a channel."""

    async def start_resumable(
        self,
        key: str,
        content_type: str,
        size: int | None = None,
        *,
        limit: int = UPLOAD_LIMIT,
        if_generation: int | None = None,
    ) -> str:
        """Begin an upload and return its session URL; exactly `size` bytes if given, never more than `limit`."""

    def resumable(self, session: str) -> Session:
        """The upload under way at the session URL `session`."""

    async def sign_get(self, key: str, ttl: int, disposition: str = "", content_type: str = "") -> str:
        """A URL that reads `key` for at most `ttl` seconds and at least half of it, stable so as to cache."""

    async def sign_upload(self, key: str, size: int, content_type: str, origin: str = "") -> str:
        """A session URL to which a page may PUT exactly `size` bytes, in one go or in chunks.

        `origin` is the page's when it is not the installation's own.
        """

    async def sweep(self) -> int:
        """Free what expired or broken-off uploads left behind; how many were removed."""

    async def probe(self) -> None:
        """Pass when the store can be read and written; the error's sentence names the setting to look at."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Place:
    """What every adapter may need to know of the installation: its URL, its secret, its folder for state."""

    base_url: str
    secret: str
    home: Path


class Adapter(Protocol):
    """A module of this package that opens one kind of store."""

    def open_store(self, rest: str, place: Place) -> ObjectStore:
        """The store that the setting's part after the colon names; ValueError with a sentence when it is wrong."""


ADAPTERS = {"disk": "providers.storage.disk", "gcs": "providers.storage.gcs"}
"""Scheme of the setting STORAGE → module with `open_store`; loaded only when chosen."""


def choose(setting: str, base_url: str, secret: str, home: Path) -> ObjectStore:
    """The store that STORAGE names; ValueError with a sentence that says what would be right."""
    scheme, _, rest = setting.partition(":")
    if scheme not in ADAPTERS:
        known = " or ".join(f"{name}:…" for name in ADAPTERS)
        raise ValueError(f"STORAGE is {setting!r}; it should be {known}, for example disk:var/files.")
    adapter = cast(Adapter, import_module(ADAPTERS[scheme]))
    return adapter.open_store(rest, Place(base_url, secret, home))
