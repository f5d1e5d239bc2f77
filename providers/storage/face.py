"""The disk store's HTTP face: resumable uploads as at Google Cloud Storage, and signed, range-capable downloads.

The handlers know no framework: an `Ask` comes in, an `Answer` goes out. `mount.py` serves them by aiohttp.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from providers import ProviderDown, ProviderRefused
from providers.storage import UPLOAD_LIMIT, ObjectInfo, wire
from providers.storage.disk import DiskStore
from providers.storage.uploads import OutOfStep, Upload

_BLOCK = 1024 * 1024

_SHOWN = {
    *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/pdf", "text/vtt"),
    *("video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/webm", "audio/wav"),
}
"""Media types a browser may show in place; anything else, HTML and SVG above all, is saved instead."""

_CLOSED = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: `name` is what the path ends in, header names are in lower case, `length` None when not announced."""

    method: str
    name: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    length: int | None
    body: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: a body, or a file to be sent with its ranges; `hang_up` when the request's body was not read."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: Path | None = None
    hang_up: bool = False


class Face:
    """The handlers over one store; each method answers and never raises a provider's error."""

    def __init__(self, store: DiskStore) -> None:
        self._store = store
        own = urlsplit(store.base_url)
        self._origin = f"{own.scheme}://{own.netloc}"

    async def answer(self, ask: Ask) -> Answer:
        """The answer to any request of the face, refusals as JSON in the form of the Cloud Storage API."""
        handlers = {
            "POST": self._begin,
            "PUT": self._receive,
            "DELETE": self._cancel,
            "GET": self._fetch,
            "HEAD": self._fetch,
        }
        try:
            answer = await handlers.get(ask.method, self._preflight)(ask)
        except ProviderRefused as refused:
            answer = _refusal(refused.status, refused.code, refused.message)
        except ProviderDown as down:
            answer = _refusal(503, "storage_down", down.message)
        return replace(answer, headers=_CLOSED | self._shared(ask) | answer.headers)

    async def _begin(self, ask: Ask) -> Answer:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not self._store.signer.controls(token):
            raise ProviderRefused("Uploads are begun by the installation itself.", "sign_in_needed", 401)
        if ask.query.get("uploadType") != "resumable":
            raise ProviderRefused("Only uploadType=resumable is spoken here.", "bad_upload", 400)
        asked = await _json(ask)
        session = await self._store.start_resumable(
            ask.query.get("name") or str(asked.get("name", "")),
            ask.headers.get("x-upload-content-type") or str(asked.get("contentType", "")),
            _number(ask.headers.get("x-upload-content-length")),
            limit=UPLOAD_LIMIT,
            if_generation=_number(ask.query.get("ifGenerationMatch")),
        )
        return Answer(200, {"Location": session})

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
            return await self._settle(upload, plan.key, span, held)
        if span.start > held:
            return Answer(308, wire.held(held), hang_up=True)
        try:
            held = await _take(upload, ask.body, held, held - span.start, span.end or 0)
        except OutOfStep as step:
            return Answer(308, wire.held(step.have), hang_up=True)
        return await self._settle(upload, plan.key, span, held)

    async def _settle(self, upload: Upload, key: str, span: wire.Span, held: int) -> Answer:
        whole = span.total if span.start is None or span.last else None
        if whole is None or held != whole:
            return Answer(308, wire.held(held))
        return _stored(key, await asyncio.to_thread(upload.finish))

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


async def _json(ask: Ask) -> dict[str, object]:
    """The body as a JSON object of at most 8 KB, empty for no body; 400 `bad_body` otherwise."""
    raw = bytearray()
    async for piece in ask.body:
        raw += piece
        if len(raw) > 8192:
            raise ProviderRefused("That is too long for the description of a file.", "too_large", 413)
    try:
        read = orjson.loads(bytes(raw) or b"{}")
    except orjson.JSONDecodeError as wrong:
        raise ProviderRefused("The description of the file is not JSON.", "bad_body", 400) from wrong
    return read if isinstance(read, dict) else {}


def _number(stated: str | None) -> int | None:
    if stated is None:
        return None
    if not (stated.isascii() and stated.isdigit() and len(stated) <= 18):
        raise ProviderRefused("A size or a generation is a whole number.", "bad_number", 400)
    return int(stated)


def _disposition(media: str, asked: str) -> str:
    if media.partition(";")[0].strip().lower() in _SHOWN:
        return asked or "inline"
    return asked if asked.startswith("attachment") else "attachment"


def _stored(key: str, info: ObjectInfo) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, wire.resource(key, info))


def _refusal(status: int, code: str, message: str) -> Answer:
    error = {"error": {"code": status, "message": message, "errors": [{"reason": code}]}}
    return Answer(status, {"Content-Type": "application/json"}, orjson.dumps(error), hang_up=True)
