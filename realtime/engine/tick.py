"""The tick: what was sent to a connection within one turn of the loop leaves in one write.

All output of a connection goes through here, so its order is that of the calls. Connections with the same frames
waiting share the joined bytes: a burst into a room of thousands is joined once.
"""

import asyncio
import os
from collections.abc import Iterable
from typing import Protocol


class Outlet(Protocol):
    """What has frames waiting: none, one, or several. `fd` can be written to, unless it is negative."""

    out: bytes | list[bytes] | None
    fd: int

    def add(self, frame: bytes) -> None:
        """Send a frame after those that wait (`out` is not None)."""

    def push(self, data: bytes) -> None:
        """Write, in another way, or keep what `fd` does not take."""


class Reader(Protocol):
    """Somebody with an outlet."""

    @property
    def outlet(self) -> Outlet:
        """Where frames for the reader go."""


class Tick:
    """The outlets with something waiting; they are emptied when the loop comes round.

    Whoever begins to wait calls `begin` if nobody waits yet, and appends itself to `waiting`: for a room of thousands
    this is the path that counts.
    """

    def __init__(self) -> None:
        self.waiting: list[Outlet] = []

    def begin(self) -> None:
        """Empty all outlets at the end of the turn."""
        asyncio.get_running_loop().call_soon(self._flush)

    def send_all(self, readers: Iterable[Reader], frame: bytes) -> None:
        """Send the same frame to many."""
        waiting = self.waiting
        if not waiting:
            self.begin()
        for reader in readers:
            outlet = reader.outlet
            if outlet.out is None:
                outlet.out = frame
                waiting.append(outlet)
            else:
                outlet.add(frame)

    def _flush(self) -> None:
        waiting = self.waiting.copy()
        self.waiting.clear()
        joined: dict[tuple[bytes, ...], bytes] = {}
        write = os.write
        for outlet in waiting:
            out, outlet.out = outlet.out, None
            if out is None:
                continue
            data = out if isinstance(out, bytes) else joined.get(frames := tuple(out))
            if data is None:
                data = joined[frames] = b"".join(frames)
            if outlet.fd < 0:
                outlet.push(data)
                continue
            try:
                written = write(outlet.fd, data)
            except OSError:  # it is full, or broken, which its transport is to find
                written = 0
            if written != len(data):
                outlet.push(data[written:])
