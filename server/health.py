"""Is this process alive, is it ready, and what is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

log = structlog.get_logger("server.health")

PROBE_SECONDS = 1.0
FRESH_SECONDS = 1.0
AWAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing we lean on: `ask` raises when it is away. Only what is `required` makes us unready.

    It is asked at most every `fresh` seconds, whoever wants to know (sooner while it is away), and is away when it
    takes more than `seconds`.
    """

    name: str
    ask: Callable[[], Awaitable[Any]]
    required: bool = False
    fresh: float = FRESH_SECONDS
    seconds: float = PROBE_SECONDS


@dataclass(slots=True)
class _Seen:
    """What a probe last found, when it is to be asked again, and the asking that is under way."""

    answer: str = "unknown"
    due: float = float("-inf")
    asking: asyncio.Task[None] | None = None


class Readiness:
    """Whether requests should come here, as probes found that are asked together.

    The answer waits a second for them, not for the slowest: what takes longer goes by what it last found.
    """

    def __init__(self, probes: Sequence[Probe] = ()) -> None:
        self.probes = probes
        self.draining = False
        self._seen = {probe.name: _Seen() for probe in probes}

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """`(ready, {"status": ready|degraded|unready|draining, "checks": {name: ok|away|unknown}})`."""
        checks = await self._look()
        away = {name for name, seen in checks.items() if seen == "away"}
        missing = {probe.name for probe in self.probes if probe.required and checks[probe.name] != "ok"}
        if self.draining:
            status = "draining"
        elif missing:
            status = "unready"
        else:
            status = "degraded" if away else "ready"
        return not (self.draining or missing), {"status": status, "checks": checks}

    async def close(self) -> None:
        """Give up what is still being asked."""
        asking = [seen.asking for seen in self._seen.values() if seen.asking]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _look(self) -> dict[str, str]:
        asking = [task for probe in self.probes if (task := self._ask_if_due(probe)) is not None]
        if asking:
            await asyncio.wait(asking, timeout=PROBE_SECONDS)
        for probe in self.probes:
            if probe.required and self._seen[probe.name].asking is not None:
                self._seen[probe.name].answer = "away"
        return {name: seen.answer for name, seen in self._seen.items()}

    def _ask_if_due(self, probe: Probe) -> asyncio.Task[None] | None:
        seen = self._seen[probe.name]
        if seen.asking is None and seen.due <= time.monotonic():
            seen.asking = asyncio.create_task(self._ask(probe, seen), name=f"probe {probe.name}")
        return seen.asking

    async def _ask(self, probe: Probe, seen: _Seen) -> None:
        try:
            async with asyncio.timeout(probe.seconds):
                await probe.ask()
            seen.answer = "ok"
        except Exception as error:  # noqa: BLE001 - whatever it is, the thing is away
            log.warning("something we lean on is away", probe=probe.name, error=str(error) or repr(error))
            seen.answer = "away"
        finally:
            fresh = probe.fresh if seen.answer == "ok" else min(probe.fresh, AWAY_SECONDS)
            seen.due, seen.asking = time.monotonic() + fresh, None


READINESS = web.AppKey("readiness", Readiness)


def add_health(app: web.Application) -> None:
    """Serve `/livez`, which asks nobody, and `/readyz`, which is 503 while we should get no requests."""
    app.router.add_get("/livez", _answer_livez)
    app.router.add_get("/readyz", _answer_readyz)
    app.on_cleanup.append(_give_up)


async def _answer_livez(_: web.Request) -> web.Response:
    return web.json_response({"status": "alive"}, headers={"Cache-Control": "no-store"})


async def _answer_readyz(request: web.Request) -> web.Response:
    ready, report = await request.app[READINESS].report()
    return web.json_response(report, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


async def _give_up(app: web.Application) -> None:
    await app[READINESS].close()
