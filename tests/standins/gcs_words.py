"""What Google Cloud Storage keeps and how it words it: objects, sessions, checksums, refusals."""

from base64 import b64encode
from dataclasses import dataclass, field

import google_crc32c
from aiohttp import BodyPartReader, MultipartReader, web

BUCKET = "guildhall-standin"


@dataclass
class Kept:
    """An object."""

    data: bytes
    content_type: str
    generation: int


@dataclass
class Upload:
    """A session under way; `object` once it is finished."""

    name: str
    content_type: str
    size: int | None
    condition: str | None
    origin: str
    data: bytearray = field(default_factory=bytearray)
    object: Kept | None = None


async def part(reader: MultipartReader) -> bytes:
    """The next part of a multipart upload, whole."""
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    return bytes(await part.read())


def cors(request: web.Request, origin: str) -> dict[str, str]:
    """What lets a page of the origin that the session was begun for read the answer."""
    if not origin or request.headers.get("Origin") != origin:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Content-Length, Range"}


def summed(data: bytes) -> str:
    """CRC-32C as Google writes it."""
    return b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def error(status: int, message: str, headers: dict[str, str] | None = None, reason: str = "") -> web.Response:
    """A refusal as the JSON API words it."""
    said = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return web.json_response({"error": said}, status=status, headers=headers)
