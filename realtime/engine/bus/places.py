"""Places of the bus: a room or a process, its names in Redis, and how far it has been heard here."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import orjson

MOST_HOSTS = 256
Heard = tuple[str, int, bytes]


@dataclass(slots=True, eq=False)
class Place:
    """A room of a namespace (None: the whole namespace), or with the namespace `""` a process.

    `last` is the sequence that was heard last, in `epoch` (empty: nothing was ever said there). While `held` is a
    list, what comes is kept there, because something before it is being fetched. `unheard_since` is when it was entered
    (monotonic seconds), where somebody would not wait until it was heard.
    """

    prefix: str
    namespace: str
    room: Any
    epoch: str = ""
    last: int = 0
    held: list[Heard] | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    entered: float = field(default_factory=time.monotonic)
    unheard_since: float | None = None
    _numbers: dict[bytes, int] = field(default_factory=dict)
    name: str = field(init=False)
    channel: bytes = field(init=False)
    keys: tuple[bytes, bytes] = field(init=False)

    def __post_init__(self) -> None:
        """`name` is what all its keys begin with: the deployment's prefix, then what in a cluster names their slot.

        `channel` is where it is said; `keys` are the hash of its epoch and sequence, and the stream of what was said.
        """
        self.name = f"{self.prefix}:{{{self.namespace}|{orjson.dumps(self.room).decode()}}}"
        self.channel = self.name.encode()
        self.keys = (self.channel + b":at", self.channel + b":log")

    def is_new(self, host: bytes, number: int) -> bool:
        """Whether this was not heard before; a process that is not sure repeats itself, with the same number."""
        known = self._numbers.pop(host, 0)
        self._numbers[host] = max(known, number)
        if number <= known:
            return False
        if len(self._numbers) > MOST_HOSTS:
            del self._numbers[next(iter(self._numbers))]
        return True
