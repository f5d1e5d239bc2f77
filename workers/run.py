"""Doing one job: lease its row, perform it, and write down what came of it. RQ calls `perform`, and nothing else."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future
from typing import TypeAlias, cast
from uuid import UUID

import structlog

from providers import Deferred, LeftAlone, ProviderDown, ProviderRefused, Unusable, breaker
from tenants import relay, work
from tenants.errors import Refusal, Unavailable
from tenants.ids import ChannelId
from tenants.scope import REQUEST_ID
from tenants.work import MOST_ATTEMPTS, MOST_WAITING_SECONDS, Leased
from workers import registry
from workers.queues import check
from workers.registry import PutOff, Work, Workshop

log = structlog.get_logger("workers.run")
RENEW_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0
SCOUT_PAUSE = 60.0  # at most, of a job that really asked a service which others wait for
HURRIED = 500
# For those at work to put off what they let go.
PARTING_SECONDS = 2.0
Away: TypeAlias = ProviderDown | Unusable | Unavailable | PutOff


class Hands:
    """The one event loop of a worker process, for its life; RQ's own thread waits while it has no hand free.

    What RQ believes done may still be at work then: the row of a job and its lease, not RQ, say what is left to do.
    """

    def __init__(
        self, shop: Workshop, closes: Sequence[Callable[[], Awaitable[None]]] = (), *, at_once: int = 1
    ) -> None:
        self.shop, self._closes, self._at_once = shop, closes, at_once
        self._loop = asyncio.new_event_loop()
        self._at_work: set[Future[None]] = set()
        self._freed = threading.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hands", daemon=True)
        self._thread.start()

    def do(self, words: Sequence[str]) -> None:
        """Perform a ticket: to its end where there is one hand, else until a hand is free for another ticket."""
        begun = asyncio.run_coroutine_threadsafe(self._perform(words), self._loop)
        with self._freed:
            self._at_work.add(begun)
        begun.add_done_callback(self._end)
        try:
            with self._freed:
                self._freed.wait_for(lambda: len(self._at_work) < self._at_once)
            if begun.done() and not begun.cancelled():
                begun.result()
        except BaseException:
            begun.cancel()
            raise

    def interrupt(self) -> None:
        """Let go of the jobs at work, so that another worker can take them at once."""
        for each in tuple(self._at_work):
            each.cancel()

    def rest(self) -> None:
        """Let what is at work come to its end or be put off, call `closes`, close what the shop holds, end the loop."""
        self.interrupt()
        closing = asyncio.run_coroutine_threadsafe(_close(self.shop, self._closes, self._tasks), self._loop)
        with contextlib.suppress(TimeoutError):
            closing.result(3)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)
        if not self._thread.is_alive():
            self._loop.close()

    async def _perform(self, words: Sequence[str]) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        try:
            await _do(self.shop, words)
        finally:
            self._tasks.discard(task)

    def _end(self, done: "Future[None]") -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("a ticket could not be performed", exc_info=error)
        with self._freed:
            self._at_work.discard(done)
            self._freed.notify_all()


HANDS: list[Hands] = []


def perform(words: list[str], proof: str) -> None:
    """What RQ calls in a worker: check that the ticket is ours, and do it."""
    (hands,) = HANDS
    check(hands.shop.secret, words, proof)
    hands.do(words)


async def _do(shop: Workshop, words: Sequence[str]) -> None:
    """Do what a ticket names; while the database is away it is dropped, and the steward sends it again afterwards."""
    try:
        await _do_now(shop, words)
    except Unavailable as away:
        log.warning("left for later", ticket=words[0], reason=away.message)


async def _do_now(shop: Workshop, words: Sequence[str]) -> None:
    if words[0] == "index":
        from workers import indexing  # noqa: PLC0415 - only the index worker needs it

        await indexing.drain(shop, ChannelId(UUID(words[1])))
        return
    leased = await work.take(shop.tenancy, work.read_ticket(list(words)))
    if leased is not None:
        await perform_leased(shop, leased)


async def perform_leased(shop: Workshop, leased: Leased) -> None:
    """Perform a leased job and write down the outcome: done, put off, waiting for what is away, or failed."""
    REQUEST_ID.set(leased.request_id)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=leased.request_id, job=str(leased.ticket.job_id))
    try:
        await _perform(shop, leased)
    except asyncio.CancelledError:
        log.info("job let go", name=leased.name)
        await asyncio.shield(work.wait(shop.tenancy, leased, 0, "the worker was told to end"))
        raise
    except (ProviderDown, Unusable, Unavailable, PutOff) as reason:
        await _wait(shop, leased, reason)
    except TimeoutError:
        await _put_off(shop, leased, "it took too long")
    except (Refusal, ProviderRefused) as refusal:
        log.warning("job refused", name=leased.name, reason=str(refusal))
        await work.fail(shop.tenancy, leased, str(refusal))
    except Exception as error:
        log.exception("job failed", name=leased.name)
        await work.fail(shop.tenancy, leased, f"{type(error).__name__}: {error}")
    else:
        log.info("job done", name=leased.name, attempts=leased.attempts)
        await work.done(shop.tenancy, leased)
        await _hurry_others(shop, leased)


async def _perform(shop: Workshop, leased: Leased) -> None:
    if leased.failures > MOST_ATTEMPTS:
        raise Refusal(500, "gave_up", f"Given up after {MOST_ATTEMPTS} attempts; each time the worker died over it.")
    how = registry.performance(leased.name)
    asked = registry.job_of(how.kind, leased.payload)
    async with asyncio.timeout(how.seconds), _renewed(shop, leased):
        await how.performer(Work(shop, leased), asked)


@contextlib.asynccontextmanager
async def _renewed(shop: Workshop, leased: Leased) -> AsyncIterator[None]:
    """Keep the lease while the block runs; the block is cancelled when it was lost."""
    worker = asyncio.current_task()

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(Unavailable):
                if not await work.renew(shop.tenancy, leased) and worker is not None:
                    worker.cancel("the lease was lost")

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


async def _wait(shop: Workshop, leased: Leased, reason: Away) -> None:
    """Look again later; what does not come back within days is given up."""
    words = str(reason) or type(reason).__name__
    if leased.waited >= MOST_WAITING_SECONDS:
        days = MOST_WAITING_SECONDS // 86400
        log.error("job given up", name=leased.name, reason=words)
        await work.fail(shop.tenancy, leased, f"Given up after {days} days of waiting: {words}")
        return
    seconds = _patience(shop, leased, reason)
    log.warning("job waits", name=leased.name, reason=words, seconds=seconds)
    await work.wait(shop.tenancy, leased, seconds, words)


def _patience(shop: Workshop, leased: Leased, reason: Away) -> float:
    """For how long to wait: few jobs ask a service that is away, often; all others wait long, and are hurried then."""
    asked = getattr(reason, "seconds", None) or getattr(reason, "retry_after", None) or 0.0
    service = registry.performance(leased.name).leans_on
    if not service or isinstance(reason, Deferred | Unavailable | PutOff):
        return float(asked or _pause(leased.waits))
    shop.away.add(service)
    if isinstance(reason, LeftAlone):
        return max(float(asked), _pause(leased.waits))
    return float(asked or min(_pause(leased.waits), SCOUT_PAUSE))


async def _hurry_others(shop: Workshop, leased: Leased) -> None:
    """What a job leans on has just served it: the others that waited for that need wait no longer."""
    service = registry.performance(leased.name).leans_on
    if not service or not (leased.waits or service in shop.away) or _left_alone(service):
        return
    with contextlib.suppress(Unavailable):  # they wait their time, then
        if await relay.hurry(shop.tenancy, registry.companions(service), HURRIED) < HURRIED:
            shop.away.discard(service)


def _left_alone(service: str) -> bool:
    """Whether the job was done without asking the service: it had nothing to ask."""
    return any(each.provider == service and each.state != "closed" for each in breaker.known())


async def _put_off(shop: Workshop, leased: Leased, fault: str) -> None:
    if leased.failures >= MOST_ATTEMPTS:
        log.error("job given up", name=leased.name, reason=fault)
        await work.fail(shop.tenancy, leased, f"Given up after {leased.failures} attempts: {fault}")
        return
    await work.put_off(shop.tenancy, leased, _pause(leased.failures - 1), fault)


def _pause(times: int) -> float:
    return min(FIRST_PAUSE * 2.0 ** min(times, 20), LONGEST_PAUSE)


async def _close(
    shop: Workshop, closes: Sequence[Callable[[], Awaitable[None]]], tasks: "Collection[asyncio.Task[None]]"
) -> None:
    if tasks:
        await asyncio.wait(tuple(tasks), timeout=PARTING_SECONDS)
    for close in closes:
        await close()
    await shop.printer.close()
    await shop.mailer.close()
    await shop.push.close()
    await shop.payments.close()
    await shop.store.close()
    await shop.tenancy.close()
