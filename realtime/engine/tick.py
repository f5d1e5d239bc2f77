"""The tick: what was sent to a connection within one turn of the loop leaves in one write.

All output of a connection goes through here, so its order is that of the calls. Connections with the same frames
waiting share the joined bytes: a burst into a room of thousands is joined once.
"""

import asyncio
from typing import Protocol


class Outlet(Protocol):
    """What has frames waiting: none, one, or several."""

    out: bytes | list[bytes] | None

    def push(self, data: bytes) -> None:
        """Write, or keep for a reader that is behind."""


class Tick:
    """The outlets with something waiting; they are emptied when the loop comes round."""

    def __init__(self) -> None:
        self._waiting: list[Outlet] = []

    def add(self, outlet: Outlet) -> None:
        """Empty this outlet at the end of the turn; called when its first frame begins to wait."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(outlet)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        joined: dict[tuple[bytes, ...], bytes] = {}
        for outlet in waiting:
            out, outlet.out = outlet.out, None
            if type(out) is bytes:
                outlet.push(out)
            elif type(out) is list:
                frames = tuple(out)
                if (data := joined.get(frames)) is None:
                    data = joined[frames] = b"".join(out)
                outlet.push(data)
