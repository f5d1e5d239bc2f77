"""Overhearing: while the other twin is present, talks, types and reads, the attacker listens, asks, and looks around.

What the wire keeps of it in Redis is looked at too: each entry must name the channel that it is of.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from cli.isolation.kept import look_at_redis
from cli.isolation.lookout import Lookout
from cli.isolation.scratch import Ground
from cli.isolation.socket_fuzz import Ear, listening
from cli.isolation.tally import Tally
from cli.isolation.twins import Twin

ATTACKERS, TALKERS = ("owner", "student"), ("owner", "student")
SETTLE_SECONDS = 0.6
SENTENCES = 3
# What the other channel must have heard of itself; else nothing could have been overheard.
SPOKEN = ("message.posted", "typing", "presence.changed", "read", "unread")


async def overhear(ground: Ground, url: str, lookout: Lookout | None = None) -> list[Tally]:
    """Sit in every room of one's own and knock at the other's while they talk there; then look into Redis."""
    tally, lookout = Tally("Overhearing"), lookout or Lookout(ground.other)
    async with _all(url, ground.own, ATTACKERS) as ears, _all(url, ground.other, TALKERS) as mouths:
        for ear in ears:
            await _ask_around(ear, ground, lookout, tally)
        for mouth in mouths:
            await _talk(mouth, ground.other, tally)
        await asyncio.sleep(SETTLE_SECONDS)
        for ear in ears:
            await _ask_around(ear, ground, lookout, tally)
        kept = await look_at_redis(ground)
    heard = {name for mouth in mouths for name, *_ in mouth.heard}
    for event in SPOKEN:
        if event not in heard:
            tally.leak(f"the other channel heard no {event} of itself: nothing could have been overheard")
    for ear in ears:
        tally.tried["frames heard"] += len(ear.heard)
        if found := lookout.seen(str(ear.heard), ""):
            tally.leak(f"a frame to the attacker held {found}")
    return [tally, kept]


@contextlib.asynccontextmanager
async def _all(url: str, twin: Twin, roles: tuple[str, ...]) -> AsyncIterator[list[Ear]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(listening(url, twin.slug, twin.tokens[role])) for role in roles]


async def _ask_around(ear: Ear, ground: Ground, lookout: Lookout, tally: Tally) -> None:
    """Ask of every room, one's own and the other's, all that the wire tells about rooms."""
    members = [str(row["id"]) for row in ground.other.rows["members"]][:50]
    for room in (*ground.own.rows["rooms"], *ground.other.rows["rooms"]):
        for event, more in _questions(members):
            tally.tried[event] += 1
            given = {"room": str(room["id"]), **more}
            answer = await ear.ask(event, given)
            tally.outcomes[str(answer.get("error", {}).get("code", "ok"))] += 1
            if found := lookout.seen(str(answer), str(given)):
                tally.leak(f"{event} showed {found}: {given}")


def _questions(members: list[str]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("room.join", {}), ("room.sync", {"after_seq": 0}), ("presence.watch", {}),
        ("presence.watch", {"members": members}), ("typing", {}), ("read", {"seq": 1}),
    )  # fmt: skip


async def _talk(mouth: Ear, twin: Twin, tally: Tally) -> None:
    """Be there, say something, type and read in every room."""
    for room in twin.rows["rooms"]:
        where = {"room": str(room["id"])}
        await mouth.ask("room.join", where)
        await mouth.ask("presence.watch", where)
        for _ in range(SENTENCES):
            words = {"client_id": str(uuid4()), "body": f"{twin.mark}-canary-spoken"}
            await mouth.ask("message.post", where | words)
            await mouth.ask("typing", where)
            await mouth.ask("read", where | {"seq": 2**53})
            tally.tried["sentences"] += 1
