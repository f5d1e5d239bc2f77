"""A disk store served over HTTP, and how a browser sends to it."""

import io
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp

from providers.storage.disk import DiskStore
from providers.storage.mount import routes
from providers.storage.signing import Signer
from tests.standins.serving import serving

ORIGIN = "http://own.example:8000"


@asynccontextmanager
async def served_store(folder: Path) -> AsyncIterator[DiskStore]:
    """The store, whose base URL is where its face answers; its pages are those of ORIGIN."""
    signer = Signer(secrets.token_hex(16))
    served = DiskStore(folder, ORIGIN, signer)
    async with serving(routes(served, idle=0.5)) as url:
        served.base_url = url
        yield DiskStore(folder, url, signer)


def pass_for(store: DiskStore, key: str, ttl: int = 3600) -> str:
    """A pass of the channel that the key is of."""
    return store.signer.channel_pass(key.split("/")[1], ttl)


def key(name: str = "lesson.mp4") -> str:
    return f"c/{uuid4()}/files/{name}"


async def put(browser: aiohttp.ClientSession, url: str, body: bytes, span: str | None = None) -> aiohttp.ClientResponse:
    headers = {"Content-Range": span} if span else {}
    async with browser.put(url, data=io.BytesIO(body), headers=headers, allow_redirects=False) as answer:
        await answer.read()
        return answer
