"""A breaker: a provider that fails again and again is left alone for a while, so that nobody waits in vain.

Closed, calls pass. After `failures` in a row it opens, and every call is refused at once. When `rest` seconds are over
one call may try; its outcome closes the breaker or opens it anew. (M. Nygard, Release It!, "Circuit Breaker".)
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

from providers import Deferred, LeftAlone, ProviderDown, ProviderRefused

_KNOWN: "WeakSet[Breaker]" = WeakSet()


class Breaker:
    """Watches the calls to one provider in this process; `provider` is its name in sentences and figures.

    A call that takes longer than `slow` seconds counts as a failure even when it succeeds.
    """

    def __init__(
        self,
        provider: str,
        *,
        failures: int = 3,
        slow: float = 10.0,
        rest: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider = provider
        self.calls: Counter[str] = Counter()
        """Calls by outcome: `ok`, `refused` (it answered no), `slow`, `down`, `spared` (not made, for it is open)."""
        self._failures, self._slow, self._rest, self._clock = failures, slow, rest, clock
        self._run = 0
        self._opened_at: float | None = None
        self._trying = False
        _KNOWN.add(self)

    @property
    def state(self) -> str:
        """`closed` while calls pass, `open` while none does, `trying` while the one call is under way that decides."""
        if self._opened_at is None:
            return "closed"
        return "trying" if self._trying else "open"

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call within; LeftAlone at once while the breaker is open.

        ProviderDown, TimeoutError and OSError within are failures; ProviderRefused and Deferred are answers like any
        other.
        """
        self._admit()
        began = self._clock()
        try:
            yield
        except (ProviderRefused, Deferred):
            self._note("refused", good=True)
            raise
        except (ProviderDown, TimeoutError, OSError):
            self._note("down", good=False)
            raise
        except BaseException:
            self._trying = False
            raise
        slow = self._clock() - began > self._slow
        self._note("slow" if slow else "ok", good=not slow)

    def _admit(self) -> None:
        if self._opened_at is None:
            return
        left = self._opened_at + self._rest - self._clock()
        if self._trying or left > 0:
            self.calls["spared"] += 1
            again = max(1.0, left)
            raise LeftAlone(f"{self.provider} failed again and again and is left alone for a while.", again)
        self._trying = True

    def _note(self, outcome: str, *, good: bool) -> None:
        self.calls[outcome] += 1
        tried, self._trying = self._trying, False
        if good:
            self._run, self._opened_at = 0, None
            return
        self._run += 1
        if tried or self._run >= self._failures:
            self._opened_at = self._clock()


def known() -> list[Breaker]:
    """Every breaker of this process, by provider."""
    return sorted(_KNOWN, key=lambda breaker: breaker.provider)
