"""A member at one device: a connection, the rooms that are open on it, and what the person does."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from cli.drill.taps import Tap
from tests.faults.outbox import Outgoing
from tests.faults.transport import Lost, Refused, Transport
from tests.faults.versions import Message
from tests.faults.wire import Wire
from tests.world import Somebody

PAGE_SECONDS, PAGE_PAUSE = 20.0, 0.5
RECENT = 20


@dataclass
class Member:
    """A person at a device; `url` is where its line begins, and `posted` notes what was acknowledged to it."""

    person: Somebody
    slug: str
    rooms: list[str]
    session: aiohttp.ClientSession
    line: Tap
    url: str
    chance: random.Random
    posted: dict[str, str] = field(default_factory=dict)
    open: dict[str, Wire] = field(default_factory=dict)
    shelves: dict[str, list[Outgoing]] = field(default_factory=dict)
    said: int = 0
    _transport: Transport | None = None
    _running: "asyncio.Task[None] | None" = None
    _doing: set["asyncio.Task[None]"] = field(default_factory=set)
    _up: bool = False

    async def arrive(self) -> None:
        """Open the pages of the rooms, and connect."""
        auth = {"channel": self.slug, "token": self.person.token}
        self._transport = Transport(self.session, self.url, auth, self.chance, self._hear, self._linked)
        for room in self.rooms:
            await self.enter(room)
        self._running = asyncio.create_task(self._transport.run())

    async def enter(self, room: str) -> None:
        """Open a room's page, with what an earlier one left unsent."""
        page = await self._first_page(room)
        shelf = self.shelves.setdefault(room, [])
        assert self._transport is not None
        wire = Wire(room, page, shelf, self._transport.request, self._page, self._acknowledged)
        self.open[room] = wire
        if self._up:
            wire.linked(True)

    async def leave(self, room: str) -> None:
        """Close a room's page; the connection stays."""
        if wire := self.open.pop(room, None):
            with contextlib.suppress(Lost, Refused):
                await wire.ask("room.leave", room=room)
            wire.close()

    async def depart(self) -> None:
        """Close the pages and the connection; what was not sent stays on the shelf."""
        for wire in self.open.values():
            wire.close()
        self.open.clear()
        self._up = False
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def post(self, room: str) -> None:
        """Write a message."""
        if wire := self.open.get(room):
            self.said += 1
            wire.outbox.add(f"{self.person.name} {self.said}")

    def edit(self, room: str) -> None:
        """Change the words of a recent message of one's own; not repeated when it fails."""
        if (wire := self.open.get(room)) and (mine := self._mine(wire)):
            self.said += 1
            self._do(wire.ask("message.edit", id=mine["id"], body=f"{self.person.name} {self.said}, edited"))

    def delete(self, room: str) -> None:
        """Delete a recent message of one's own; not repeated when it fails."""
        if (wire := self.open.get(room)) and (mine := self._mine(wire)):
            self._do(wire.ask("message.delete", id=mine["id"]))

    def come_back(self, room: str) -> None:
        """Leave a room and enter it again."""
        if room in self.open:
            self._do(self._return(room))

    def reload(self) -> None:
        """Load the page anew: another connection, the same shelf."""
        self._do(self._reload())

    @property
    def busy(self) -> bool:
        """Whether something the person began has not ended."""
        return bool(self._doing) or any(wire.outbox.items for wire in self.open.values())

    @property
    def state(self) -> str:
        """How it stands, for a report of what went wrong."""
        return f"up {self._up}, under way {[str(task.get_coro()) for task in self._doing]}, {self.sent_away}"

    @property
    def sent_away(self) -> str:
        """Why the server has ended the connection for good; nothing while it has not."""
        return self._transport.sent_away if self._transport else ""

    async def finish(self) -> None:
        """Stop, whatever is under way."""
        for task in self._doing:
            task.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)
        await self.depart()

    async def _return(self, room: str) -> None:
        await self.leave(room)
        await self.enter(room)

    async def _reload(self) -> None:
        await self.depart()
        await self.arrive()

    def _mine(self, wire: Wire) -> Message | None:
        member = str(self.person.member_id)
        mine = [row for row in wire.screen.rows[-RECENT:] if row["author"]["id"] == member and not row["deleted"]]
        return self.chance.choice(mine) if mine else None

    def _do(self, work: Awaitable[Any]) -> None:
        async def done() -> None:
            with contextlib.suppress(Lost, Refused):
                await work

        task = asyncio.get_running_loop().create_task(done())
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def _hear(self, event: str, payload: Any) -> None:
        for wire in self.open.values():
            wire.hear(event, payload)

    def _linked(self, up: bool) -> None:
        self._up = up
        for wire in self.open.values():
            wire.linked(up)

    def _acknowledged(self, item: Outgoing) -> None:
        self.posted[item.client_id] = item.body

    async def _first_page(self, room: str) -> list[Message]:
        """The newest page, however often it has to be asked for."""
        while True:
            try:
                return await self._page(room)
            except Lost:
                await asyncio.sleep(PAGE_PAUSE)

    async def _page(self, room: str, before: int | None = None) -> list[Message]:
        url = f"{self.url}/api/v1/channels/{self.slug}/rooms/{room}/messages?limit=50"
        url += f"&before={before}" if before else ""
        try:
            async with asyncio.timeout(PAGE_SECONDS), self.session.get(url, headers=self.person.bearer) as answer:
                if answer.status != 200:
                    raise Lost(await answer.text())
                items: list[Message] = (await answer.json())["items"]
                return items
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Lost(str(error)) from None
