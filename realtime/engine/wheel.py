"""The timer wheel: one timer of the loop for the heartbeats of all connections."""

import asyncio
from typing import Protocol


class Timed(Protocol):
    """Something that is told when its time has come."""

    def ring(self) -> None:
        """The time has come."""


class Wheel:
    """Rings each thing at its time, at most one `grain` (seconds) late and never early; each call is O(1)."""

    def __init__(self, grain: float) -> None:
        self._grain = grain
        self._spokes: dict[int, set[Timed]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0

    def set(self, item: Timed, when: float) -> int:
        """Ring `item` at `when` on the loop's clock; the number with which this is cleared."""
        if self._timer is None:
            self._at = int(asyncio.get_running_loop().time() / self._grain)
            self._arm()
        spoke = max(int(when / self._grain) + 1, self._at + 1)
        self._spokes.setdefault(spoke, set()).add(item)
        return spoke

    def clear(self, item: Timed, spoke: int) -> None:
        """Do not ring it any more."""
        if items := self._spokes.get(spoke):
            items.discard(item)

    def stop(self) -> None:
        """Ring nothing any more."""
        self._spokes.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_at((self._at + 1) * self._grain, self._turn)

    def _turn(self) -> None:
        now = int(asyncio.get_running_loop().time() / self._grain)
        for spoke in range(self._at + 1, now + 1):
            self._at = spoke
            for item in self._spokes.pop(spoke, ()):
                item.ring()
        if self._spokes:
            self._arm()
        else:
            self._timer = None
