"""Looking: the pages and answers that people open all the while, each look counted as a browser would meet it."""

import asyncio
import itertools
import re

from cli.drill.client import Client
from cli.drill.school import School

PAUSE = 0.1
VERIFY_PAUSE = 2.2
"""Verifying is limited to thirty a minute and address, in the demo as well."""


async def look(client: Client, school: School, until: asyncio.Event) -> None:
    """Open one page after the other until told to stop."""
    token = school.students[0][0]
    room = f"/api/v1/channels/{school.slug}/rooms/{school.room}/messages?limit=50"
    looks = (
        (f"/c/{school.slug}", ""),
        ("/c/pottery", ""),
        (room, token),
        (f"/api/v1/channels/{school.slug}/search?q=message", token),
        ("/readyz", ""),
    )
    for path, who in itertools.cycle(looks):
        if until.is_set():
            return
        await client.ask("GET", path, token=who)
        await asyncio.sleep(PAUSE)


async def verify(client: Client, school: School, until: asyncio.Event) -> None:
    """Look at a certificate, and fetch its paper, until told to stop."""
    for tail in itertools.cycle(("", ".pdf")):
        if until.is_set():
            return
        await client.ask("GET", f"/verify/{school.certificate}{tail}")
        await asyncio.sleep(VERIFY_PAUSE)


async def left_alone(client: Client, token: str) -> list[str]:
    """The providers whose breakers are open in the web process or in a worker."""
    status, answer = await client.ask("GET", "/metrics", token=token)
    words = answer.decode() if status == 200 else ""
    found = re.findall(r'^(?:worker_)?provider_breaker_open\{[^}]*provider="([^"]+)"[^}]*\} 1', words, re.MULTILINE)
    return sorted(set(found))


async def standing(client: Client) -> str:
    """What `/readyz` calls the state of things, with what is away."""
    _, answer = await client.ask("GET", "/readyz")
    if not isinstance(answer, dict):
        return "no answer"
    away = [name for name, seen in answer.get("checks", {}).items() if seen == "away"]
    return f"{answer.get('status')}: {', '.join(away)}" if away else str(answer.get("status"))
