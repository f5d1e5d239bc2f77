"""The disk store's face to programs: as much of Google's JSON API as Google's own client stores and reads files by.

Whoever asks shows a pass of one channel, and sees no other. What is not spoken here is refused, never passed over in
silence: a file would else be less guarded than its sender believes.
https://docs.cloud.google.com/storage/docs/json_api/v1/objects
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message

import google_crc32c
import orjson

from providers import ProviderRefused
from providers.storage import UPLOAD_LIMIT, ObjectInfo, wire
from providers.storage.ask import Answer, Ask, answered, read_body
from providers.storage.disk import DiskStore
from providers.storage.keys import checked_key
from providers.storage.shelf import check_generation
from providers.storage.uploads import wrong_sum

_IN_ONE_PIECE = 8 * 1024 * 1024 + 16 * 1024
"""Bytes of a multipart upload: Google's client sends what is larger resumably."""

_ABOUT_LIMIT = 8192
_SPOKEN_QUERY = {"uploadType", "name", "ifGenerationMatch", "generation", "alt", "projection", "fields", "prettyPrint"}
_SPOKEN_ABOUT = {"name", "contentType", "crc32c", "bucket"}
_SPOKEN_HEADERS = {"x-goog-api-client", "x-goog-gcs-idempotency-token", "x-goog-hash"}


@dataclass(frozen=True, slots=True)
class About:
    """What a program says of a file that it stores; `crc32c` None where it states none."""

    key: str
    content_type: str
    crc32c: int | None
    if_generation: int | None


class JsonApi:
    """The handlers over one store: begin or send an upload, describe an object, send its bytes."""

    def __init__(self, store: DiskStore) -> None:
        self._store = store

    async def answer(self, ask: Ask) -> Answer:
        """The answer to any request of the API; never raises a provider's error."""
        return await answered(self._answer, ask)

    async def _answer(self, ask: Ask) -> Answer:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        channel = self._store.signer.passed(token if scheme == "Bearer" else "")
        _check_spoken("The parameter", ask.query, _SPOKEN_QUERY)
        _check_spoken("The header", (name for name in ask.headers if name.startswith("x-goog-")), _SPOKEN_HEADERS)
        if ask.method != "POST":
            return await self._read(ask, channel)
        match ask.query.get("uploadType"):
            case "multipart":
                return await self._store_whole(ask, channel)
            case "resumable":
                return await self._begin(ask, channel)
            case _:
                raise ProviderRefused("An upload is multipart or resumable here.", "bad_upload", 400)

    async def _begin(self, ask: Ask, channel: str) -> Answer:
        about = _about(ask, await read_body(ask, _ABOUT_LIMIT), channel)
        if about.crc32c is not None:
            raise ProviderRefused("State the checksum with the last bytes, as X-Goog-Hash.", "bad_sum", 400)
        session = await self._store.start_resumable(
            about.key,
            ask.headers.get("x-upload-content-type") or about.content_type,
            wire.parse_number(ask.headers.get("x-upload-content-length")),
            limit=UPLOAD_LIMIT,
            if_generation=about.if_generation,
        )
        return Answer(200, {"Location": session})

    async def _store_whole(self, ask: Ask, channel: str) -> Answer:
        described, media, content = _parts(ask.headers.get("content-type", ""), await read_body(ask, _IN_ONE_PIECE))
        about = _about(ask, described, channel)
        if about.crc32c not in {None, google_crc32c.value(content)}:
            raise wrong_sum()
        info = await self._store.put(about.key, content, about.content_type or media, if_generation=about.if_generation)
        return _described(about.key, info)

    async def _read(self, ask: Ask, channel: str) -> Answer:
        key = _own(ask.name, channel)
        found = await asyncio.to_thread(self._store.shelf.find, key)
        wanted = wire.parse_number(ask.query.get("generation"))
        if not found or wanted not in {None, found[0].generation}:
            raise ProviderRefused("There is no file by that name.", "no_such_object", 404)
        info, path = found
        check_generation(info, wire.parse_number(ask.query.get("ifGenerationMatch")))
        if ask.query.get("alt", "json") == "json":
            return _described(key, info)
        headers = {
            "Content-Type": info.content_type,
            "Content-Disposition": "attachment",
            "Cache-Control": "private, no-store",
            "X-Goog-Generation": str(info.generation),
            "X-Goog-Hash": f"crc32c={wire.encoded(info.crc32c)}",
        }
        return Answer(200, headers, file=path)


def _about(ask: Ask, raw: bytes, channel: str) -> About:
    try:
        read = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as wrong:
        raise ProviderRefused("The description of the file is not JSON.", "bad_body", 400) from wrong
    if not isinstance(read, dict):
        raise ProviderRefused("The description of the file is a JSON object.", "bad_body", 400)
    _check_spoken("The field", read, _SPOKEN_ABOUT)
    key = _own(ask.query.get("name") or str(read.get("name", "")), channel)
    condition = wire.parse_number(ask.query.get("ifGenerationMatch"))
    return About(key, str(read.get("contentType") or ""), wire.parse_sum(read.get("crc32c")), condition)


def _own(key: str, channel: str) -> str:
    if not checked_key(key).startswith(f"c/{channel}/"):
        raise ProviderRefused("This pass is for the files of another channel.", "forbidden", 403)
    return key


def _check_spoken(kind: str, given: Iterable[str], spoken: set[str]) -> None:
    for name in given:
        if name not in spoken:
            raise ProviderRefused(f"{kind} {name[:60]} is not spoken here. Leave it out.", "not_spoken", 400)


def _parts(content_type: str, body: bytes) -> tuple[bytes, str, bytes]:
    """The description, the media type and the bytes of a multipart/related body (RFC 2046, RFC 2387)."""
    stated = Message()
    stated["Content-Type"] = content_type
    boundary = stated.get_boundary("")
    pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    if stated.get_content_type() != "multipart/related" or not boundary or len(pieces) != 4 or pieces[3][:2] != b"--":
        raise ProviderRefused("A multipart upload is a description and a file, as multipart/related.", "bad_body", 400)
    (_, _, described), (head, _, content) = (piece.partition(b"\r\n\r\n") for piece in pieces[1:3])
    return described, _media(head), content


def _media(head: bytes) -> str:
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next(
        (value.strip().decode("ascii", "replace") for name, _, value in lines if name.lower() == b"content-type"), ""
    )


def _described(key: str, info: ObjectInfo) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, wire.resource(key, info))
