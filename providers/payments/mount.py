"""The sandbox on aiohttp: its pages, and the courier of its webhooks; the server mounts them beside its own."""

import asyncio
import contextlib
import hmac
import time
from collections.abc import AsyncIterator, Callable

import aiohttp
import structlog
from aiohttp import web

from providers.payments import Money, sandbox_events, sandbox_pages
from providers.payments.sandbox import Sandbox, settle_due

log = structlog.get_logger("providers.payments.sandbox")
POLL_SECONDS = 0.5
ANSWER_SECONDS = 5.0
FORM_BYTES = 4096


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """Pages under `/sandbox/`, each opened by the key in its address."""
    desk = _Desk(sandbox)
    return [
        web.get("/sandbox/pay/{checkout}", desk.show_checkout),
        web.post("/sandbox/pay/{checkout}", desk.pay),
        web.get("/sandbox/onboard/{account}", desk.show_sign_up),
        web.post("/sandbox/onboard/{account}", desk.sign_up),
    ]


def courier(sandbox: Sandbox) -> Callable[[web.Application], AsyncIterator[None]]:
    """A cleanup context for the application: while it runs, due webhooks are delivered every half second."""

    async def running(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_carry(sandbox), name="deliver the sandbox's webhooks")
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return running


async def deliver_due(sandbox: Sandbox, session: aiohttp.ClientSession) -> int:
    """Send each webhook that is due to `/webhooks/sandbox`; how many were taken. Those that were not come again."""
    due = await asyncio.to_thread(sandbox_events.claim, sandbox.books, settle_due)
    taken = 0
    for delivery in due:
        good = await _send(sandbox, session, delivery["body"], sandbox_events.headers(sandbox.webhook_secret, delivery))
        await asyncio.to_thread(sandbox_events.settle, sandbox.books, delivery, taken=good)
        taken += good
    return taken


async def _carry(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as session:
        while True:
            try:
                await deliver_due(sandbox, session)
            except Exception as trouble:  # noqa: BLE001 - the courier outlives whatever befalls one round
                log.warning("the sandbox's webhooks wait", reason=repr(trouble))
            await asyncio.sleep(POLL_SECONDS)


async def _send(sandbox: Sandbox, session: aiohttp.ClientSession, body: str, headers: dict[str, str]) -> bool:
    try:
        url = f"{sandbox.base_url}/webhooks/sandbox"
        async with session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as answer:
            return 200 <= answer.status < 300
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


class _Desk:
    """The handlers of the pages."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def show_checkout(self, request: web.Request) -> web.Response:
        """GET /sandbox/pay/{checkout}."""
        return await self._checkout(request)

    async def pay(self, request: web.Request) -> web.Response:
        """POST /sandbox/pay/{checkout}: `way` is pay, decline, slow or fail."""
        if not self._opens(request, "pay", request.match_info["checkout"]):
            return _gone()
        way = (await _form(request)).get("way", "")
        if way not in {"pay", "slow", "fail"}:
            return await self._checkout(request, "The card was declined. Choose another way.")
        checkout_id = request.match_info["checkout"]
        if not await self.sandbox.pay(checkout_id, settles_as={"slow": "paid", "fail": "failed"}.get(way, "")):
            return await self._checkout(request)
        row = await self.sandbox.look_up(checkout_id)
        return _see(row["success_url"])

    async def show_sign_up(self, request: web.Request) -> web.Response:
        """GET /sandbox/onboard/{account}."""
        if (early := self._misfit(request)) is not None:
            return early
        name, country = await self.sandbox.named(request.match_info["account"])
        onward = request.query["return"]
        return _page(sandbox_pages.onboard_page(name, country, onward), onward)

    async def sign_up(self, request: web.Request) -> web.Response:
        """POST /sandbox/onboard/{account}: `country`."""
        if (early := self._misfit(request)) is not None:
            return early
        country = (await _form(request)).get("country", "")[:2].upper()
        await self.sandbox.finish_account(request.match_info["account"], country)
        return _see(request.query["return"])

    async def _checkout(self, request: web.Request, problem: str = "") -> web.Response:
        checkout_id = request.match_info["checkout"]
        if not self._opens(request, "pay", checkout_id):
            return _gone()
        row = await self.sandbox.look_up(checkout_id)
        over = row["state"] in {"paid", "processing"}
        if row["state"] != "open":
            onward = row["success_url"] if over else row["cancel_url"]
            return _page(sandbox_pages.over_page(row["state"], onward), onward)
        seller, _ = await self.sandbox.named(row["account"])
        price = Money(row["amount"], row["currency"])
        page = sandbox_pages.pay_page(seller, row["title"], price, row["email"], row["cancel_url"], problem)
        return _page(page, row["success_url"], row["cancel_url"], status=402 if problem else 200)

    def _misfit(self, request: web.Request) -> web.Response | None:
        """The answer to an address of the sign-up that is not ours, or too old; None for a good one."""
        until, onward, again = (request.query.get(name, "") for name in ("until", "return", "refresh"))
        if not self._opens(request, "onboard", request.match_info["account"], until, onward, again):
            return _gone()
        return None if int(until) > time.time() else _see(again)

    def _opens(self, request: web.Request, *facts: str) -> bool:
        given = request.query.get("key", "")
        return hmac.compare_digest(given.encode(), self.sandbox.proof(*facts).encode())


async def _form(request: web.Request) -> dict[str, str]:
    """The few fields of our own forms; nothing for a body that is none of them."""
    if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or 0) > FORM_BYTES:
        return {}
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _page(text: str, *onward: str, status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": sandbox_pages.policy(*onward), "Cache-Control": "no-store"}
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _see(url: str) -> web.Response:
    return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def _gone() -> web.Response:
    return _page(sandbox_pages.gone_page(), status=404)
