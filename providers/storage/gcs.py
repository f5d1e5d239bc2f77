"""Google Cloud Storage: data and metadata by its JSON API, credentials by google-auth, STORAGE=gcs:BUCKET.

STORAGE_EMULATOR_HOST leads to another server that speaks the API, as with Google's own clients.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import google_crc32c
import orjson

from providers import ProviderDown, ProviderRefused
from providers.storage import GRAIN, UPLOAD_LIMIT, Content, ObjectInfo, Place
from providers.storage.bounds import Bounds
from providers.storage.gcs_errors import ROLE, BucketUnusable, damaged, missing
from providers.storage.gcs_reading import reading
from providers.storage.gcs_session import GcsSession, described, session_url
from providers.storage.gcs_signing import Links, sign_blob_body, signed_blob
from providers.storage.gcs_tokens import open_tokens
from providers.storage.gcs_wire import Reply, Wire
from providers.storage.keys import checked_key, checked_prefix, checked_type
from providers.storage.wire import encoded

CHUNK = 32 * GRAIN
"""Bytes of a stream that are in memory at once, 8 MiB as Google advises; what is shorter goes in one request."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_GOOGLE, _IAM = "https://storage.googleapis.com", "https://iamcredentials.googleapis.com"
_FIELDS = {"fields": "size,crc32c,contentType,generation"}
_AT_ONCE = 16
_NEEDED = ("storage.objects.create", "storage.objects.get", "storage.objects.delete", "storage.objects.list")


def open_store(rest: str, place: Place) -> "GcsStore":
    """The store in the bucket that `gcs:bucket` names."""
    if not _BUCKET.fullmatch(rest):
        raise ValueError("STORAGE names no bucket; it should be, for example, gcs:my-school-files, or disk:var/files.")
    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    endpoint = (emulator if "://" in emulator else f"http://{emulator}") if emulator else _GOOGLE
    tokens = open_tokens(anonymous=bool(emulator))
    return GcsStore(Wire(endpoint, rest, tokens), place.base_url)


