"""The disk store's face to browsers: upload sessions as at Google Cloud Storage, and signed, range-capable downloads.

Whoever has a session's URL or a signed link may do what it names and nothing else. `mount.py` serves it by aiohttp.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

from providers import ProviderRefused
from providers.storage import ObjectInfo, wire
from providers.storage.ask import Answer, Ask, answered
from providers.storage.disk import DiskStore
from providers.storage.uploads import OutOfStep, Upload

_BLOCK = 1024 * 1024

_SHOWN = {
    *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/pdf", "text/vtt"),
    *("video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/webm", "audio/wav"),
}
"""Media types a browser may show in place; anything else, HTML and SVG above all, is saved instead."""


class Face:
    """The handlers over one store; each method answers and never raises a provider's error."""

    def __init__(self, store: DiskStore) -> None:
        self._store = store
        own = urlsplit(store.base_url)
        self._origin = f"{own.scheme}://{own.netloc}"

    async def answer(self, ask: Ask) -> Answer:
        """The answer to any request of the face."""
        handlers = {"PUT": self._receive, "DELETE": self._cancel, "GET": self._fetch, "HEAD": self._fetch}
        answer = await answered(handlers.get(ask.method, self._preflight), ask)
        return replace(answer, headers=self._shared(ask) | answer.headers)

    async def _receive(self, ask: Ask) -> Answer:
        span = wire.parse_span(ask.headers.get("content-range"), ask.length)
        upload = Upload(self._store.shelf, ask.name)
        plan = await asyncio.to_thread(upload.plan)
        if done := await asyncio.to_thread(upload.done):
            return _stored(plan.key, done)
        plan.check_room(max(span.end or 0, span.total or 0))
        if span.total is not None:
            plan.check_size(span.total)
        held = await asyncio.to_thread(upload.offset)
        if span.start is None:
            return await self._settle(ask, upload, plan.key, span, held)
        if span.start > held:
            return Answer(308, wire.held(held), hang_up=True)
        try:
            held = await _take(upload, ask.body, held, held - span.start, span.end or 0)
        except OutOfStep as step:
            return Answer(308, wire.held(step.have), hang_up=True)
        return await self._settle(ask, upload, plan.key, span, held)

    async def _settle(self, ask: Ask, upload: Upload, key: str, span: wire.Span, held: int) -> Answer:
        whole = span.total if span.start is None or span.last else None
        if whole is None or held != whole:
            return Answer(308, wire.held(held))
        stated = wire.parse_hash(ask.headers.get("x-goog-hash"))
        return _stored(key, await asyncio.to_thread(upload.finish, stated))

    async def _cancel(self, ask: Ask) -> Answer:
        upload = Upload(self._store.shelf, ask.name)
        await asyncio.to_thread(upload.plan)
        await asyncio.to_thread(upload.abort)
        return Answer(499)

    async def _fetch(self, ask: Ask) -> Answer:
        grant = self._store.signer.granted(ask.name, ask.query)
        found = await asyncio.to_thread(self._store.shelf.find, grant.key)
        if not found:
            raise ProviderRefused("There is no file by that name.", "no_such_object", 404)
        info, path = found
        media = grant.content_type or info.content_type
        headers = {
            "Content-Type": media,
            "Content-Disposition": _disposition(media, grant.disposition),
            "Cache-Control": f"private, max-age={max(0, grant.expires - int(time.time()))}",
            "Referrer-Policy": "no-referrer",
        }
        if headers["Content-Disposition"].startswith("attachment"):
            # Saved, not shown; a browser that shows it all the same gives it no scripts, and an origin of its own.
            headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return Answer(200, headers, file=path)

    async def _preflight(self, ask: Ask) -> Answer:
        if ask.method != "OPTIONS":
            raise ProviderRefused("That is not done here.", "bad_method", 405)
        allowed = {"Access-Control-Allow-Methods": "GET, HEAD, PUT, DELETE", "Access-Control-Max-Age": "3600"}
        return Answer(204, allowed | {"Access-Control-Allow-Headers": "Content-Type, Content-Range, Range"})

    def _shared(self, ask: Ask) -> dict[str, str]:
        if ask.headers.get("origin") != self._origin:
            return {"Vary": "Origin"}
        exposed = "Range, Content-Range, Content-Length, ETag"
        return {"Vary": "Origin", "Access-Control-Allow-Origin": self._origin, "Access-Control-Expose-Headers": exposed}


async def _take(upload: Upload, body: AsyncIterator[bytes], at: int, skip: int, end: int) -> int:
    """Store the body but for its first `skip` bytes from byte `at` on; what came before a cut is stored too."""
    waiting = bytearray()
    try:
        async for piece in body:
            fresh = piece[skip:]
            skip = max(0, skip - len(piece))
            waiting += fresh[: end - at - len(waiting)]
            if len(waiting) >= _BLOCK:
                block, waiting = bytes(waiting), bytearray()
                at = await asyncio.to_thread(upload.append, at, block)
    finally:
        if waiting:
            at = await asyncio.to_thread(upload.append, at, bytes(waiting))
        await asyncio.to_thread(upload.offset)
    return at


def _disposition(media: str, asked: str) -> str:
    if media.partition(";")[0].strip().lower() in _SHOWN:
        return asked or "inline"
    return asked if asked.startswith("attachment") else "attachment"


def _stored(key: str, info: ObjectInfo) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, wire.resource(key, info))
