"""A client that does not give up, and keeps count of what it was answered."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

PATIENCE = 120.0
PAUSE = 0.05


@dataclass
class Tally:
    """Answers of one stretch of time: good ones, refusals that say why, and others; the slowest in seconds."""

    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def note(self, outcome: str, seconds: float) -> None:
        """Count one answer."""
        self.answers[outcome] += 1
        self.slowest = max(self.slowest, seconds)


@dataclass
class Client:
    """Speaks to the installation; what is not answered well is sent again, the same."""

    url: str
    session: aiohttp.ClientSession
    tally: Tally = field(default_factory=Tally)

    async def insist(self, method: str, path: str, *, token: str = "", **given: Any) -> tuple[int, Any]:
        """The first answer that is neither 5xx nor 429: status, and the decoded body."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status, answer = await self.ask(method, path, token=token, **given)
                if status and status < 500 and status != 429:
                    return status, answer
                await asyncio.sleep(PAUSE)

    async def ask(self, method: str, path: str, *, token: str = "", **given: Any) -> tuple[int, Any]:
        """One answer, counted; status 0 when there is none."""
        headers = {**given.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        began = time.monotonic()
        try:
            async with self.session.request(method, self.url + path, headers=headers, **given) as answer:
                raw = await answer.read()
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            self.tally.note("none", time.monotonic() - began)
            return 0, None
        decoded = orjson.loads(raw) if "json" in answer.content_type else raw
        self.tally.note(_outcome(answer.status, decoded), time.monotonic() - began)
        return answer.status, decoded


def _outcome(status: int, answer: Any) -> str:
    """`good`, `said` (no, and why in words), or `bad` (a 5xx that is not a refusal of ours)."""
    if status < 500 and status != 429:
        return "good"
    if isinstance(answer, dict):
        explained = "checks" in answer or (bool(answer.get("detail")) and answer.get("code") != "internal")
    else:
        explained = status in {429, 503} and b"<main" in answer
    return "said" if explained else "bad"
