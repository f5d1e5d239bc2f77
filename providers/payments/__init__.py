"""Payments: a creator's account at the provider, a checkout for one order, what became of it, and refunds.

Money goes from the buyer to the creator directly; the installation takes its fee from that payment. Webhooks are
hints: whoever gets one fetches the checkout again and believes only what the provider then says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast
from uuid import UUID

BODY_LIMIT = 256 * 1024
"""Bytes a webhook's body may have."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of a currency (ISO 4217, in capitals): 2500 EUR is 25 euros."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A channel that wants to be paid; `country` is ISO 3166-1 alpha-2."""

    channel_id: UUID
    name: str
    email: str
    country: str


@dataclass(frozen=True, slots=True)
class Account:
    """A creator's account: whether it may be paid, and if not, in words, what is still missing."""

    id: str
    ready: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCheckout:
    """One attempt to pay one order into `account`; the same order and attempt is the same checkout."""

    account: str
    channel_id: UUID
    order_id: UUID
    attempt: int
    title: str
    price: Money
    fee: int
    email: str
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the buyer pays."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """What the provider says of a checkout now; `refunded` is the part of `price` that was given back.

    `open`: may still be paid. `processing`: paid by a slow method, not yet there. `paid`, `expired`, `failed`.
    `disputed` says that the buyer's bank has taken the money back, or may.
    """

    checkout_id: str
    order_id: UUID
    state: Literal["open", "processing", "paid", "failed", "expired"]
    price: Money
    payment_id: str | None = None
    refunded: int = 0
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class CheckoutChanged:
    """Something became of a checkout: fetch it. `order_id` and `channel_id` are what we said when it began."""

    event_id: str
    kind: str
    account: str
    checkout_id: str
    channel_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentChanged:
    """Something became of a payment, such as a refund or a dispute: fetch the checkout that it belongs to."""

    event_id: str
    kind: str
    account: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Something became of a creator's account: fetch it."""

    event_id: str
    kind: str
    account: str


PaymentEvent = CheckoutChanged | PaymentChanged | AccountChanged


class Payments(Protocol):
    """One provider. Every call raises ProviderDown (again later) or ProviderRefused (never, with why in words)."""

    async def open_account(self, new: NewAccount) -> Account:
        """The account of a channel, made the first time; the same one when asked again."""

    async def onboarding_url(self, account: str, return_url: str, refresh_url: str) -> str:
        """Where the creator tells the provider what it must know; good for minutes and for one visit."""

    async def account(self, account: str) -> Account:
        """How the account stands."""

    async def create_checkout(self, new: NewCheckout) -> Checkout:
        """A checkout for the order; again with the same order and attempt: the same one."""

    async def fetch(self, account: str, checkout_id: str) -> Payment:
        """What became of a checkout."""

    async def expire(self, account: str, checkout_id: str) -> Payment:
        """End an open checkout so that it cannot be paid any more; what became of it, which may be that it was paid."""

    async def checkout_of(self, account: str, payment_id: str) -> str | None:
        """The checkout that a payment belongs to, or None when it is none of ours."""

    async def refund(self, account: str, payment_id: str, amount: int, key: str) -> None:
        """Give `amount` back, fee in proportion; the same `key` gives it back once."""

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes) -> list[PaymentEvent]:
        """The events in a webhook, none for a kind we do not know; SignatureRefused or PayloadRefused."""

    async def probe(self) -> None:
        """Pass when the provider answers and knows us; the error's sentence names the setting to look at."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Place:
    """What every adapter may need to know of the installation; the Stripe fields are empty unless it is chosen."""

    base_url: str
    secret: str
    home: Path
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = "https://api.stripe.com"


class Adapter(Protocol):
    """A module of this package that opens one provider."""

    def open_payments(self, place: Place) -> Payments:
        """The provider; ValueError with a sentence when a setting is wrong."""


ADAPTERS = {"sandbox": "providers.payments.sandbox", "stripe": "providers.payments.stripe"}
"""Value of the setting PAYMENTS → module with `open_payments`; loaded only when chosen."""


def choose(setting: str, place: Place) -> Payments:
    """The provider that PAYMENTS names; ValueError with a sentence that says what would be right."""
    if setting not in ADAPTERS:
        raise ValueError(f"PAYMENTS is {setting!r}; it should be {' or '.join(ADAPTERS)}.")
    return cast(Adapter, import_module(ADAPTERS[setting])).open_payments(place)
