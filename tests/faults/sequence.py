"""Order and identity of one room's messages at a client: the rules of `sequence.ts`."""

import asyncio
from collections.abc import Callable, Iterable

from tests.faults.versions import Message

HOLD_SECONDS = 0.2


class Sequence:
    """Each `seq` is delivered once, ascending; `behind` is told what has not come by itself within the hold."""

    def __init__(self, last: int, deliver: Callable[[Message], None], behind: Callable[[int], None]) -> None:
        self.last = last
        self._deliver, self._behind = deliver, behind
        self._held: dict[int, Message] = {}
        self._expected = 0
        self._timer: asyncio.TimerHandle | None = None

    def offer(self, message: Message) -> None:
        """Take a live message: now, later, or not at all when it has been delivered."""
        if message["seq"] > self.last:
            self._held[message["seq"]] = message
            self._drain()
            self.expect(message["seq"])

    def fill(self, page: Iterable[Message]) -> None:
        """Take a page read from the database, where a missing `seq` is not coming any more."""
        for message in page:
            if message["seq"] > self.last:
                self._held.pop(message["seq"], None)
                self._advance(message)
        self._drain()

    def expect(self, seq: int) -> None:
        """Note that the room holds `seq`."""
        self._expected = max(self._expected, seq)
        if self._expected > self.last and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._late)

    def restart(self, last: int) -> None:
        """Start anew after `last`; what was held is forgotten."""
        self.last, self._expected = last, 0
        self._held.clear()

    def close(self) -> None:
        """The page is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def _late(self) -> None:
        self._timer = None
        if self._expected > self.last:
            self._behind(self._expected)

    def _advance(self, message: Message) -> None:
        self.last = message["seq"]
        self._deliver(message)

    def _drain(self) -> None:
        for seq in [seq for seq in self._held if seq <= self.last]:
            del self._held[seq]
        while message := self._held.pop(self.last + 1, None):
            self._advance(message)
