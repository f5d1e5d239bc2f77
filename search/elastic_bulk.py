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
    """One document's write as lines of a request, which names the index, and whose it is."""

    id: UUID
    lines: bytes


def write(document_id: UUID, action: dict[str, Any], source: dict[str, Any] | None) -> Write:
    """To write a document's text, or to take it out (None)."""
    if source is None:
        return Write(document_id, orjson.dumps({"delete": action}))
    return Write(document_id, orjson.dumps({"index": action}) + b"\n" + orjson.dumps(source))


async def send(door: Door, indexes: Indexes, writes: Sequence[Write]) -> dict[UUID, str]:
    """Write to every index; the documents refused for good, and why. ProviderDown when not all is written otherwise."""
    refused: dict[UUID, str] = {}
    for target in await indexes.targets():
        for part in _parts(writes):
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
        for each, item in zip(left, items, strict=True):
            status, error = item["status"], item.get("error") or {}
            if status < 300 or status == 409 or (status == 404 and not error):
                continue
            if status == 404 and target not in await indexes.targets():
                return refused  # the index was dropped meanwhile: nobody searches it
            if status in POISON:
                refused[each.id] = f"{error.get('type')}: {error.get('reason')}"[:500]
                continue
            problem = answered(status, str(error.get("type")), str(error.get("reason")))
            if not isinstance(problem, ProviderDown):
                raise problem
            again.append(each)
        if not again:
            return refused
        left = again
    raise problem


async def _request(door: Door, target: str, writes: Sequence[Write]) -> list[dict[str, Any]]:
    # Only how each item ended is asked for: the rest of an answer is longer than what was written.
    lines: Any = [each.lines for each in writes]
    with door.call() as client:
        answer = await client.bulk(
            index=target, operations=lines, require_alias=True,
            filter_path="items.*.status,items.*.error",
        )  # fmt: skip
    return [next(iter(item.values())) for item in answer["items"]]


def _parts(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """The writes in requests of bearable size."""
    part: list[Write] = []
    size = 0
    for each in writes:
        weight = len(each.lines)
        if part and size + weight > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(each)
        size += weight
    if part:
        yield part
