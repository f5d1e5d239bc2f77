"""A payment provider in memory that keeps the port's word, and can be told not to: to be away, to refuse, to lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import orjson

from providers import PayloadRefused, ProviderDown, ProviderRefused, SignatureRefused
from providers.payments import (
    Account,
    AccountChanged,
    Checkout,
    CheckoutChanged,
    NewAccount,
    NewCheckout,
    Payment,
    PaymentChanged,
    PaymentEvent,
)

SIGNATURE = "this stand-in signed it"
SITE = "https://checkout.stripe.com/pay"


@dataclass
class StandIn:
    """Accounts and checkouts by id. `away` makes every call fail, `refuses` says no to a call by its name."""

    accounts: dict[str, Account] = field(default_factory=dict)
    checkouts: dict[str, Payment] = field(default_factory=dict)
    asked: dict[str, NewCheckout] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    away: bool = False
    refuses: set[str] = field(default_factory=set)
    lies: dict[str, Payment] = field(default_factory=dict)
    site: str = SITE
    closed: bool = False

    def behave(self, site: str = SITE) -> None:
        """From now on be there, refuse nothing and tell no lies, whatever a test before this one wanted."""
        self.away, self.refuses, self.lies, self.site = False, set(), {}, site

    async def open_account(self, new: NewAccount) -> Account:
        self._heard("open_account")
        account_id = f"acct_{new.channel_id.hex}"
        return self.accounts.setdefault(account_id, Account(account_id, ready=True))

    async def onboarding_url(self, account: str, return_url: str, refresh_url: str) -> str:
        self._heard("onboarding_url")
        return f"https://connect.stripe.com/onboard/{account}"

    async def account(self, account: str) -> Account:
        self._heard("account")
        if account not in self.accounts:
            raise ProviderRefused("The payment provider knows no such account.")
        return self.accounts[account]

    async def create_checkout(self, new: NewCheckout) -> Checkout:
        self._heard("create_checkout")
        checkout_id = f"cs_{new.order_id.hex}_{new.attempt}"
        first = self.asked.setdefault(checkout_id, new)
        self.checkouts.setdefault(checkout_id, Payment(checkout_id, new.order_id, "open", new.price))
        return Checkout(checkout_id, f"{self.site}/{checkout_id}", first.expires_at)

    async def fetch(self, account: str, checkout_id: str) -> Payment:
        self._heard("fetch")
        return self.lies.get(checkout_id) or self._of(account, checkout_id)

    async def expire(self, account: str, checkout_id: str) -> Payment:
        self._heard("expire")
        if self._of(account, checkout_id).state == "open":
            self.become(checkout_id, "expired")
        return self.checkouts[checkout_id]

    async def checkout_of(self, account: str, payment_id: str) -> str | None:
        self._heard("checkout_of")
        return next((key for key, each in self.checkouts.items() if each.payment_id == payment_id), None)

    async def refund(self, account: str, payment_id: str, amount: int, key: str) -> None:
        self._heard("refund")
        if key in self.refunds:
            return
        self.refunds[key] = amount
        checkout_id = next(each for each, paid in self.checkouts.items() if paid.payment_id == payment_id)
        paid = self.checkouts[checkout_id]
        self.checkouts[checkout_id] = replace(paid, refunded=paid.refunded + amount)

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes) -> list[PaymentEvent]:
        if headers.get("Standin-Signature") != SIGNATURE:
            raise SignatureRefused("This webhook is not signed by the stand-in.")
        try:
            told = orjson.loads(raw)
            return [_event(told)] if told["kind"] != "unheard.of" else []
        except (ValueError, KeyError, TypeError):
            raise PayloadRefused("This webhook is not what was agreed.") from None

    async def probe(self) -> None:
        self._heard("probe")

    async def close(self) -> None:
        self.closed = True

    def become(self, checkout_id: str, state: str, **more: object) -> Payment:
        """Something became of a checkout at the provider; a paid one has a payment."""
        given = {"state": state, **({"payment_id": f"pi_{checkout_id}"} if state in {"paid", "processing"} else {})}
        self.checkouts[checkout_id] = replace(self.checkouts[checkout_id], **(given | more))  # type: ignore[arg-type]
        return self.checkouts[checkout_id]

    def _of(self, account: str, checkout_id: str) -> Payment:
        new = self.asked.get(checkout_id)
        if new is None or new.account != account:
            raise ProviderRefused("The payment provider knows no such checkout at this account.")
        paid = self.checkouts[checkout_id]
        if paid.state == "open" and new.expires_at < datetime.now(UTC):
            return self.become(checkout_id, "expired")
        return paid

    def _heard(self, call: str) -> None:
        self.calls.append(call)
        if self.away:
            raise ProviderDown("The payment provider does not answer.", retry_after=1)
        if call in self.refuses:
            raise ProviderRefused(f"The payment provider will not: {call}.")


def event(kind: str, event_id: str, account: str, **more: str) -> bytes:
    """A webhook's body."""
    return orjson.dumps({"kind": kind, "id": event_id, "account": account, **more})


def _event(told: dict[str, str]) -> PaymentEvent:
    event_id, kind, account = told["id"], told["kind"], told["account"]
    if kind.startswith("checkout."):
        ids = UUID(told["channel"]), UUID(told["order"])
        return CheckoutChanged(event_id, kind, account, told["checkout"], *ids)
    if kind.startswith("payment."):
        return PaymentChanged(event_id, kind, account, told["payment"])
    return AccountChanged(event_id, kind, account)
