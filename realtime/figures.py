"""Figures of the wire, counted in plain numbers by the one loop that moves them."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate

BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(slots=True)
class Times:
    """How long the answers to one event took: how many fell into each bucket, and the sum of seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def note(self, seconds: float) -> None:
        """Count one answer."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def so_far(self) -> list[tuple[str, int]]:
        """How many took at most so long, for each bound in words."""
        return list(zip((*map(str, BOUNDS), "+Inf"), accumulate(self.buckets), strict=True))


@dataclass(slots=True)
class Figures:
    """What the door and the watch count: answers by event, refusals by event and code, ends by reason.

    `ended` are sockets that ended, by how their transport did; `sent_away` those that were sent, by why.
    """

    answers: dict[str, Times] = field(default_factory=dict)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    sent_away: Counter[str] = field(default_factory=Counter)

    def answered(self, event: str, seconds: float) -> None:
        """Count the answer to an event."""
        times = self.answers.get(event)
        if times is None:
            times = self.answers[event] = Times()
        times.note(seconds)
