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
    """The store, whose base URL is where its face answers; the face itself believes to be at ORIGIN."""
    signer = Signer(secrets.token_hex(16))
    async with serving(routes(DiskStore(folder, ORIGIN, signer), idle=0.5)) as url:
        yield DiskStore(folder, url, signer)


def key(name: str = "lesson.mp4") -> str:
    return f"c/{uuid4()}/files/{name}"


async def put(browser: aiohttp.ClientSession, url: str, body: bytes, span: str | None = None) -> aiohttp.ClientResponse:
    headers = {"Content-Range": span} if span else {}
    async with browser.put(url, data=io.BytesIO(body), headers=headers, allow_redirects=False) as answer:
        await answer.read()
        return answer
