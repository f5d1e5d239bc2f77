"""A film outlives its signed address: the real player, in Chromium, on the embedded store's real links."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Page

from providers.storage.disk import DiskStore
from providers.storage.mount import routes
from providers.storage.signing import Signer
from server.web import csp
from server.web.assets import DIST
from server.web.render import theme_of
from tests.server.web.gallery import browser, pages
from tests.server.web.tools import FILM, lesson
from tests.waiting import until

KEY, RATE, SECONDS = "c/0192f7a0-0000-4000-8000-000000000001/film", 96_000, 400


def silence() -> bytes:
    """A sound of 400 seconds, larger than a browser keeps: it has to be asked for again after a seek."""
    size = RATE * SECONDS
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 48_000, RATE, 2, 16,
                       b"data", size)  # fmt: skip
    return head + bytes(size)


@dataclass
class Cinema:
    """A lesson with a film at a stable address, whose signed ones live for two seconds at most."""

    store: DiskStore
    signed: list[str] = field(default_factory=list)
    shut: bool = False

    async def page(self, request: web.Request) -> web.Response:
        film = replace(FILM, source="/film", content_type="audio/wav", duration=SECONDS, played=())
        sample = lesson(film)
        text = pages().render(sample.template, sample.view, sample.frame, dress := theme_of(sample.frame))
        policy = csp.public(f"http://{request.host}", dress.source)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def film(self, _: web.Request) -> web.Response:
        if self.shut:
            raise web.HTTPForbidden
        self.signed.append(await self.store.sign_get(KEY, 2, "", "audio/wav"))
        return web.Response(status=302, headers={"Location": self.signed[-1], "Cache-Control": "private, max-age=0"})

    async def progress(self, _: web.Request) -> web.Response:
        return web.json_response({"percent": 1, "sentence": "1 %: watch on", "done": False})

    async def last_expired(self) -> bool:
        """Whether the newest signed address opens nothing any more."""
        async with aiohttp.ClientSession() as client, client.get(self.signed[-1], headers={"Range": "bytes=0-1"}) as it:
            return it.status == 403


@asynccontextmanager
async def showing(folder: Path) -> AsyncIterator[Cinema]:
    store = DiskStore(folder, "http://127.0.0.1:0", Signer("a secret for tests, as long as it has to be"))
    await store.put(KEY, silence(), "audio/wav")
    cinema, app = Cinema(store), web.Application()
    app.router.add_static("/static/dist", DIST)
    app.add_routes(routes(store))
    app.router.add_get("/lesson", cinema.page)
    app.router.add_get("/film", cinema.film)
    app.router.add_post("/api/v1/x/progress", cinema.progress)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    store.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield cinema
    finally:
        await runner.cleanup()


async def passed(page: Page, second: float) -> bool:
    """Whether the film has played past a second."""
    at: float = await page.evaluate("document.querySelector('video').currentTime")
    return at > second


@pytest.fixture
async def cinema(tmp_path: Path) -> AsyncIterator[Cinema]:
    async with showing(tmp_path / "files") as open_house:
        yield open_house


@pytest.fixture
async def seat(cinema: Cinema) -> AsyncIterator[Page]:
    """A page on which the film has played past its first half second, until its address expired."""
    async with browser() as chromium:
        page = await chromium.new_page()
        await page.goto(f"{cinema.store.base_url}/lesson")
        await page.click("[data-act=play]")
        await until(lambda: passed(page, 0.5))
        await until(cinema.last_expired)
        yield page


async def test_a_seek_after_the_address_expired_goes_on_at_that_second(cinema: Cinema, seat: Page) -> None:
    asked = len(cinema.signed)
    await seat.evaluate("document.querySelector('video').currentTime = 350")
    await until(lambda: passed(seat, 350.5))
    assert len(cinema.signed) > asked
    assert await seat.evaluate("document.querySelector('video').currentTime") < 390
    assert await seat.evaluate("document.querySelector('video').paused") is False
    assert await seat.is_hidden(".fault")


async def test_who_may_no_longer_see_the_film_is_told_that_it_does_not_load(cinema: Cinema, seat: Page) -> None:
    cinema.shut = True
    await seat.evaluate("document.querySelector('video').currentTime = 350")
    await seat.wait_for_selector(".fault", state="visible", timeout=40_000)
