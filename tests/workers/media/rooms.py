"""Where these tests fetch from and copy to: a quick way out, a disk store, a note of the checksum."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import orjson

from providers import storage
from providers.outbound import Limits as Patience
from providers.outbound import Outbound
from providers.storage import ObjectStore
from tests.standins.recordings import Manners, RecordingServer, recording_server
from workers.media.ports import Checkpoint, Limits, Source
from workers.media.source import open_source

QUICK = Limits(attempts=3, pause_seconds=0.01)
KEY = "c/00000000-0000-7000-8000-000000000001/recordings/one"


def outbound(*hosts: str, stall: float = 10.0) -> Outbound:
    """A way out that may reach the named hosts on loopback, and loses patience after `stall` seconds."""
    return Outbound(hosts, Patience(stall=stall, least=4096))


@asynccontextmanager
async def opened(
    film: Path,
    manners: Manners | None = None,
    limits: Limits = QUICK,
    *,
    folder: Path | None = None,
    stall: float = 10.0,
) -> AsyncIterator[tuple[RecordingServer, Source]]:
    """The film as a source, behind a server with these manners."""
    async with (
        recording_server(film, manners) as server,
        outbound(server.host, stall=stall) as way,
        open_source(way, server.url, headers={"Authorization": "Bearer key"}, limits=limits, folder=folder) as source,
    ):
        yield server, source


def store_in(folder: Path) -> ObjectStore:
    """A disk store in `folder`."""
    return storage.choose("disk:var/files", "http://127.0.0.1:1", "secret" * 8, folder)


class Notes:
    """Checkpoints in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved = 0

    async def load(self) -> Checkpoint | None:
        return Checkpoint(**orjson.loads(self.path.read_bytes())) if self.path.exists() else None

    async def save(self, checkpoint: Checkpoint) -> None:
        self.saved += 1
        self.path.write_bytes(orjson.dumps(checkpoint))


async def stored(store: ObjectStore) -> bytes:
    """The object under KEY."""
    return b"".join([block async for block in store.open_range(KEY)])


def packets(path: Path) -> dict[str, str]:
    """MD5 of the coded packets of each kind of stream, with the time of each."""
    sums: dict[str, hashlib._Hash] = defaultdict(hashlib.md5)
    with av.open(str(path)) as film:
        for packet in film.demux():
            sums[packet.stream.type].update(bytes(packet) + f"{packet.pts} {packet.duration}".encode())
    return {kind: each.hexdigest() for kind, each in sums.items()}


def names_in(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


def kinds_of_boxes(data: bytes) -> list[bytes]:
    """The outermost boxes of an MP4 file in order."""
    kinds, position = [], 0
    while position < len(data):
        kinds.append(data[position + 4 : position + 8])
        position += int.from_bytes(data[position : position + 4], "big")
    return kinds
