"""The tick: what was sent to a connection within one turn of the loop leaves in one write.

All output of a connection goes through here, so its order is that of the calls. Connections with the same frames
waiting share the joined bytes: a burst into a room of thousands is joined once.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Outlet(Protocol):
    """What has frames waiting: none, one, or several."""

    out: bytes | list[bytes] | None
    write: Callable[[bytes], None] | None

    def push(self, data: bytes) -> None:
        """Keep for a reader who cannot be written to just now (`write` is None)."""


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

    def _flush(self) -> None:
        waiting = self.waiting.copy()
        self.waiting.clear()
        joined: dict[tuple[bytes, ...], bytes] = {}
        for outlet in waiting:
            out, outlet.out = outlet.out, None
            if type(out) is list:
                frames = tuple(out)
                if (data := joined.get(frames)) is None:
                    data = joined[frames] = b"".join(frames)
                out = data
            elif out is None:
                continue
            if outlet.write is None:
                outlet.push(out)  # type: ignore[arg-type]
            else:
                outlet.write(out)  # type: ignore[arg-type]
