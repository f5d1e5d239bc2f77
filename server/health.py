"""Is this process alive, is it ready, and what is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

log = structlog.get_logger("server.health")

PROBE_SECONDS = 1.0
FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing we lean on: `ask` raises when it is away. Only what is `required` makes us unready."""

    name: str
    ask: Callable[[], Awaitable[Any]]
    required: bool = False


@dataclass(slots=True)
class Readiness:
    """Whether requests should come here; probes are asked together, at most once a second, whoever asks."""

    probes: Sequence[Probe] = ()
    draining: bool = False
    _seen: dict[str, str] = field(default_factory=dict)
    _seen_at: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """`(ready, {"status": ready|degraded|unready|draining, "checks": {name: ok|away}})`."""
        checks = await self._look()
        away = {name for name, seen in checks.items() if seen != "ok"}
        missing = {probe.name for probe in self.probes if probe.required} & away
        if self.draining:
            status = "draining"
        elif missing:
            status = "unready"
        else:
            status = "degraded" if away else "ready"
        return not (self.draining or missing), {"status": status, "checks": checks}

    async def _look(self) -> dict[str, str]:
        async with self._asking:
            if time.monotonic() - self._seen_at >= FRESH_SECONDS:
                answers = await asyncio.gather(*(_ask(probe) for probe in self.probes))
                self._seen = {probe.name: answer for probe, answer in zip(self.probes, answers, strict=True)}
                self._seen_at = time.monotonic()
            return self._seen


async def _ask(probe: Probe) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe.ask()
    except Exception:
        log.exception("something we lean on is away", probe=probe.name)
        return "away"
    return "ok"


READINESS = web.AppKey("readiness", Readiness)


def add_health(app: web.Application) -> None:
    """Serve `/livez`, which asks nobody, and `/readyz`, which is 503 while we should get no requests."""
    app.router.add_get("/livez", _answer_livez)
    app.router.add_get("/readyz", _answer_readyz)


async def _answer_livez(_: web.Request) -> web.Response:
    return web.json_response({"status": "alive"}, headers={"Cache-Control": "no-store"})


async def _answer_readyz(request: web.Request) -> web.Response:
    ready, report = await request.app[READINESS].report()
    return web.json_response(report, status=200 if ready else 503, headers={"Cache-Control": "no-store"})
