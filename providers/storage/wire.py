"""The words of Google Cloud Storage's resumable protocol that our disk store speaks: ranges and resources."""

import base64
import re
from dataclasses import dataclass

import orjson

from providers import ProviderRefused
from providers.storage import GRAIN, ObjectInfo

BUCKET = "guildhall"

_SPAN = re.compile(r"bytes (?:(?P<first>[0-9]{1,15})-(?P<last>[0-9]{1,15})|\*)/(?P<total>[0-9]{1,15}|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes a PUT brings: `start` up to, not including, `end` (both None: a question), of `total` if known."""

    start: int | None
    end: int | None
    total: int | None

    @property
    def last(self) -> bool:
        """Whether the upload is whole once these bytes are stored."""
        return self.end is None or self.end == self.total


def parse_span(header: str | None, length: int | None) -> Span:
    """The span that Content-Range and Content-Length state together; 400 `bad_range` when they do not fit."""
    if header is None and length is None:
        raise ProviderRefused("Say how much is coming, by Content-Length or Content-Range.", "length_needed", 411)
    if header is None:
        return Span(0, length, length)
    match = _SPAN.fullmatch(header)
    if not match:
        raise _wrong("Content-Range should be like bytes 0-262143/1000000 or bytes */1000000.")
    total = None if match["total"] == "*" else int(match["total"])
    if match["first"] is None:
        return Span(None, None, total)
    span = Span(int(match["first"]), int(match["last"]) + 1, total)
    _check(span, length)
    return span


def _check(span: Span, length: int | None) -> None:
    start, end = span.start or 0, span.end or 0
    if start >= end or (span.total is not None and end > span.total):
        raise _wrong("Content-Range names bytes that cannot be: first, last and total do not fit.")
    if length is not None and length != end - start:
        raise _wrong("Content-Length is not what Content-Range names.")
    if not span.last and (end - start) % GRAIN:
        raise _wrong(f"Each chunk but the last is a multiple of {GRAIN} bytes.")


def held(offset: int) -> dict[str, str]:
    """The headers of a 308 that say how many bytes are held: none, or `Range: bytes=0-{offset-1}`."""
    return {"Range": f"bytes=0-{offset - 1}"} if offset else {}


def resource(key: str, info: ObjectInfo) -> bytes:
    """The object as JSON of the Cloud Storage API: numbers as text, crc32c as base64 of its big-endian bytes."""
    fields = {
        "kind": "storage#object",
        "bucket": BUCKET,
        "name": key,
        "size": str(info.size),
        "crc32c": encoded(info.crc32c),
        "contentType": info.content_type,
        "generation": str(info.generation),
        "metageneration": "1",
    }
    return orjson.dumps(fields)


def encoded(crc32c: int) -> str:
    """A CRC-32C as Google writes it: base64 of its big-endian bytes."""
    return base64.b64encode(crc32c.to_bytes(4, "big")).decode()


def parse_sum(stated: object) -> int | None:
    """The CRC-32C that `encoded` writes, None for none; 400 `bad_sum`."""
    if stated is None:
        return None
    try:
        raw = base64.b64decode(str(stated), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 4:
        raise ProviderRefused("A checksum is the CRC-32C of the file: base64 of four bytes.", "bad_sum", 400)
    return int.from_bytes(raw, "big")


def parse_hash(header: str | None) -> int | None:
    """The CRC-32C that X-Goog-Hash states for the whole file, None without one; 400 `bad_sum` for another sum alone."""
    if header is None:
        return None
    stated = dict(part.strip().partition("=")[::2] for part in header.split(","))
    return parse_sum(stated.get("crc32c", ""))


def parse_number(stated: str | None) -> int | None:
    """A size or a generation, None for none; 400 `bad_number`."""
    if stated is None:
        return None
    if not (stated.isascii() and stated.isdigit() and len(stated) <= 18):
        raise ProviderRefused("A size or a generation is a whole number.", "bad_number", 400)
    return int(stated)


def _wrong(said: str) -> ProviderRefused:
    return ProviderRefused(said, "bad_range", 400)
