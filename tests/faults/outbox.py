"""The outgoing queue of one room at a client: the rules of `outbox.ts`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.faults.transport import Lost, Refused

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


@dataclass(slots=True)
class Outgoing:
    """A message on its way; it stays until it was acknowledged and shown."""

    body: str
    client_id: str = field(default_factory=lambda: str(uuid4()))
    state: str = "waiting"
    seq: int = 0


class Outbox:
    """Sends what waits, oldest first, one at a time, with the same `client_id` until it is answered."""

    def __init__(
        self,
        post: Callable[[Outgoing], Awaitable[Any]],
        acknowledged: Callable[[Outgoing], None],
        shelf: list[Outgoing],
    ) -> None:
        self._post, self._acknowledged = post, acknowledged
        self.items = shelf
        self._open = False
        self._pump: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        # What was acknowledged is off the shelf: an earlier page may have gone before it was shown there.
        shelf[:] = [item for item in shelf if item.state != "sent"]
        for item in shelf:
            item.state = "waiting" if item.state == "sending" else item.state

    def add(self, body: str) -> None:
        """Queue a message."""
        self.items.append(Outgoing(body))
        self._go()

    def open(self) -> None:
        """The wire is up: everything that waits goes out."""
        self._open = True
        self._changed.set()
        self._go()

    def close(self) -> None:
        """The wire is down: keep, do not send."""
        self._open = False
        self._changed.set()

    def shown(self, last: int) -> None:
        """The room shows everything up to `last`: acknowledged rows it covers are done with."""
        self.items[:] = [item for item in self.items if item.state != "sent" or item.seq > last]

    def drop(self) -> None:
        """The page is gone; what was not answered stays on the shelf."""
        self.close()
        if self._pump is not None:
            self._pump.cancel()

    def _go(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._run())

    def _next(self) -> Outgoing | None:
        return next((item for item in self.items if item.state == "waiting"), None) if self._open else None

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while item := self._next():
            wait = await self._attempt(item, pause)
            pause = FIRST_PAUSE if wait is None else min(pause * 2, LONGEST_PAUSE)
            if wait is not None and self._open:
                self._changed.clear()
                await asyncio.wait([asyncio.ensure_future(self._changed.wait())], timeout=wait)

    async def _attempt(self, item: Outgoing, pause: float) -> float | None:
        """One try; how long to rest before the next, None when this item needs no other."""
        item.state = "sending"
        try:
            item.seq = (await self._post(item))["seq"]
        except Refused as refused:
            item.state = "waiting" if refused.passing else "failed"
            return (refused.retry_after or pause) if refused.passing else None
        except Lost:
            item.state = "waiting"
            return pause
        item.state = "sent"
        self._acknowledged(item)
        return None
