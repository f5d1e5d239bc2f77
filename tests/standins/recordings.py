"""The far side of a recording: a plain HTTP/1.1 file server that can be told to misbehave."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

PIECE = 64 * 1024


@dataclass
class Manners:
    """How the server behaves; all off is how a good one does. Byte numbers count from the start of the file."""

    ranges: bool = True
    validators: bool = True
    chunked: bool = False
    status: int | None = None
    status_times: int | None = None  # how often `status` is answered; for ever when None
    redirect: str | None = None
    stall_at: int | None = None
    drip: bool = False
    cut_at: int | None = None
    cut_times: int | None = None  # how often it breaks off at `cut_at`; for ever when None
    longer_by: int = 0  # how many bytes more than the truth are announced
    change_after: int | None = None  # after how many requests the file is another one
    obey_if_range: bool = True
    wrong_part: bool = False
    compressed: bool = False
    endless: bool = False  # goes on sending after the last byte; wants `chunked`


@dataclass
class RecordingServer:
    """One file behind one address; `asked` are the Range headers seen, `headers` those of the last request."""

    path: Path
    port: int = 0
    manners: Manners = field(default_factory=Manners)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    cuts: int = 0
    talks: set[asyncio.Task[object]] = field(default_factory=set)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/recording.mp4"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self.talks.add(talk)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")[1:-2]
                self.headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
                await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            self.talks.discard(talk)
            writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        manners, ranged = self.manners, self.headers.get("range", "")
        self.asked.append(ranged)
        changed = manners.change_after is not None and len(self.asked) > manners.change_after
        etag = '"two"' if changed else '"one"'
        if manners.redirect is not None:
            return _head(writer, 302, {"Location": manners.redirect, "Content-Length": "0"})
        if manners.status is not None and manners.status_times != 0:
            manners.status_times = None if manners.status_times is None else manners.status_times - 1
            return _head(writer, manners.status, {"Content-Length": "0"})
        size = self.path.stat().st_size
        stale = manners.obey_if_range and self.headers.get("if-range", etag) != etag
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", ranged) if manners.ranges and not stale else None
        start, end = (int(span[1]), min(int(span[2]) + 1, size + manners.longer_by)) if span else (0, size)
        fields = {"ETag": etag} if manners.validators else {}
        if span and start >= size + manners.longer_by:
            return _head(writer, 416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
        if span:
            first = start + manners.wrong_part
            fields["Content-Range"] = f"bytes {first}-{end - 1}/{size + manners.longer_by}"
        else:
            end += manners.longer_by
        fields |= {"Content-Encoding": "gzip"} if manners.compressed else {}
        fields |= {"Transfer-Encoding": "chunked"} if manners.chunked else {"Content-Length": str(end - start)}
        _head(writer, 206 if span else 200, fields)
        await self._body(writer, start, end, swap=changed)
        return None

    async def _body(self, writer: asyncio.StreamWriter, start: int, end: int, *, swap: bool) -> None:
        with self.path.open("rb") as file:
            file.seek(start)
            for position in range(start, end, PIECE):
                data = file.read(min(PIECE, end - position))
                await self._misbehave(writer, position, data)
                self._write(writer, data[::-1] if swap else data)
                await writer.drain()
                self.sent += len(data)
                if not data:
                    raise ConnectionResetError
        while self.manners.endless:
            self._write(writer, bytes(PIECE))
            await writer.drain()
        if self.manners.chunked:
            writer.write(b"0\r\n\r\n")

    def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(b"%x\r\n%s\r\n" % (len(data), data) if self.manners.chunked else data)

    async def _misbehave(self, writer: asyncio.StreamWriter, position: int, data: bytes) -> None:
        manners = self.manners
        if manners.stall_at is not None and position + len(data) > manners.stall_at:
            await asyncio.Event().wait()
        if manners.drip:
            for byte in range(len(data)):
                writer.write(data[byte : byte + 1])
                await asyncio.sleep(0.02)
        if manners.cut_at is not None and position <= manners.cut_at < position + len(data) and manners.cut_times != 0:
            manners.cut_times = None if manners.cut_times is None else manners.cut_times - 1
            self.cuts += 1
            self._write(writer, data[: manners.cut_at - position])
            await writer.drain()
            raise ConnectionResetError


def _head(writer: asyncio.StreamWriter, status: int, fields: dict[str, str]) -> None:
    lines = [f"HTTP/1.1 {status} So", *(f"{key}: {value}" for key, value in fields.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())


@asynccontextmanager
async def recording_server(path: Path, manners: Manners | None = None) -> AsyncIterator[RecordingServer]:
    """A server on loopback that offers the file at `path`."""
    served = RecordingServer(path, manners=manners or Manners())
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for talk in list(served.talks):
            talk.cancel()
        await asyncio.gather(*served.talks, return_exceptions=True)
