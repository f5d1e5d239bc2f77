"""A generator of HTTP/1.1 load: as many connections as said, one request at a time on each, for so many seconds."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

CONNECTIONS = 16


@dataclass(slots=True)
class Tally:
    """What came back: how many answers of the expected status, other answers by status, seconds of each."""

    expected: int
    good: int = 0
    other: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def count(self, status: int, seconds: float) -> None:
        """Note one answer."""
        if status == self.expected:
            self.good += 1
            self.seconds.append(seconds)
        else:
            self.other[status] = self.other.get(status, 0) + 1

    def quantile(self, part: float) -> float:
        """The seconds within which that part of the good answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class Sender(asyncio.Protocol):
    """One connection: sends the next request when the last answer is whole."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, until: float) -> None:
        self.requests, self.tally, self.until = requests, tally, until
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        """The next request, or the end."""
        assert self.transport is not None
        self.sent_at = time.perf_counter()
        if self.sent_at >= self.until:
            self.transport.close()
        else:
            self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end >= 0 and len(self.buffer) >= end + 4 + _length(self.buffer[:end]):
            self.tally.count(int(self.buffer[9:12]), time.perf_counter() - self.sent_at)
            self.buffer = b""
            self.send()

    def connection_lost(self, fault: Exception | None) -> None:
        """Over."""
        if fault is not None:
            self.tally.count(0, 0.0)
        self.done.set_result(None)


def _length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0


async def load(port: int, requests: Iterator[bytes], expected: int, seconds: float) -> Tally:
    """Ask 127.0.0.1:`port` as fast as it answers."""
    loop, tally, until = asyncio.get_running_loop(), Tally(expected), time.perf_counter() + seconds
    pairs = [
        await loop.create_connection(lambda: Sender(requests, tally, until), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(sender.done for _, sender in pairs))
    return tally


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
