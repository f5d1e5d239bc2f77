"""Stripe Connect: direct charges into the creator's own account, the installation's fee taken from each.

Accounts v2 with Stripe as collector of fees and losses, so the creator is the merchant of record; Checkout Sessions on
the connected account. https://docs.stripe.com/connect/direct-charges, https://docs.stripe.com/api/v2/core/accounts.
"""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import aiohttp
import stripe

from providers import ProviderRefused
from providers.breaker import Breaker
from providers.payments import (
    Account,
    Checkout,
    Money,
    NewAccount,
    NewCheckout,
    Payment,
    PaymentEvent,
    Place,
    stripe_events,
)
from providers.payments.stripe_errors import explained
from providers.payments.stripe_secrets import checked_base, checked_key, checked_webhook_secrets

API_VERSION = "2026-10-28.endive"
CONNECT_SECONDS, TOTAL_SECONDS, SLOW_SECONDS = 3.0, 15.0, 10.0
RETRIES = 2
SHOWN = ["configuration.merchant", "requirements"]
IN_HUNDREDTHS = {"ISK", "UGX"}
"""Currencies without a smaller unit of which Stripe nevertheless counts hundredths."""
Result = TypeVar("Result")


def open_payments(place: Place) -> "Stripe":
    """Stripe by the keys in the settings; ValueError with a sentence when one looks wrong."""
    base = checked_base(place.stripe_api_base)
    return Stripe(
        checked_key(place.stripe_secret_key, base), checked_webhook_secrets(place.stripe_webhook_secret), base
    )


class Stripe:
    """Payments by Stripe, every call within 15 seconds; a call that is tried again carries the same idempotency key."""

    def __init__(self, key: str, webhook_secrets: tuple[str, ...], base: str) -> None:
        self._key, self._webhook_secrets, self._base = key, webhook_secrets, base
        self._breaker = Breaker("Stripe", slow=SLOW_SECONDS)
        self._opened: tuple[stripe.StripeClient, aiohttp.ClientSession] | None = None

    async def open_account(self, new: NewAccount) -> Account:
        """A connected account with a full dashboard of its own, asked for once per channel."""
        merchant = {"capabilities": {"card_payments": {"requested": True}}}
        given: Any = {
            "contact_email": new.email, "display_name": new.name, "dashboard": "full",
            "identity": {"country": new.country.lower()}, "configuration": {"merchant": merchant},
            "defaults": {"responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"}},
            "metadata": {"channel_id": str(new.channel_id)}, "include": SHOWN,
        }  # fmt: skip
        options: Any = {"idempotency_key": f"account:{new.channel_id}"}
        made = await self._call(lambda client: client.v2.core.accounts.create_async(given, options))
        return _account(made)

    async def onboarding_url(self, account: str, return_url: str, refresh_url: str) -> str:
        """A link to Stripe's own pages, good for one visit within minutes."""
        onboarding = {"return_url": return_url, "refresh_url": refresh_url}
        given: Any = {"account": account, "use_case": {"type": "account_onboarding", "account_onboarding": onboarding}}
        link = await self._call(lambda client: client.v2.core.account_links.create_async(given))
        return str(link.url)

    async def account(self, account: str) -> Account:
        """Ready once Stripe has made its card payments active."""
        given: Any = {"include": SHOWN}
        return _account(await self._call(lambda client: client.v2.core.accounts.retrieve_async(account, given)))

    async def create_checkout(self, new: NewCheckout) -> Checkout:
        """A Checkout Session on the creator's account."""
        facts = {"channel_id": str(new.channel_id), "order_id": str(new.order_id), "attempt": str(new.attempt)}
        product = {"currency": new.price.currency.lower(), "unit_amount": units(new.price)}
        line = {"quantity": 1, "price_data": product | {"product_data": {"name": new.title}}}
        fee = {"application_fee_amount": units(Money(new.fee, new.price.currency))} if new.fee else {}
        given: Any = {
            "mode": "payment", "line_items": [line], "payment_intent_data": {"metadata": facts} | fee,
            "customer_email": new.email, "client_reference_id": str(new.order_id), "metadata": facts,
            "success_url": new.success_url, "cancel_url": new.cancel_url, "expires_at": int(new.expires_at.timestamp()),
        }  # fmt: skip
        options: Any = {"stripe_account": new.account, "idempotency_key": f"checkout:{new.order_id}:{new.attempt}"}
        made = await self._call(lambda client: client.v1.checkout.sessions.create_async(given, options))
        return Checkout(made.id, made.url or "", datetime.fromtimestamp(made.expires_at, UTC))

    async def fetch(self, account: str, checkout_id: str) -> Payment:
        """What became of a session, its payment and its charge."""
        given: Any = {"expand": ["payment_intent.latest_charge"]}
        options: Any = {"stripe_account": account}
        session = await self._call(
            lambda client: client.v1.checkout.sessions.retrieve_async(checkout_id, given, options)
        )
        return _payment(session)

    async def expire(self, account: str, checkout_id: str) -> Payment:
        """End a session; one that is over already is only looked at."""
        options: Any = {"stripe_account": account}
        try:
            await self._call(lambda client: client.v1.checkout.sessions.expire_async(checkout_id, {}, options))
        except ProviderRefused as refused:
            if refused.code != "not_open":
                raise
        return await self.fetch(account, checkout_id)

    async def checkout_of(self, account: str, payment_id: str) -> str | None:
        """The session of a payment intent."""
        given: Any = {"payment_intent": payment_id, "limit": 1}
        options: Any = {"stripe_account": account}
        found = await self._call(lambda client: client.v1.checkout.sessions.list_async(given, options))
        return found.data[0].id if found.data else None

    async def refund(self, account: str, payment_id: str, amount: int, key: str) -> None:
        """Refund a payment, and of our fee the same part; Stripe refuses to give back a fee that was never taken."""
        options: Any = {"stripe_account": account}
        paid = await self._call(lambda client: client.v1.payment_intents.retrieve_async(payment_id, {}, options))
        fee = {"refund_application_fee": True} if paid.application_fee_amount else {}
        back = units(Money(amount, paid.currency.upper()))
        given: Any = {"payment_intent": payment_id, "amount": back, **fee}
        keyed: Any = options | {"idempotency_key": f"refund:{key}"}
        await self._call(lambda client: client.v1.refunds.create_async(given, keyed))

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes) -> list[PaymentEvent]:
        """The event of a webhook of either kind: of snapshots (v1) or thin (v2)."""
        stripe_events.verify(self._webhook_secrets, headers, raw)
        return stripe_events.parse(raw)

    async def probe(self) -> None:
        """Pass when Stripe knows STRIPE_SECRET_KEY."""
        await self._call(lambda client: client.v1.balance.retrieve_async())

    async def close(self) -> None:
        """Let go of connections."""
        if self._opened is not None:
            await self._opened[1].close()
            self._opened = None

    async def _call(self, ask: Callable[[stripe.StripeClient], Awaitable[Result]]) -> Result:
        with self._breaker.call(), explained():
            return await ask(self._client())

    def _client(self) -> stripe.StripeClient:
        if self._opened is None:
            timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=ssl.create_default_context()))
            client = stripe.StripeClient(
                self._key, stripe_version=API_VERSION, max_network_retries=RETRIES,
                base_addresses={"api": self._base}, http_client=stripe.AIOHTTPClient(timeout=timeout, session=session),
            )  # fmt: skip
            self._opened = client, session
        return self._opened[0]