class GcsStore:
    """ObjectStore over one bucket; any number of processes may use the same one."""

    def __init__(self, wire: Wire, base_url: str, iam: str = _IAM) -> None:
        self.wire, self._iam = wire, iam
        own = urlsplit(base_url)
        self._own_origin = f"{own.scheme}://{own.netloc}"
        self._links = Links(wire.endpoint, wire.bucket)

    @property
    def origin(self) -> str:
        """The origin that links and upload sessions are of."""
        return self.wire.endpoint

    async def put(
        self, key: str, content: Content, content_type: str, *, if_generation: int | None = None
    ) -> ObjectInfo:
        """Store `content` whole or not at all."""
        checked_key(key)
        media, chunks = checked_type(content_type), _chunks(content)
        first = await anext(chunks)
        if len(first) < CHUNK:
            return await self._put_whole(key, first, media, if_generation)
        begun = await self.start_resumable(key, media, if_generation=if_generation)
        session = GcsSession(self.wire, begun, at=0)
        try:
            await session.write(first)
            async for chunk in chunks:
                await session.write(chunk, last=len(chunk) < CHUNK)
            return await session.finalise()
        except BaseException:
            with suppress(ProviderDown, ProviderRefused):
                await asyncio.shield(session.abort())
            raise

    async def head(self, key: str) -> ObjectInfo | None:
        """What is stored under `key`, or None."""
        reply = await self._on_object("GET", key, params=_FIELDS)
        return described(reply.json()) if reply.status == 200 else None

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, as they come in; cuts are gone over."""
        return self._range(key, start, end)

    async def delete(self, key: str) -> bool:
        """Remove the object; False when there was none."""
        return (await self._on_object("DELETE", key)).status != 404

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object below `prefix`, a page of a thousand at a time."""
        query = {"prefix": checked_prefix(prefix), "maxResults": "1000", "fields": "items(name),nextPageToken"}
        while True:
            page = (await self.wire.call("GET", f"{self.wire.bucket_url()}/o", params=query)).json()
            names = [str(item["name"]) for item in page.get("items", ())]
            for at in range(0, len(names), _AT_ONCE):
                await asyncio.gather(*(self._on_object("DELETE", name) for name in names[at : at + _AT_ONCE]))
            if not page.get("nextPageToken"):
                return
            query["pageToken"] = page["nextPageToken"]

    async def start_resumable(
        self,
        key: str,
        content_type: str,
        size: int | None = None,
        *,
        limit: int = UPLOAD_LIMIT,
        if_generation: int | None = None,
    ) -> str:
        """Begin an upload and return its session URL."""
        return await self._begin(key, content_type, Bounds(size, limit), _condition(if_generation), {})

    def resumable(self, session: str) -> GcsSession:
        """The upload at the session URL."""
        return GcsSession(self.wire, session)

    async def sign_get(self, key: str, ttl: int, disposition: str = "", content_type: str = "") -> str:
        """A V4 signed URL; a plain one at an emulator without credentials."""
        link = self._links.link(checked_key(key), ttl, disposition, content_type)
        if self.wire.tokens.anonymous:
            return f"{self.wire.media_url(key)}?alt=media"
        email, signer = await self.wire.tokens.signer()

        async def sign(text: bytes) -> bytes:
            return bytes(signer.sign(text)) if signer else await self._sign_blob(email, text)

        return await self._links.get(link, email, sign)

    async def sign_upload(self, key: str, size: int, content_type: str, origin: str = "") -> str:
        """A session URL to which a page of `origin` may PUT exactly `size` bytes; Google answers with its CORS."""
        headers = {"Origin": origin or self._own_origin}
        return await self._begin(key, content_type, Bounds(size, size), {}, headers)

    async def sweep(self) -> int:
        """Nothing: Google ends sessions after a week by itself."""
        return 0

    async def probe(self) -> None:
        """BucketUnusable unless the bucket is there and we may read, write, list and remove its objects."""
        query = [("permissions", name) for name in _NEEDED]
        reply = await self.wire.call("GET", f"{self.wire.bucket_url()}/iam/testPermissions", params=query)
        lacking = sorted(set(_NEEDED) - set(reply.json().get("permissions", ())))
        if lacking:
            raise BucketUnusable(
                f"We may not use the bucket {self.wire.bucket} that STORAGE names ({', '.join(lacking)} is missing). "
                f"Grant {ROLE} on it to our service account."
            )

    async def close(self) -> None:
        """Let go of connections."""
        await self.wire.close()

    async def _on_object(self, method: str, key: str, params: dict[str, str] | None = None) -> Reply:
        return await self.wire.call(method, self.wire.object_url(checked_key(key)), fine=(404,), params=params or {})

    async def _put_whole(self, key: str, content: bytes, media: str, if_generation: int | None) -> ObjectInfo:
        """One multipart request, whose checksum Google checks before it stores anything."""
        crc, mark = google_crc32c.value(content), f"part{os.urandom(16).hex()}"
        about = orjson.dumps({"name": key, "contentType": media, "crc32c": encoded(crc)})
        head = f"--{mark}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode() + about
        body = head + f"\r\n--{mark}\r\nContent-Type: {media}\r\n\r\n".encode() + content + f"\r\n--{mark}--".encode()
        query = {"uploadType": "multipart"} | _condition(if_generation)
        headers = {"Content-Type": f"multipart/related; boundary={mark}"}
        reply = await self.wire.call(
            "POST", self.wire.upload_url(), fine=(412,), params=query, headers=headers, data=body
        )
        if reply.status == 412:
            return await self._stored_before(reply, key, len(content), crc)
        info = described(reply.json())
        if info.crc32c != crc:
            await self.delete(key)
            raise damaged()
        return info

    async def _stored_before(self, reply: Reply, key: str, size: int, crc: int) -> ObjectInfo:
        """What an earlier try of ours has stored, whose answer was lost; else 412 `precondition`."""
        found = await self.head(key) if reply.tries > 1 else None
        if found is None or (found.size, found.crc32c) != (size, crc):
            raise ProviderRefused("A file by that name is there already, or has changed.", "precondition", 412)
        return found

    async def _begin(
        self, key: str, content_type: str, bounds: Bounds, query: dict[str, str], headers: dict[str, str]
    ) -> str:
        about = {"name": checked_key(key), "contentType": checked_type(content_type)}
        bounds.check_room(bounds.size or 0)
        headers |= {"X-Upload-Content-Type": about["contentType"], "Content-Type": "application/json; charset=UTF-8"}
        if bounds.size is not None:
            headers["X-Upload-Content-Length"] = str(bounds.size)
        query |= {"uploadType": "resumable", "name": key}
        reply = await self.wire.call(
            "POST", self.wire.upload_url(), params=query, headers=headers, data=orjson.dumps(about)
        )
        return session_url(reply.headers["Location"], key, bounds)

    async def _range(self, key: str, start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        checked_key(key)
        if (end is not None and end <= start) or start < 0:
            info = await self.head(key)
            if info is None:
                raise missing()
            if not 0 <= start <= min(end if end is not None else info.size, info.size):
                raise ProviderRefused(f"The file has {info.size} bytes; that range is not in it.", "bad_range", 416)
            return
        async for block in reading(self.wire, key, start, end):
            yield block

    async def _sign_blob(self, email: str, text: bytes) -> bytes:
        """Signed by the key that Google keeps for the account; needs roles/iam.serviceAccountTokenCreator on itself."""
        url = f"{self._iam}/v1/projects/-/serviceAccounts/{email}:signBlob"
        reply = await self.wire.call("POST", url, fine=(403,), json=sign_blob_body(text))
        if reply.status == 403:
            raise BucketUnusable(
                f"Google does not let {email} sign links. Grant it roles/iam.serviceAccountTokenCreator on itself."
            )
        return signed_blob(reply.json())


async def _chunks(content: Content) -> AsyncGenerator[bytes, None]:
    """The content in pieces of CHUNK bytes, the last one always shorter, be it empty."""
    if isinstance(content, bytes):
        for at in range(0, len(content) + 1, CHUNK):
            yield content[at : at + CHUNK]
        return
    parts, size = [b""], 0
    async for block in content:
        parts.append(block)
        size += len(block)
        if size >= CHUNK:
            whole, rest = b"".join(parts), size % CHUNK
            for at in range(0, size - rest, CHUNK):
                yield whole[at : at + CHUNK]
            parts, size = [whole[size - rest :]], rest
    yield b"".join(parts)


def _condition(if_generation: int | None) -> dict[str, str]:
    return {} if if_generation is None else {"ifGenerationMatch": str(if_generation)}
