"""Order: what is numbered leaves this process once and in order, whichever process it came from.

Two processes may post to one room, and their frames may cross on the way. A frame that is early waits a moment for
the one before it; when that was lost, it goes on without, and clients fetch what is missing.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

HOLD_SECONDS = 0.2
MOST_HELD = 1000
Frame = TypeVar("Frame")


@dataclass(slots=True)
class _Place(Generic[Frame]):
    last: int
    held: dict[int, Frame] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


class Order(Generic[Frame]):
    """The numbers that have gone out, for rooms that somebody here has joined."""

    def __init__(self, late: Callable[[str], None]) -> None:
        """`late` is told the room whose frames have waited long enough; `give_up` has them."""
        self._late = late
        self._places: dict[str, _Place[Frame]] = {}

    def begin(self, room: str, head: int) -> None:
        """Somebody has joined a room whose head is `head`; what is not above it is known to them."""
        if room not in self._places:
            self._places[room] = _Place(head)

    def end(self, room: str) -> None:
        """Nobody here is in the room any more."""
        if (place := self._places.pop(room, None)) and place.timer:
            place.timer.cancel()

    def offer(self, room: str, seq: int, frame: Frame) -> list[Frame]:
        """The frames that may go out now: none while this one waits, or when it has gone out before."""
        place = self._places.get(room)
        if place is None or seq <= place.last:
            return []
        place.held[seq] = frame
        ready = list(self._ready(place))
        if len(place.held) > MOST_HELD:
            ready += self._all(place)
        if place.held and place.timer is None:
            place.timer = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._late, room)
        elif not place.held and place.timer:
            place.timer.cancel()
            place.timer = None
        return ready

    def give_up(self, room: str) -> list[Frame]:
        """The frames that waited for one that has not come."""
        place = self._places.get(room)
        if place is None:
            return []
        place.timer = None
        return self._all(place)

    @staticmethod
    def _ready(place: _Place[Frame]) -> Iterator[Frame]:
        while frame := place.held.pop(place.last + 1, None):
            place.last += 1
            yield frame

    @staticmethod
    def _all(place: _Place[Frame]) -> list[Frame]:
        frames = [place.held[seq] for seq in sorted(place.held)]
        place.last = max(place.held, default=place.last)
        place.held.clear()
        return frames
