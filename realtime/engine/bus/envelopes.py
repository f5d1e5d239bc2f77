"""Envelopes: what travels on the bus, authenticated for the place it was said in."""

import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

_HEAD = struct.Struct("!16sB8sQI")


class Kind(IntEnum):
    """What an envelope asks of the processes that hear it."""

    FRAMES = 1
    ASK = 2
    ANSWER = 3
    ENTER = 4
    LEAVE = 5
    DISCONNECT = 6
    CLOSE = 7
    RESET = 8


@dataclass(frozen=True, slots=True)
class Envelope:
    """Finished frames and what to do with them; `number` counts what `host` has said, `tag` belongs to the host."""

    kind: Kind
    host: bytes
    number: int
    tag: str
    about: dict[str, Any]
    frames: bytes


class Forged(ValueError):
    """An envelope that nobody who holds the key has made for this place."""


def seal(envelope: Envelope, place: str, key: bytes) -> bytes:
    """The envelope as bytes."""
    about = orjson.dumps([envelope.tag, envelope.about])
    head = _HEAD.pack(b"", envelope.kind, envelope.host, envelope.number, len(about))
    body = head[16:] + about + envelope.frames
    return _sign(place, body, key) + body


def unseal(data: bytes, place: str, key: bytes) -> Envelope:
    """The envelope in the bytes; Forged when they are not of somebody with the key, or were said elsewhere."""
    if len(data) < _HEAD.size or not hmac.compare_digest(data[:16], _sign(place, data[16:], key)):
        raise Forged("This was not made with our key for this place.")
    _, kind, host, number, size = _HEAD.unpack_from(data)
    end = _HEAD.size + size
    tag, about = orjson.loads(data[_HEAD.size : end])
    return Envelope(Kind(kind), host, number, tag, about, data[end:])


def _sign(place: str, body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, place.encode() + b"\0" + body, "sha256")[:16]
