"""Bulk writes: every item's own answer is read; what is refused for good is named, what may succeed is tried again."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from providers import ProviderDown
from search.elastic_door import Door, answered
from search.elastic_indexes import Indexes

MOST_BYTES = 4_000_000
TRIES, FIRST_PAUSE = 4, 0.2
POISON = {400, 413}


@dataclass(frozen=True, slots=True)
class Write:
    """One document's write: its action without the index, its text (None: take it out), and whose it is."""

    id: UUID
    action: dict[str, Any]
    source: dict[str, Any] | None

    def lines(self, target: str) -> list[bytes]:
        """The lines of the request."""
        kind = "delete" if self.source is None else "index"
        head = orjson.dumps({kind: {"_index": target, **self.action}})
        return [head] if self.source is None else [head, orjson.dumps(self.source)]


async def send(door: Door, indexes: Indexes, writes: Sequence[Write]) -> dict[UUID, str]:
    """Write to every index; the documents refused for good, and why. ProviderDown when not all is written otherwise."""
    refused: dict[UUID, str] = {}
    targets = await indexes.targets()
    for target in targets:
        for part in _parts(writes, target):
            refused |= await _send_part(door, indexes, target, part)
    return refused


async def _send_part(door: Door, indexes: Indexes, target: str, part: Sequence[Write]) -> dict[UUID, str]:
    refused: dict[UUID, str] = {}
    left = list(part)
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(FIRST_PAUSE * 2 ** (attempt - 1))
        again: list[Write] = []
        items = await _request(door, target, left)
        for write, item in zip(left, items, strict=True):
            status, error = item["status"], item.get("error") or {}
            if status < 300 or status == 409 or (status == 404 and not error):
                continue
            if status == 404 and target not in await indexes.targets():
                return refused  # the index was dropped meanwhile: nobody searches it
            if status in POISON:
                refused[write.id] = f"{error.get('type')}: {error.get('reason')}"[:500]
                continue
            problem = answered(status, str(error.get("type")), str(error.get("reason")))
            if not isinstance(problem, ProviderDown):
                raise problem
            again.append(write)
        if not again:
            return refused
        left = again
    raise problem


async def _request(door: Door, target: str, writes: Sequence[Write]) -> list[dict[str, Any]]:
    lines: Any = [line for write in writes for line in write.lines(target)]
    with door.call() as client:
        answer = await client.bulk(operations=lines, require_alias=True)
    return [next(iter(item.values())) for item in answer["items"]]


def _parts(writes: Sequence[Write], target: str) -> Iterator[list[Write]]:
    """The writes in requests of bearable size."""
    part: list[Write] = []
    size = 0
    for write in writes:
        weight = sum(map(len, write.lines(target)))
        if part and size + weight > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(write)
        size += weight
    if part:
        yield part
