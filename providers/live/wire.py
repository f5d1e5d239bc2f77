"""Asking a provider over HTTP: bounded, guarded by a breaker per server, and its bad answers in our words."""

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from yarl import URL

from providers import ProviderDown, ProviderRefused
from providers.breaker import Breaker
from providers.outbound import Limits, Outbound

PATIENCE = Limits(connect=3.0, stall=8.0, total=10.0, size=4 * 1024 * 1024)
SKEW_SECONDS = 60.0
MOST_BREAKERS = 500
# One creator's dead server must not shut the door of another creator's: a breaker per kind and server.
_BREAKERS: "OrderedDict[tuple[str, str], Breaker]" = OrderedDict()


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer, read whole; its status is below 500."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object in the body; ProviderDown when there is none."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise ProviderDown("The live provider answered with something that is not its JSON.")
        return found

    def json_or_empty(self) -> dict[str, Any]:
        """The object in the body, or an empty one."""
        try:
            return self.json()
        except ProviderDown:
            return {}


class Wire:
    """The way to one server of a provider; `name` is how people call the provider."""

    def __init__(self, outbound: Outbound, name: str, base: str) -> None:
        self.name = name
        self._outbound = outbound
        self._breaker = breaker_of(name, str(URL(base).origin()))

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request and its answer; ProviderDown for 429, 5xx, silence and what breaks off."""
        with self._breaker.call():
            async with self._outbound.send(method, url, headers, body) as reply:
                answer = Answer(reply.status, reply.headers, await reply.read())
            if answer.status >= 500:
                raise ProviderDown(f"{self.name} has trouble of its own ({answer.status}). Try again in a minute.")
        if answer.status == 429:
            raise ProviderDown(f"{self.name} asks us to slow down.", _pause(answer))
        return answer

    def keys_refused(self, answer: Answer, cure: str) -> ProviderRefused:
        """The refusal for credentials the provider does not take: `cure`, unless the clocks explain it."""
        skew = _skew(answer)
        if abs(skew) > SKEW_SECONDS:
            return ProviderRefused(
                f"The clock of this machine and that of {self.name} differ by {abs(skew):.0f} seconds, so signed "
                "requests are refused. The operator should set this machine's clock (NTP).",
                "clock_skew",
                502,
            )
        return ProviderRefused(f"{self.name} does not accept these credentials. {cure}", "credentials_refused", 502)


def breaker_of(name: str, origin: str) -> Breaker:
    """The breaker of one server, the least used of very many forgotten."""
    if (name, origin) not in _BREAKERS:
        _BREAKERS[name, origin] = Breaker(name, slow=PATIENCE.stall)
        if len(_BREAKERS) > MOST_BREAKERS:
            _BREAKERS.popitem(last=False)
    _BREAKERS.move_to_end((name, origin))
    return _BREAKERS[name, origin]


def sentence(said: str) -> str:
    """What a provider said, as a sentence of at most 300 letters."""
    words = " ".join(said.split())[:300].rstrip(". ")
    return f"{words}." if words else "it gave no reason."


def _pause(answer: Answer) -> float:
    stated = answer.headers.get("Retry-After", "")
    return min(float(stated), 3600.0) if stated.isascii() and stated.isdigit() else 30.0


def _skew(answer: Answer) -> float:
    """By how many seconds the provider's clock is ahead of ours, as its Date header tells."""
    with suppress(KeyError, TypeError, ValueError):
        return (parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)).total_seconds()
    return 0.0
