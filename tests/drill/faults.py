"""The bad ways of vendors, each for as long as a fault lasts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from cli.drill.faults import Fault
from tests.drill.post import Post
from tests.standins.elasticsearch import Node
from tests.standins.elasticsearch.way import Way
from tests.standins.gcs import GRAIN, FarStorage
from tests.standins.live import Manners
from tests.standins.livekit import LiveKitServer
from tests.standins.relay import Relay
from tests.standins.stripe import FarStripe

EVER = 10**9
LONG = 12.0
"""Seconds of a fault that shows only in calls that take long."""


def of_stripe(far: FarStripe) -> list[Fault]:
    """Its API: slow, not well, cut off, cut off after the deed, lying, closed to our key or to our channel."""
    return [
        Fault("Stripe slow", partial(_with, far, seconds=11.0), LONG),
        Fault("Stripe answers 500", partial(_with, far, fails=EVER)),
        Fault("Stripe cuts", partial(_with, far, away=True)),
        Fault("Stripe acts and cuts", partial(_with, far, lost_answers=EVER)),
        Fault("Stripe lies", partial(_with, far, lie=b"<html>Sign in first.</html>")),
        Fault("Stripe refuses our key", partial(_with, far, key="sk_test_another")),
        Fault("Stripe account revoked", lambda: _with(far, revoked=set(far.accounts))),
    ]


def of_storage(far: FarStorage) -> list[Fault]:
    """The bucket: slow, not well, busy, breaking uploads off, breaking off after the deed, sending damaged bytes,
    naming wrong sums, full, closed to us."""
    return [
        Fault("bucket slow", partial(_with, far, seconds=4.0), LONG),
        Fault("bucket answers 503", partial(_with, far, fails=EVER)),
        Fault("bucket answers 429", partial(_with, far, busy=EVER)),
        Fault("bucket cuts uploads", lambda: _with(far, cuts=[GRAIN // 2, GRAIN + 3] * 10_000)),
        Fault("bucket acts and cuts", partial(_with, far, lost_answers=EVER)),
        Fault("bucket cuts reads", lambda: _with(far, cut_reads=[100] * 20_000)),
        Fault("bucket sends damaged bytes", partial(_with, far, damaged_reads=EVER)),
        Fault("bucket names wrong sums", partial(_with, far, wrong_sums=EVER)),
        Fault("bucket full", partial(_with, far, full=True)),
        Fault("bucket refuses our key", partial(_with, far, token="ya29.another")),
        Fault("bucket takes our rights", partial(_with, far, forbidden=True)),
    ]


def of_relay(far: Relay, again: Callable[[], Awaitable[None]]) -> list[Fault]:
    """The relay: away, silent, busy, breaking off after it took a letter, closed to us.

    Letters that it refuses for good are given up, visibly; their operator has them sent `again`.
    """
    return [
        Fault("relay stopped", partial(_with, far, shut=True)),
        Fault("relay silent", partial(_with, far, silent=True), LONG),
        Fault("relay answers 451", partial(_with, far, answers={"rcpt": "451 try again later"})),
        Fault("relay takes and cuts", partial(_with, far, forgets=True)),
        Fault("relay refuses our password", partial(_with, far, password="another")),
        Fault("relay refuses us with 554", partial(_with, far, answers={"greeting": "554 you are on a list"})),
        Fault("relay refuses our sender", partial(_with, far, answers={"mail": "550 sender is not verified"})),
        Fault("relay refuses letters", lambda: _then(_with(far, answers={"data": "554 looks like spam"}), again), 2.0),
    ]


def of_livekit(far: LiveKitServer) -> list[Fault]:
    """Its server API."""
    bad = {
        "slow": Manners(slow=11.0),
        "answers 503": Manners(status=503),
        "cuts": Manners(cut=True),
        "lies": Manners(lie=b"<html>Sign in first.</html>"),
        "refuses our key": Manners(status=401),
    }
    return [
        Fault(f"LiveKit {name}", partial(_with, far, manners=manners), LONG if manners.slow else 4.0)
        for name, manners in bad.items()
    ]


def of_engine(way: Way, node: Node) -> list[Fault]:
    """The way to Elasticsearch, and its node."""
    bad = {
        "stopped": "shut", "slow": "slow", "answers 503": "503", "acts and cuts": "cut", "lies": "lies",
        "refuses our password": "401", "takes our rights": "403",
    }  # fmt: skip
    return [
        *(Fault(f"Elasticsearch {name}", partial(_with, way, manners=manners)) for name, manners in bad.items()),
        Fault("Elasticsearch killed", partial(_killed, node)),
    ]


def of_posts(posts: Mapping[str, Post]) -> list[Fault]:
    """How webhooks come."""
    kinds = {"late and shuffled": "late", "replayed": "replayed", "among forged ones": "forged"}
    return [
        *(
            Fault(f"{vendor}'s webhooks {name}", partial(post.behaving, manners))
            for vendor, post in posts.items()
            for name, manners in kinds.items()
        ),
        *(Fault(f"{vendor}'s webhooks dropped", partial(post.behaving, "dropped")) for vendor, post in posts.items()),
    ]


@asynccontextmanager
async def _killed(node: Node) -> AsyncIterator[None]:
    """It is away with all it had in memory, and is started again on what it had on its disk."""
    await asyncio.to_thread(node.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(node.start)


@asynccontextmanager
async def _then(fault: AbstractAsyncContextManager[None], cure: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """A fault, and what has to be done by hand once it is over."""
    async with fault:
        yield
    await cure()


@asynccontextmanager
async def _with(far: Any, **fields: Any) -> AsyncIterator[None]:
    """A far side whose fields are these for a while."""
    before = {name: getattr(far, name) for name in fields}
    for name, value in fields.items():
        setattr(far, name, value)
    if isinstance(far, Relay):
        far.hang_up()
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(far, name, value)
