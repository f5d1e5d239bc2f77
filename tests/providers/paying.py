"""Payment providers for the tests: each with what buyers and creators do at its pages, and what is asked of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from providers import ProviderRefused
from providers.payments import (
    Money,
    NewAccount,
    NewCheckout,
    PaymentEvent,
    Payments,
    Place,
    choose,
    sandbox_events,
)
from providers.payments.sandbox import open_payments
from tests.standins.stripe import KEY, WEBHOOK_SECRET, far_stripe, sign

Delivery = tuple[dict[str, str], bytes]


@dataclass
class Side:
    """A provider, and what buyers and creators do at its pages; `told` are the webhooks it has sent so far."""

    payments: Payments
    settle: Callable[[str, str], Awaitable[None]]
    make_ready: Callable[[str], Awaitable[None]]
    told: Callable[[], list[Delivery]]

    async def ready_account(self) -> str:
        account = await self.payments.open_account(new_account())
        await self.make_ready(account.id)
        return account.id

    def events(self) -> list[PaymentEvent]:
        return [event for headers, raw in self.told() for event in self.payments.verify_and_parse(headers, raw)]


@asynccontextmanager
async def by_sandbox(tmp_path: Path) -> AsyncIterator[Side]:
    sandbox = open_payments(place(tmp_path))

    async def settle(checkout_id: str, state: str) -> None:
        if state == "expired":
            row = await sandbox.look_up(checkout_id)
            await sandbox.expire(row["account"], checkout_id)
        else:
            assert await sandbox.pay(checkout_id, settles_as={"processing": "paid"}.get(state, ""))

    async def make_ready(account: str) -> None:
        await sandbox.finish_account(account, "PT")

    def told() -> list[Delivery]:
        with sandbox.books.open() as book:
            rows = book.execute("select * from deliveries order by rowid").fetchall()
        return [(sandbox_events.headers(sandbox.webhook_secret, row), row["body"].encode()) for row in rows]

    yield Side(sandbox, settle, make_ready, told)
    await sandbox.close()


@asynccontextmanager
async def by_stripe(tmp_path: Path) -> AsyncIterator[Side]:
    async with far_stripe() as (far, url):
        payments = choose("stripe", replace(place(tmp_path), stripe_api_base=url))

        async def settle(checkout_id: str, state: str) -> None:
            far.become(checkout_id, state)

        async def make_ready(account: str) -> None:
            far.make_ready(account)

        def told() -> list[Delivery]:
            raws = [orjson.dumps(event) for event in far.events]
            return [(sign(raw), raw) for raw in raws]

        yield Side(payments, settle, make_ready, told)
        await payments.close()


SIDES = {"sandbox": by_sandbox, "stripe": by_stripe}


def place(tmp_path: Path) -> Place:
    return Place("http://127.0.0.1:1", "a secret for tests, long enough", tmp_path, KEY, WEBHOOK_SECRET)


def new_account() -> NewAccount:
    return NewAccount(uuid4(), "Saltmarsh Pottery", "ana@guildhall.example", "PT")


def new_checkout(account: str, **given: object) -> NewCheckout:
    soon = datetime.now(UTC) + timedelta(minutes=35)
    usual = NewCheckout(
        account, uuid4(), uuid4(), 1, "Your first bowl", Money(12_000, "EUR"), 600, "sam@guildhall.example",
        "http://127.0.0.1:1/done", "http://127.0.0.1:1/back", soon,
    )  # fmt: skip
    return replace(usual, **given)  # type: ignore[arg-type]


async def refusal(doing: Awaitable[object]) -> ProviderRefused:
    with pytest.raises(ProviderRefused) as caught:
        await doing
    return caught.value
