"""WebSocket frames of a server (RFC 6455): the unit of all output, made once and written to however many readers.

Polling readers are sent the same frames, taken apart again: `payload` is Engine.IO's text form of a run of frames.
"""

import base64
import struct
from collections.abc import Iterator

TEXT, BINARY, CLOSE, PONG = 0x1, 0x2, 0x8, 0xA
SEPARATOR = "\x1e"
_FIN = 0x80


def text(payload: bytes) -> bytes:
    """One text frame."""
    return _header(TEXT, len(payload)) + payload


def binary(payload: bytes) -> bytes:
    """One binary frame."""
    return _header(BINARY, len(payload)) + payload


def pong(payload: bytes) -> bytes:
    """The answer to a ping of the WebSocket itself."""
    return _header(PONG, len(payload)) + payload


def close(code: int) -> bytes:
    """The frame that ends a WebSocket with a code of RFC 6455 §7.4."""
    return _header(CLOSE, 2) + code.to_bytes(2, "big")


def split(run: bytes) -> Iterator[tuple[bool, bytes]]:
    """The frames of a run as (is it text?, payload)."""
    place = 0
    while place < len(run):
        kind, length, place = run[place] & 0x0F, run[place + 1], place + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, place = int.from_bytes(run[place : place + size], "big"), place + size
        yield kind == TEXT, run[place : place + length]
        place += length


def payload(run: bytes) -> str:
    """A run of frames as the body of a polling answer: packets between separators, binary ones in base64."""
    return SEPARATOR.join(
        each.decode() if is_text else "b" + base64.b64encode(each).decode() for is_text, each in split(run)
    )


def _header(kind: int, length: int) -> bytes:
    if length < 126:
        return bytes((_FIN | kind, length))
    if length < 1 << 16:
        return struct.pack("!BBH", _FIN | kind, 126, length)
    return struct.pack("!BBQ", _FIN | kind, 127, length)
