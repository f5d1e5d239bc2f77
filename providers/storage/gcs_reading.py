"""Reading an object of Google Cloud Storage: in order, over cuts, always of the one generation it began with."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import aiohttp
import google_crc32c

from providers import ProviderDown, ProviderRefused
from providers.storage.gcs_errors import Damaged, check_answer, damaged
from providers.storage.gcs_wire import Wire, named, pause_after
from providers.storage.wire import encoded

_IDLE_TRIES = 3


@dataclass(slots=True)
class _Place:
    """Where the reading is, up to where it goes, and what it is of."""

    at: int
    end: int | None
    whole: bool
    generation: str = ""
    stated: str = ""
    sum: int = 0


async def reading(wire: Wire, key: str, start: int, end: int | None) -> AsyncGenerator[bytes, None]:
    """The bytes of a range that is not empty; a cut is gone over up to three times without a byte in between."""
    place, idle = _Place(start, end, whole=start == 0 and end is None), 0
    while True:
        before = place.at
        try:
            async with aclosing(_once(wire, key, place)) as blocks:
                async for block in blocks:
                    yield block
            return
        except Damaged:
            raise
        except ProviderDown as down:
            idle = idle + 1 if place.at == before else 0
            if idle >= _IDLE_TRIES:
                raise
            await asyncio.sleep(pause_after(down))


async def _once(wire: Wire, key: str, place: _Place) -> AsyncGenerator[bytes, None]:
    query = {"alt": "media"} | ({"generation": place.generation} if place.generation else {})
    headers = {"Accept-Encoding": "identity"}
    if place.at or place.end is not None:
        headers["Range"] = f"bytes={place.at}-{'' if place.end is None else place.end - 1}"
    async with AsyncExitStack() as stack:
        with wire.breaker.call():
            opened = wire.opened("GET", wire.media_url(key), params=query, headers=headers)
            response = await stack.enter_async_context(opened)
            if not await _begun(wire, response, place):
                return
        while block := await _next(response):
            place.at += len(block)
            place.sum = google_crc32c.extend(place.sum, block) if place.whole else 0
            yield block
    if place.whole and place.stated and encoded(place.sum) != place.stated:
        raise damaged()


async def _begun(wire: Wire, response: aiohttp.ClientResponse, place: _Place) -> bool:
    """Whether bytes follow; False for none after the end of the file, an error for what cannot be read."""
    if response.status == 416:
        size = int(response.headers.get("Content-Range", "bytes */-1").rpartition("/")[2])
        if place.at == size:
            return False
        raise ProviderRefused(f"The file has {max(0, size)} bytes; that range is not in it.", "bad_range", 416)
    if response.status not in {200, 206}:
        with named():
            body = await response.read()
        check_answer(response.status, response.headers, body, wire.bucket)
        raise ProviderDown(f"Google Cloud Storage answers {response.status}, which nobody expects here.")
    place.generation = response.headers.get("X-Goog-Generation", "")
    sums = [part.strip() for part in response.headers.get("X-Goog-Hash", "").split(",")]
    place.stated = next((part.removeprefix("crc32c=") for part in sums if part.startswith("crc32c=")), "")
    return True


async def _next(response: aiohttp.ClientResponse) -> bytes:
    with named():
        return await response.content.readany()
