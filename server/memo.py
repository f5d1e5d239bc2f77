"""What was looked up a moment ago, kept for a moment, so that a burst of requests asks once."""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class Memo(Generic[Key, Value]):
    """Values by key, each for `seconds`; at most `most` of them, then the oldest go."""

    seconds: float
    most: int
    _kept: dict[Key, tuple[float, Value]] = field(default_factory=dict)

    def get(self, key: Key) -> Value | None:
        """The value, or None when there is none, or no fresh one."""
        known = self._kept.get(key)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    def put(self, key: Key, value: Value) -> Value:
        """Remember the value, and give it back."""
        self._kept.pop(key, None)
        if len(self._kept) >= self.most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (time.monotonic() + self.seconds, value)
        return value
