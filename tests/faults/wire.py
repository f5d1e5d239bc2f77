"""A client's end of the wire for one room: the rules of `wire.ts`, and what is on its screen."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.outbox import Outbox, Outgoing
from tests.faults.sequence import Sequence
from tests.faults.transport import Lost, Refused
from tests.faults.versions import Message, Versions, emptied

ACK_SECONDS, RETRY_SECONDS = 10.0, 1.0
RECENT = 50
Request = Callable[[str, dict[str, Any], float], Awaitable[Any]]
Page = Callable[[str, int | None], Awaitable[list[Message]]]


class Screen:
    """The rows that a person sees of a room, as they were put there."""

    def __init__(self, page: list[Message]) -> None:
        self.rows = list(page)

    def show(self, message: Message) -> None:
        """Put a row at the end."""
        self.rows.append(message)

    def replace(self, page: list[Message]) -> None:
        """Start again from a page."""
        self.rows = list(page)

    def patch(self, message: Message) -> None:
        """Put a message's words as they now are."""
        for place in self._places(message["id"]):
            self.rows[place] = message

    def empty(self, message_id: str) -> None:
        """Empty a deleted message's row."""
        for place in self._places(message_id):
            self.rows[place] = emptied(self.rows[place])

    def _places(self, message_id: str) -> list[int]:
        return [place for place, row in enumerate(self.rows) if row["id"] == message_id]


class Wire:
    """One open room of one device: begins with a page that was read over HTTP, and the shelf of what was not sent."""

    def __init__(
        self, room: str, page: list[Message], shelf: list[Outgoing], request: Request, page_of: Page,
        acknowledged: Callable[[Outgoing], None],
    ) -> None:  # fmt: skip
        self.room, self.screen = room, Screen(page)
        self._request, self._page, self._noted = request, page_of, acknowledged
        self.sequence = Sequence(page[-1]["seq"] if page else 0, self._show, self._behind)
        self.outbox = Outbox(self._post, self._acknowledged, shelf)
        self._versions = Versions()
        self._up, self._target, self._links, self._shown = False, 0, 0, math.inf
        self._catching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def linked(self, up: bool) -> None:
        """The connection is there, or gone."""
        self._up = up
        self._links += 1
        self.outbox.close()
        if up:
            self._begin(self._enter())

    def hear(self, event: str, payload: Any) -> None:
        """Take an event of the connection."""
        if event == "heads":
            self.sequence.expect(payload.get(self.room, 0))
        elif payload.get("room") != self.room:
            return
        elif event == "message.posted":
            self.sequence.offer(payload)
        elif event == "message.edited":
            self.screen.patch(self._versions.latest(payload))
            self.sequence.expect(payload["seq"])
        elif event == "message.deleted":
            self._versions.deleted(payload["id"])
            self.screen.empty(payload["id"])

    def close(self) -> None:
        """The page is left."""
        self._up = False
        self.outbox.drop()
        self.sequence.close()
        for task in self._tasks:
            task.cancel()

    @property
    def state(self) -> str:
        """How it stands, for a report of what went wrong."""
        catching = self._catching is not None and not self._catching.done()
        return f"up {self._up}, target {self._target}, catching up {catching}"

    async def ask(self, event: str, **payload: Any) -> Any:
        """The `ok` of an event; Refused or Lost."""
        if not self._up:
            raise Lost(event)
        return await self._request(event, payload, ACK_SECONDS)

    def _show(self, message: Message) -> None:
        self.screen.show(self._versions.latest(message))
        self.outbox.shown(message["seq"])

    async def _post(self, item: Outgoing) -> Any:
        return await self.ask("message.post", room=self.room, client_id=item.client_id, body=item.body)

    def _acknowledged(self, item: Outgoing) -> None:
        self._noted(item)
        self.outbox.shown(self.sequence.last)
        self.sequence.expect(item.seq)

    async def _enter(self) -> None:
        before, link = self.sequence.last, self._links
        self._shown = min(self._shown, before)
        try:
            head = (await self.ask("room.join", room=self.room))["head_seq"]
            if head < before:
                await self._reload()
            else:
                await self._catch_up(head)
            self.outbox.open()
            await self._refresh(self._shown)
            if link == self._links:
                self._shown = math.inf
        except (Lost, Refused) as fault:
            if not (isinstance(fault, Refused) and not fault.passing):
                await asyncio.sleep(RETRY_SECONDS)
                if self._up:
                    await self._enter()

    def _behind(self, head: int) -> None:
        self._begin(self._catch_up(head))

    async def _catch_up(self, head: int) -> None:
        """Read the room up to at least `head`; callers share one run."""
        self._target = max(self._target, head)
        if self._catching is None or self._catching.done():
            self._catching = self._begin(self._fetch())
        await asyncio.shield(self._catching)

    async def _fetch(self) -> None:
        while self._up and self.sequence.last < self._target:
            try:
                after = self.sequence.last
                page = await self.ask("room.sync", room=self.room, after_seq=after)
                if page.get("reset"):
                    await self._reload()
                    return
                self.sequence.fill(page["messages"])
                self._target = max(page["head_seq"], self.sequence.last)
                if self.sequence.last == after:
                    return
            except (Lost, Refused) as fault:
                if isinstance(fault, Refused) and not fault.passing:
                    return
                await asyncio.sleep(RETRY_SECONDS)

    async def _reload(self) -> None:
        page = await self._page(self.room, None)
        self._target = page[-1]["seq"] if page else 0
        self._shown = max(self._shown, self._target)
        self.sequence.restart(self._target)
        self.screen.replace([self._versions.latest(message) for message in page])
        self.outbox.shown(self._target)

    async def _refresh(self, shown: float) -> None:
        """Edits have no `seq`: those made before the room was heard are read, down to the page last on screen."""
        first: int | None = None
        while first is None or first > max(1, shown - RECENT + 1):
            page = await self._page(self.room, first)
            for message in page:
                if message["seq"] <= self.sequence.last:
                    self.screen.patch(self._versions.latest(message))
            first = page[0]["seq"] if page else 0

    def _begin(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
