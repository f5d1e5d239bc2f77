"""The far side of Google Cloud Storage: its JSON API as documented, which can be told to misbehave."""

import asyncio
import json
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.standins.gcs_accounts import EMAIL, KEY, TOKEN, check_assertion, check_link, sign_blob
from tests.standins.gcs_words import BUCKET, Kept, Upload, cors, error, part, summed
from tests.standins.serving import serving

GRAIN = 256 * 1024
_SPAN = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass
class FarStorage:
    """One bucket; the numbers say how many of the next calls go wrong in their way."""

    objects: dict[str, Kept] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    bucket: dict[str, Any] = field(default_factory=lambda: {"name": BUCKET, "iamConfiguration": {}})
    permissions: set[str] | None = None
    calls: list[str] = field(default_factory=list)
    fails: int = 0
    busy: int = 0
    retry_after: int = 1
    lost_answers: int = 0
    silent: int = 0
    cuts: list[int] = field(default_factory=list)
    cut_reads: list[int] = field(default_factory=list)
    wrong_sums: int = 0
    damaged_reads: int = 0
    forbidden: bool = False
    full: bool = False
    unpaid: bool = False
    token: str = TOKEN
    no_bucket: bool = False
    seconds: float = 0.0
    page: int = 1000
    finished: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        self.calls.append(f"{request.method} {request.path}")
        if request.method == "OPTIONS":
            return self._preflight(request)
        if request.path == "/token":
            return await self._token(request)
        await asyncio.sleep(self.seconds)
        if (trouble := self._trouble(request)) is not None:
            return trouble
        response = await self._do(request)
        if self.lost_answers and request.method != "GET":
            self.lost_answers -= 1
            _abort(request)
        return response

    def _trouble(self, request: web.Request) -> web.Response | None:
        if self.fails:
            self.fails -= 1
            return error(503, "Backend Error")
        if self.busy:
            self.busy -= 1
            return error(429, "The rate limit was exceeded.", {"Retry-After": str(self.retry_after)})
        signed = "X-Goog-Signature" in request.query
        session = "upload_id" in request.query
        if not signed and not session and request.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, "Invalid Credentials")
        return self._closed(request)

    def _closed(self, request: web.Request) -> web.Response | None:
        """What one of known name is told where it may not, or where there is no room."""
        if self.forbidden:
            return error(403, f"{EMAIL} does not have storage.objects.create access to the bucket.")
        if self.unpaid:
            return error(403, "The billing account is disabled in state delinquent.", reason="accountDisabled")
        if self.full and request.method == "POST":
            return error(403, "The project to be billed has exceeded its storage quota.", reason="quotaExceeded")
        if self.no_bucket:
            return error(404, "The specified bucket does not exist.")
        return None

    async def _do(self, request: web.Request) -> web.StreamResponse:  # noqa: PLR0911 - a table
        match (request.method, *request.path.strip("/").split("/")):
            case ("POST", "upload", "storage", "v1", "b", _, "o"):
                return await self._begin(request)
            case (method, "upload", "storage", "v1", "b", _, "o"):
                return await self._go_on(request) if method == "PUT" else self._cancel(request)
            case ("GET", "download", "storage", "v1", "b", _, "o", *parts):
                return await self._read(request, "/".join(parts))
            case ("GET", "storage", "v1", "b", _, "o"):
                return self._list(request)
            case (method, "storage", "v1", "b", _, "o", *parts):
                return self._look(request, "/".join(parts)) if method == "GET" else self._delete("/".join(parts))
            case ("GET", "storage", "v1", "b", _, "iam", "testPermissions"):
                asked = request.query.getall("permissions")
                held = [name for name in asked if self.permissions is None or name in self.permissions]
                return web.json_response({"permissions": held})
            case (method, "storage", "v1", "b", _):
                self.bucket |= await request.json() if method == "PATCH" else {}
                return web.json_response(self.bucket)
            case ("POST", "v1", "projects", "-", "serviceAccounts", _):
                return web.json_response(sign_blob(KEY, await request.json()))
            case ("GET", bucket, *parts) if bucket == BUCKET:
                if (said := check_link(KEY.public_key(), request)) is not None:
                    return web.Response(status=said[0], text=said[1])
                return await self._read(request, "/".join(parts))
        return error(404, f"Not Found: {request.method} {request.path}")

    async def _token(self, request: web.Request) -> web.Response:
        check_assertion(KEY.public_key(), str((await request.post())["assertion"]))
        return web.json_response({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})

    async def _begin(self, request: web.Request) -> web.Response:
        condition = request.query.get("ifGenerationMatch")
        if request.query["uploadType"] == "multipart":
            return await self._whole(request, condition)
        about = await request.json()
        if not self._allowed(about["name"], condition):
            return error(412, "At least one of the pre-conditions you specified did not hold.")
        size = request.headers.get("X-Upload-Content-Length")
        id_ = uuid4().hex
        self.uploads[id_] = Upload(
            about["name"], about["contentType"], int(size) if size else None, condition,
            request.headers.get("Origin", ""),
        )  # fmt: skip
        url = f"{request.scheme}://{request.host}{request.path}?uploadType=resumable&upload_id={id_}"
        return web.Response(headers={"Location": url})

    async def _whole(self, request: web.Request, condition: str | None) -> web.Response:
        reader = await request.multipart()
        about = json.loads(await part(reader))
        data = await part(reader)
        if about["crc32c"] != summed(data):
            return error(400, "Provided CRC32C does not match calculated CRC32C.")
        return self._store(about["name"], data, about["contentType"], condition)

    async def _go_on(self, request: web.Request) -> web.StreamResponse:
        upload = self.uploads.get(request.query["upload_id"])
        if upload is None:
            return error(499, "The upload was cancelled.")
        headers = cors(request, upload.origin)
        first, _, total = _SPAN.fullmatch(request.headers.get("Content-Range", "bytes 0-0/*")).groups()  # type: ignore[union-attr]
        if "Content-Range" not in request.headers:
            total = str(request.content_length)
        await self._take_in(request, upload, int(first or 0))
        if upload.object is None and total not in {"*", str(len(upload.data))}:
            return self._under_way(upload, headers)
        if upload.object is None and total == "*":
            return self._under_way(upload, headers)
        if upload.object is None and upload.size not in {None, len(upload.data)}:
            return error(400, "The size is not the one that was announced.", headers)
        sent = request.headers.get("X-Goog-Hash")
        if upload.object is None and sent and sent != f"crc32c={summed(bytes(upload.data))}":
            return error(400, "Provided CRC32C does not match calculated CRC32C.", headers)
        return self._finish(upload, headers)

    async def _take_in(self, request: web.Request, upload: Upload, first: int) -> None:
        """Keep what follows the bytes held; a cut keeps whole grains of what had come until then."""
        if self.silent:
            self.silent -= 1
            await request.read()
            return
        cut = self.cuts.pop(0) if self.cuts and request.content_length else None
        body = bytearray()
        async for block in request.content.iter_any():
            body += block
            if cut is not None and len(body) >= cut:
                kept = body[: cut // GRAIN * GRAIN]
                upload.data += kept[max(0, len(upload.data) - first) :]
                _abort(request)
        if first <= len(upload.data):
            upload.data += body[len(upload.data) - first :]

    def _under_way(self, upload: Upload, headers: dict[str, str]) -> web.Response:
        held = {"Range": f"bytes=0-{len(upload.data) - 1}"} if upload.data else {}
        return web.Response(status=308, headers=headers | held)

    def _finish(self, upload: Upload, headers: dict[str, str]) -> web.Response:
        if upload.object is not None:
            return web.json_response(self._resource(upload.name, upload.object), headers=headers)
        stored = self._store(upload.name, bytes(upload.data), upload.content_type, upload.condition)
        stored.headers.update(headers)
        if stored.status == 200:
            self.finished, upload.object = self.finished + 1, self.objects[upload.name]
        return stored

    def _cancel(self, request: web.Request) -> web.Response:
        found = self.uploads.pop(request.query["upload_id"], None)
        return web.Response(status=499 if found else 404)

    def _store(self, name: str, data: bytes, content_type: str, condition: str | None) -> web.Response:
        if not self._allowed(name, condition):
            return error(412, "At least one of the pre-conditions you specified did not hold.")
        self.objects[name] = Kept(data, content_type, time.time_ns() // 1000)
        return web.json_response(self._resource(name, self.objects[name]))

    def _allowed(self, name: str, condition: str | None) -> bool:
        now = self.objects[name].generation if name in self.objects else 0
        return condition is None or int(condition) == now

    def _resource(self, name: str, kept: Kept) -> dict[str, str]:
        crc = summed(kept.data)
        if self.wrong_sums:
            self.wrong_sums, crc = self.wrong_sums - 1, summed(kept.data + b"!")
        return {
            "kind": "storage#object", "name": name, "bucket": BUCKET, "size": str(len(kept.data)), "crc32c": crc,
            "contentType": kept.content_type, "generation": str(kept.generation), "metageneration": "1",
        }  # fmt: skip

    def _look(self, request: web.Request, name: str) -> web.Response:
        kept = self.objects.get(name)
        return web.json_response(self._resource(name, kept)) if kept else error(404, f"No such object: {name}")

    def _delete(self, name: str) -> web.Response:
        return web.Response(status=204) if self.objects.pop(name, None) else error(404, f"No such object: {name}")

    def _list(self, request: web.Request) -> web.Response:
        after = request.query.get("pageToken", "")
        names = sorted(name for name in self.objects if name.startswith(request.query["prefix"]) and name > after)
        page = names[: self.page]
        answer: dict[str, Any] = {"kind": "storage#objects", "items": [{"name": name} for name in page]}
        return web.json_response(answer | ({"nextPageToken": page[-1]} if len(names) > len(page) else {}))

    async def _read(self, request: web.Request, name: str) -> web.StreamResponse:
        kept = self.objects.get(name)
        if kept is None or request.query.get("generation", str(kept.generation)) != str(kept.generation):
            return error(404, f"No such object: {name}")
        span, size = request.http_range, len(kept.data)
        start = span.start or 0
        if "Range" in request.headers and start >= size:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        data = kept.data[span]
        headers = {
            "X-Goog-Hash": f"crc32c={summed(kept.data)},md5=none", "X-Goog-Generation": str(kept.generation),
            "Content-Type": request.query.get("response-content-type", kept.content_type),
            "Content-Length": str(len(data)),
        }  # fmt: skip
        if disposition := request.query.get("response-content-disposition"):
            headers["Content-Disposition"] = disposition
        if "Range" in request.headers:
            headers["Content-Range"] = f"bytes {start}-{start + len(data) - 1}/{size}"
        response = web.StreamResponse(status=206 if "Range" in request.headers else 200, headers=headers)
        await response.prepare(request)
        if self.damaged_reads:
            self.damaged_reads, data = self.damaged_reads - 1, bytes([data[0] ^ 1]) + data[1:]
        if self.cut_reads:
            await response.write(data[: self.cut_reads.pop(0)])
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(data)
        return response

    def _preflight(self, request: web.Request) -> web.Response:
        upload = self.uploads.get(request.query.get("upload_id", ""))
        headers = cors(request, upload.origin if upload else "")
        allowed = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "content-range, content-type"}
        return web.Response(headers=headers | allowed if headers else {})


def _abort(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()
    raise asyncio.CancelledError


@asynccontextmanager
async def far_storage(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[FarStorage, str]]:
    """The stand-in and its address; with `tls` it is `localhost`, for names alone have certificates here."""
    far = FarStorage()
    async with serving([web.route("*", "/{rest:.*}", far.answer)], tls, body_limit=1024**3) as url:
        yield far, url.replace("127.0.0.1", "localhost") if tls else url
