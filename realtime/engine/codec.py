"""Socket.IO packets as frames and back; orjson for what is plain JSON, strict about what a client may send."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from realtime.engine import frames
from realtime.engine.attachments import extract, place
from realtime.engine.roles import Malformed

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)
RESERVED = {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
MOST_ATTACHMENTS = 10
NOTHING: Any = object()
# Nearly all that clients send: an event without attachments in a namespace without a query.
_EVENT = re.compile(r"2(?:(/[^,?]*),)?(\d{0,18})\[")
_PACKET = re.compile(r"([0-6])(?:(\d{1,4})-)?(?:(/[^,]*)(?:,|$))?(\d{0,18})(.*)", re.DOTALL)


@dataclass(slots=True)
class Packet:
    """One packet of a client; `waits_for` counts the attachments that are still to come."""

    kind: int
    namespace: str
    id: int | None
    data: Any
    waits_for: int = 0


class Codec:
    """The protocol's own encoding; `module` stands in for JSON, as `json` does in python-socketio."""

    def __init__(self, module: Any = None) -> None:
        self._dumps: Callable[[Any], bytes] = _dumps if module is None else _dumps_by(module)
        self._loads: Callable[[str], Any] = _loads if module is None else module.loads

    def encode(self, kind: int, namespace: str, data: Any = NOTHING, id: int | None = None) -> bytes:  # noqa: A002
        """A packet as a run of frames: one of text, and one for each binary part."""
        attachments: list[bytes] = []
        if data is NOTHING:
            body = b""
        else:
            try:
                body = self._dumps(data)
            except TypeError:
                body = self._dumps(extract(data, attachments))
        count = f"{len(attachments)}-" if attachments else ""
        where = "" if namespace == "/" else namespace + ","
        head = f"4{kind + 3 if attachments else kind}{count}{where}{'' if id is None else id}"
        return frames.text(head.encode() + body) + b"".join(map(frames.binary, attachments))

    def decode(self, message: str | bytes) -> Packet:
        """The packet in a message; Malformed for anything that no client sends."""
        if isinstance(message, str) and (plain := _EVENT.match(message)):
            namespace, number = plain.groups()
            data = self._read(message[plain.end() - 1 :])
            return Packet(EVENT, namespace or "/", int(number) if number else None, data)
        found = _PACKET.fullmatch(message) if isinstance(message, str) else None
        if found is None:
            raise Malformed("This is no packet.")
        kind, count, namespace, number, text = found.groups()
        data = self._read(text) if text else NOTHING
        packet = Packet(
            int(kind), (namespace or "/").partition("?")[0], int(number) if number else None, data, int(count or 0)
        )
        if (count is not None) != (packet.kind >= BINARY_EVENT) or packet.waits_for > MOST_ATTACHMENTS or count == "0":
            raise Malformed("These are no attachments.")
        return packet

    def _read(self, text: str) -> Any:
        try:
            return self._loads(text)
        except (ValueError, RecursionError):
            raise Malformed("This is no JSON.") from None

    def complete(self, packet: Packet, attachments: list[bytes]) -> Packet:
        """The packet with its attachments in their places; Malformed where they do not fit."""
        packet.data = place(packet.data, attachments)
        packet.kind -= 3
        return packet


class ClassCodec:
    """The encoding of a packet class of python-socketio (`serializer`), such as its msgpack."""

    def __init__(self, packet_class: Any) -> None:
        self._class = packet_class

    def encode(self, kind: int, namespace: str, data: Any = NOTHING, id: int | None = None) -> bytes:  # noqa: A002
        """A packet as a run of frames."""
        encoded = self._class(kind, data=None if data is NOTHING else data, namespace=namespace, id=id).encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        return b"".join(
            frames.text(b"4" + part.encode()) if isinstance(part, str) else frames.binary(part) for part in parts
        )

    def decode(self, message: str | bytes) -> Packet:
        """The packet in a message; Malformed for anything that no client sends."""
        try:
            found = self._class(encoded_packet=message)
        except Exception:  # noqa: BLE001
            raise Malformed("This is no packet.") from None
        data = NOTHING if found.data is None else found.data
        return Packet(found.packet_type, found.namespace or "/", found.id, data, found.attachment_count)

    complete = Codec.complete


def check(packet: Packet) -> Packet:
    """The packet, when its data are such as its kind has; else Malformed."""
    kind, data = packet.kind, packet.data
    if kind == CONNECT:
        right = data is NOTHING or data is None or isinstance(data, dict)
    elif kind == DISCONNECT:
        right = data is NOTHING or data is None
    elif kind == EVENT:
        right = isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
    else:
        right = kind == ACK and isinstance(data, list) and packet.id is not None
    if not right:
        raise Malformed("The packet's data are not such as its kind has.")
    return packet


def _dumps(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _loads(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(name)


def _dumps_by(module: Any) -> Callable[[Any], bytes]:
    def dumps(value: Any) -> bytes:
        text: str | bytes = module.dumps(value, separators=(",", ":"))
        return text.encode() if isinstance(text, str) else text

    return dumps