def units(price: Money) -> int:
    """The amount as Stripe counts it."""
    return price.amount * 100 if price.currency in IN_HUNDREDTHS else price.amount


def _amount(counted: int, currency: str) -> int:
    return counted // 100 if currency in IN_HUNDREDTHS else counted


def _account(found: Any) -> Account:
    merchant = found.configuration and found.configuration.merchant
    payments = merchant and merchant.capabilities and merchant.capabilities.card_payments
    ready = bool(payments) and payments.status == "active"
    entries = found.requirements.entries if found.requirements else None
    missing = tuple(str(entry.description).replace("_", " ").replace(".", ": ") for entry in entries or ())
    return Account(found.id, ready, () if ready else missing or ("Stripe is still checking what you told it.",))


def _payment(session: Any) -> Payment:
    if session.metadata is None or "order_id" not in session.metadata:
        raise ProviderRefused("Stripe knows this checkout, but it was not begun here.", "not_ours", 404)
    intent, currency = session.payment_intent, session.currency.upper()
    charge = intent.latest_charge if intent else None
    return Payment(
        checkout_id=session.id,
        order_id=UUID(session.metadata["order_id"]),
        state=_state(session, intent),
        price=Money(_amount(session.amount_total or 0, currency), currency),
        payment_id=intent.id if intent else None,
        refunded=_amount(charge.amount_refunded, currency) if charge else 0,
        disputed=bool(charge and charge.disputed),
    )


def _state(session: Any, intent: Any) -> Any:
    if session.status in {"open", "expired"}:
        return session.status
    if session.payment_status in {"paid", "no_payment_required"}:
        return "paid"
    return "processing" if intent and intent.status == "processing" else "failed"
