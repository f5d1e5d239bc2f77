"""The tick: what was sent to a connection within one turn of the loop leaves in one write.

All output of a connection goes through here, so its order is that of the calls. Connections with the same frames
waiting share the joined bytes: a burst into a room of thousands is joined once. Writing to many takes milliseconds, so
after that the next frames for many wait as long as it took (25 ms at most), and leave together: the more is said, the
less each frame costs. What is meant for one reader never waits.
"""

import asyncio
import os
import time
from collections.abc import Collection
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


MANY = 200
MOST_REST_SECONDS = 0.025


class Tick:
    """The outlets with something waiting; they are emptied when the loop comes round.

    Whoever begins to wait calls `begin` if nobody waits yet, and appends itself to `waiting`.
    """

    def __init__(self) -> None:
        self.waiting: list[Outlet] = []
        self._many: list[Outlet] = []
        self._rested_at = 0.0

    def begin(self) -> None:
        """Empty all outlets at the end of the turn."""
        asyncio.get_running_loop().call_soon(self._flush)

    def send_all(self, readers: Collection[Reader], frame: bytes) -> None:
        """Send the same frame to all of them."""
        if len(readers) < MANY:
            waiting = self.waiting
            if not waiting:
                self.begin()
        elif not (waiting := self._many):
            self._begin_many()
        for reader in readers:
            outlet = reader.outlet
            out = outlet.out
            if out is None:
                outlet.out = frame
                waiting.append(outlet)
            elif type(out) is list:
                out.append(frame)
            else:
                outlet.add(frame)

    def _begin_many(self) -> None:
        loop = asyncio.get_running_loop()
        if (rest := self._rested_at - time.monotonic()) > 0:
            loop.call_later(rest, self._flush_many)
        else:
            loop.call_soon(self._flush_many)

    def _flush_many(self) -> None:
        began = time.monotonic()
        waiting, self._many = self._many, []
        _empty(waiting)
        ended = time.monotonic()
        self._rested_at = ended + min(ended - began, MOST_REST_SECONDS)

    def _flush(self) -> None:
        waiting = self.waiting.copy()
        self.waiting.clear()
        _empty(waiting)


def _empty(waiting: list[Outlet]) -> None:
    """Write what waits in each, once; one that was emptied before has nothing."""
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
