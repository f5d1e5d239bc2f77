"""Socket fuzz: every event that a client may send, with the other twin's ids."""

import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import socketio
from socketio.exceptions import ConnectionError as Refused

from cli.isolation.instances import Instances
from cli.isolation.lookout import Lookout
from cli.isolation.scratch import Ground
from cli.isolation.tally import Tally
from cli.isolation.twins import Twin
from realtime.community import Community
from realtime.rooms import NAMESPACE
from realtime.wire import Sent

ACTORS = ("owner", "student")


def events() -> dict[str, type[Sent]]:
    """Every event that a client may send, and the payload it takes."""
    # The table names its handlers without asking anything of them, so no wire has to be built for it.
    return {name: model for name, (model, _) in Community.events(Community.__new__(Community)).items()}


class Ear:
    """A connection of one of the twins' people that keeps all it hears."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncClient(reconnection=False)
        self.heard: list[Any] = []
        self.sio.on("*", self._hear, namespace=NAMESPACE)
        self.sio.on("connect_error", self._hear, namespace=NAMESPACE)

    async def ask(self, event: str, given: dict[str, Any]) -> Any:
        """The acknowledgement of an event."""
        return await self.sio.call(event, given, namespace=NAMESPACE, timeout=20)

    async def _hear(self, *what: Any) -> None:
        self.heard.append(what)


@contextlib.asynccontextmanager
async def listening(
    url: str, slug: str, token: str | None, headers: dict[str, str] | None = None
) -> AsyncIterator[Ear]:
    """Someone's connection to a channel, by token or by cookie; Refused when they are not let in."""
    ear = Ear()
    auth = {"channel": slug} | ({"token": token} if token else {})
    try:
        await ear.sio.connect(url, headers or {}, auth, namespaces=[NAMESPACE], transports=["websocket"])
        yield ear
    finally:
        await ear.sio.disconnect()


async def fuzz_socket(ground: Ground, url: str, many: int, seed: int, lookout: Lookout | None = None) -> Tally:
    """Send `many` events of each kind as each actor, with the other's ids in them."""
    tally, lookout = Tally("Socket fuzz"), lookout or Lookout(ground.other)
    chance = random.Random(seed)  # noqa: S311 - a fuzz wants to be repeatable, not secret
    await _knock_at_host(ground, url, tally)
    for actor in ACTORS:
        await _knock(ground, url, actor, tally)
        async with listening(url, ground.own.slug, ground.own.tokens[actor]) as ear:
            for _ in range(many):
                for event, model in events().items():
                    await _send(ear, ground, event, model, chance, lookout, tally)
        tally.tried["frames heard"] += len(ear.heard)
        if found := lookout.seen(str(ear.heard), ""):
            tally.leak(f"a frame to the {actor} held {found}")
    return tally


async def _knock(ground: Ground, url: str, actor: str, tally: Tally) -> None:
    """The other channel lets nobody in who is no member."""
    for slug in (ground.other.slug, str(ground.other.channel_id)):
        tally.tried["connect"] += 1
        with contextlib.suppress(Refused):
            async with listening(url, slug, ground.own.tokens[actor]):
                tally.leak(f"{actor} was let into the other channel's socket")


async def _knock_at_host(ground: Ground, url: str, tally: Tally) -> None:
    """The cookie of a channel's own host opens its own channel's socket, at that host, and no other."""
    own = ground.own.at_host | {"Origin": f"http://{ground.own.host}"}
    other = own | {"Host": ground.other.host, "Origin": f"http://{ground.other.host}"}
    async with listening(url, ground.own.slug, None, own):
        tally.tried["connect"] += 1
    for slug, headers in ((ground.other.slug, own), (ground.other.slug, other), (ground.own.slug, other)):
        tally.tried["connect"] += 1
        with contextlib.suppress(Refused):
            async with listening(url, slug, None, headers):
                tally.leak("the cookie of a channel's own host was let in elsewhere")


async def _send(
    ear: Ear, ground: Ground, event: str, model: type[Sent], chance: random.Random, lookout: Lookout, tally: Tally
) -> None:
    tally.tried[event] += 1
    given = Instances(chance, lambda name: _id(ground, name, chance), ground.other.baits()).make(
        model.model_json_schema()
    )
    answer = await ear.ask(event, given)
    tally.outcomes[str(answer.get("error", {}).get("code", "ok"))] += 1
    if found := lookout.seen(str(answer), str(given)):
        tally.leak(f"{event} showed {found}: {given}")


def _id(ground: Ground, name: str, chance: random.Random) -> str:
    """Mostly an id of the other's of the right kind; now and then one's own, to reach further."""
    twin: Twin = ground.own if chance.random() < 0.3 else ground.other
    table = {"reply_to": "messages", "id": "messages"}.get(name, f"{name}s")
    rows = twin.rows.get(table, [])
    return str(chance.choice(rows)["id"]) if rows else str(uuid4())
