"""Merging: of news that outdate one another, and come many at once, a room hears the latest some times a second.

Each process merges what it tells; a frame that overtakes another one elsewhere is told apart by its `v`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from tenants.ids import ChannelId
from tenants.notices import Notice

# What is on screen is at most this old, and what a crowd does is told at most four times a second.
GATHER_SECONDS = 0.25
MERGED = frozenset({"poll.changed"})
Tell = Callable[[ChannelId, Notice, list[UUID]], None]


@dataclass(slots=True)
class _Waiting:
    """The latest of some notices about one thing, and the rows of all of them."""

    channel_id: ChannelId
    latest: Notice
    timer: asyncio.TimerHandle
    rows: list[UUID] = field(default_factory=list)


class Merging:
    """Keeps notices of one thing for a moment, and hands on the latest, with the rows that it stands for."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waiting: dict[tuple[ChannelId, str], _Waiting] = {}

    def close(self) -> None:
        """Tell no more: what waits is in its rows still."""
        for waiting in self._waiting.values():
            waiting.timer.cancel()
        self._waiting.clear()

    def note(self, channel_id: ChannelId, row: UUID, notice: Notice) -> None:
        """Take a notice whose event is one of MERGED."""
        key = (channel_id, str(notice.payload["message"]))
        waiting = self._waiting.get(key)
        if waiting is None:
            timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._ripe, key)
            self._waiting[key] = waiting = _Waiting(channel_id, notice, timer)
        elif notice.payload["v"] > waiting.latest.payload["v"]:
            waiting.latest = notice
        waiting.rows.append(row)

    def _ripe(self, key: tuple[ChannelId, str]) -> None:
        waiting = self._waiting.pop(key)
        self._tell(waiting.channel_id, waiting.latest, waiting.rows)
