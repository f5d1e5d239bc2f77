"""The sandbox: a payment provider of our own in which no money moves, with accounts, checkouts, refunds and webhooks.

It keeps the rules of a real one: what it says comes by signed webhooks, which are sent again until they are taken, and
only what is fetched counts.
"""

import asyncio
import base64
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from providers import ProviderDown, ProviderRefused, standard_webhooks
from providers.payments import (
    BODY_LIMIT,
    Account,
    Checkout,
    Money,
    NewAccount,
    NewCheckout,
    Payment,
    PaymentEvent,
    Place,
)
from providers.payments import sandbox_events as events
from providers.payments.books import Books, insert

LEAST_AMOUNT, MOST_AMOUNT = 50, 99_999_999
SLOW_SECONDS = 6.0
ONBOARDING_SECONDS = 900
NOT_SIGNED_UP = ("The sandbox wants to know your country: finish the sign-up.",)
Result = TypeVar("Result")


def open_payments(place: Place) -> "Sandbox":
    """The sandbox in the home's folder `payments`."""
    return Sandbox(place)


class Sandbox:
    """Payments over the books in `home/payments/sandbox.db`; any number of processes may open the same ones."""

    def __init__(self, place: Place) -> None:
        self.base_url = place.base_url
        self.books = Books(place.home / "payments" / "sandbox.db")
        self._key = place.secret.encode()
        self.webhook_secret = f"whsec_{base64.b64encode(self._mac('webhooks')).decode()}"

    async def open_account(self, new: NewAccount) -> Account:
        """The account of a channel, which can be paid into once its sign-up is finished."""
        row = {"id": f"acct_sandbox_{new.channel_id.hex}", "channel_id": str(new.channel_id)}
        row |= {"name": new.name, "email": new.email, "country": new.country}
        return await self._do(lambda book: _opened(book, row))

    async def onboarding_url(self, account: str, return_url: str, refresh_url: str) -> str:
        """The sandbox's own sign-up page; opened too late it leads to `refresh_url`."""
        await self.account(account)
        until = str(int(time.time()) + ONBOARDING_SECONDS)
        facts = {"until": until, "return": return_url, "refresh": refresh_url}
        query = urlencode(facts | {"key": self.proof("onboard", account, until, return_url, refresh_url)})
        return f"{self.base_url}/sandbox/onboard/{account}?{query}"

    async def account(self, account: str) -> Account:
        """How the account stands."""
        return await self._do(lambda book: _account(_row(book, "accounts", account)))

    async def finish_account(self, account: str, country: str) -> None:
        """The creator has told what the sandbox wants to know; a webhook says that the account has changed."""

        def finish(book: sqlite3.Connection) -> None:
            _row(book, "accounts", account)
            book.execute("update accounts set ready = 1, country = ? where id = ?", (country, account))
            events.post(book, "account.updated", {"account": account})

        await self._do(finish)

    async def create_checkout(self, new: NewCheckout) -> Checkout:
        """A checkout under an id that the order and the attempt give."""
        _check_price(new)
        row = {
            "id": f"cs_sandbox_{new.order_id.hex}_{new.attempt}", "account": new.account,
            "channel_id": str(new.channel_id), "order_id": str(new.order_id), "title": new.title,
            "amount": new.price.amount, "currency": new.price.currency, "fee": new.fee, "email": new.email,
            "success_url": new.success_url, "cancel_url": new.cancel_url, "expires_at": new.expires_at.timestamp(),
        }  # fmt: skip
        kept = await self._do(lambda book: _checked_out(book, row))
        query = urlencode({"key": self.proof("pay", kept["id"])})
        expires = datetime.fromtimestamp(kept["expires_at"], UTC)
        return Checkout(kept["id"], f"{self.base_url}/sandbox/pay/{kept['id']}?{query}", expires)

    async def fetch(self, account: str, checkout_id: str) -> Payment:
        """What became of a checkout of this account."""
        return await self._do(lambda book: _payment(book, _of(book, account, checkout_id)))

    async def expire(self, account: str, checkout_id: str) -> Payment:
        """End a checkout that is still open."""

        def expire(book: sqlite3.Connection) -> Payment:
            if _of(book, account, checkout_id)["state"] == "open":
                become(book, checkout_id, "expired")
            return _payment(book, _of(book, account, checkout_id))

        return await self._do(expire)

    async def checkout_of(self, account: str, payment_id: str) -> str | None:
        """The checkout of a payment into this account."""

        def find(book: sqlite3.Connection) -> str | None:
            found = book.execute(
                "select id from checkouts where payment_id = ? and account = ?", (payment_id, account)
            ).fetchone()
            return found["id"] if found else None

        return await self._do(find)

    async def refund(self, account: str, payment_id: str, amount: int, key: str) -> None:
        """Give back at most what is left of a payment."""
        checkout_id = await self.checkout_of(account, payment_id)
        if checkout_id is None:
            raise ProviderRefused("The sandbox knows no such payment.", "no_such_payment", 404)
        await self._do(lambda book: _refunded(book, _of(book, account, checkout_id), amount, key))

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes) -> list[PaymentEvent]:
        """The event of one of our own deliveries."""
        events.check_size(raw, BODY_LIMIT)
        return events.parse(standard_webhooks.verify(self.webhook_secret, headers, raw), raw)

    async def probe(self) -> None:
        """Pass when the books can be written."""
        await self._do(lambda book: book.execute("select count(*) from accounts").fetchone())

    async def close(self) -> None:
        """Nothing to let go of: the books are closed after each look."""

    async def look_up(self, checkout_id: str) -> sqlite3.Row:
        """A checkout's row, for its page."""
        return await self._do(lambda book: _settled(book, _row(book, "checkouts", checkout_id)))

    async def named(self, account: str) -> tuple[str, str]:
        """The name of an account and its country, for its pages."""
        row = await self._do(lambda book: _row(book, "accounts", account))
        return row["name"], row["country"]

    async def pay(self, checkout_id: str, *, settles_as: str = "") -> bool:
        """Pay an open checkout at once, or by a slow method that `settles_as` paid or failed; whether it was open."""

        def pay(book: sqlite3.Connection) -> bool:
            if _settled(book, _row(book, "checkouts", checkout_id))["state"] != "open":
                return False
            fields: dict[str, object] = {"payment_id": f"pi_sandbox_{secrets.token_hex(12)}"}
            if settles_as:
                fields |= {"settles_at": time.time() + SLOW_SECONDS, "settles_as": settles_as}
            become(book, checkout_id, "processing" if settles_as else "paid", **fields)
            return True

        return await self._do(pay)

    def proof(self, *facts: str) -> str:
        """What shows that an address was made here."""
        return self._mac(*facts).hex()[:32]

    def _mac(self, *facts: str) -> bytes:
        return hmac.digest(self._key, "\x1f".join(("payment sandbox", *facts)).encode(), "sha256")

    async def _do(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return await asyncio.to_thread(self._in_books, work)
        except (OSError, sqlite3.OperationalError) as trouble:
            said = f"The sandbox's books cannot be written ({trouble}). Check the folder {self.books.path.parent}."
            raise ProviderDown(said) from trouble

    def _in_books(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with self.books.open() as book:
            return work(book)


def become(book: sqlite3.Connection, checkout_id: str, state: str, **fields: object) -> None:
    """Move a checkout on and have a webhook say so; names of fields come from the code."""
    given = {"state": state, "settles_at": None, "settles_as": None, **fields}
    put = ", ".join(f"{name} = ?" for name in given)
    book.execute(f"update checkouts set {put} where id = ?", (*given.values(), checkout_id))  # noqa: S608
    row = _row(book, "checkouts", checkout_id)
    told = {"checkout": row["id"], "account": row["account"], "channel": row["channel_id"], "order": row["order_id"]}
    events.post(book, f"checkout.{state}", told)


def settle_due(book: sqlite3.Connection) -> None:
    """Let slow payments arrive and open checkouts expire whose time has come."""
    now = time.time()
    due = book.execute(
        "select * from checkouts where settles_at <= ? or (state = 'open' and expires_at <= ?)", (now, now)
    ).fetchall()
    for row in due:
        _settled(book, row)


def _settled(book: sqlite3.Connection, row: sqlite3.Row) -> sqlite3.Row:
    now = time.time()
    if row["settles_at"] is not None and row["settles_at"] <= now:
        become(book, row["id"], row["settles_as"])
    elif row["state"] == "open" and row["expires_at"] <= now:
        become(book, row["id"], "expired")
    else:
        return row
    return _row(book, "checkouts", row["id"])


def _row(book: sqlite3.Connection, table: str, id_: str) -> sqlite3.Row:
    found: sqlite3.Row | None = book.execute(f"select * from {table} where id = ?", (id_,)).fetchone()  # noqa: S608
    if found is None:
        raise ProviderRefused(f"The sandbox knows no {table.removesuffix('s')} of this name.", "not_found", 404)
    return found


def _of(book: sqlite3.Connection, account: str, checkout_id: str) -> sqlite3.Row:
    row = _row(book, "checkouts", checkout_id)
    if row["account"] != account:
        raise ProviderRefused("The sandbox knows no checkout of this name.", "not_found", 404)
    return _settled(book, row)


def _opened(book: sqlite3.Connection, row: dict[str, str]) -> Account:
    insert(book, "accounts", row)
    return _account(_row(book, "accounts", row["id"]))


def _account(row: sqlite3.Row) -> Account:
    return Account(row["id"], bool(row["ready"]), () if row["ready"] else NOT_SIGNED_UP)


def _check_price(new: NewCheckout) -> None:
    if not LEAST_AMOUNT <= new.price.amount <= MOST_AMOUNT or not 0 <= new.fee < new.price.amount:
        raise ProviderRefused(
            f"A price is {LEAST_AMOUNT} to {MOST_AMOUNT} of the smallest unit of its currency, and more than the fee.",
            "amount_out_of_range",
        )


def _checked_out(book: sqlite3.Connection, row: dict[str, object]) -> sqlite3.Row:
    account = _row(book, "accounts", str(row["account"]))
    if not account["ready"]:
        raise ProviderRefused("This channel cannot be paid yet: its sign-up is not finished.", "account_not_ready")
    insert(book, "checkouts", row)
    return _row(book, "checkouts", str(row["id"]))


def _payment(book: sqlite3.Connection, row: sqlite3.Row) -> Payment:
    total = book.execute("select coalesce(sum(amount), 0) from refunds where checkout_id = ?", (row["id"],)).fetchone()
    price = Money(row["amount"], row["currency"])
    return Payment(row["id"], UUID(row["order_id"]), row["state"], price, row["payment_id"], total[0])


def _refunded(book: sqlite3.Connection, row: sqlite3.Row, amount: int, key: str) -> None:
    if book.execute("select 1 from refunds where key = ?", (key,)).fetchone():
        return
    left = row["amount"] - _payment(book, row).refunded
    if row["state"] != "paid" or not 0 < amount <= left:
        raise ProviderRefused(f"Of this payment at most {left} can be given back.", "refund_out_of_range")
    insert(book, "refunds", {"key": key, "checkout_id": row["id"], "amount": amount})
    events.post(book, "payment.refunded", {"account": row["account"], "payment": row["payment_id"]})
