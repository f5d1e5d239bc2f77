"""What the sandbox says by webhook: written into its books with the change itself, delivered until it is taken."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import orjson

from providers import PayloadRefused
from providers.payments import AccountChanged, CheckoutChanged, PaymentChanged, PaymentEvent
from providers.payments.books import Books, insert
from providers.standard_webhooks import sign

BATCH = 20
CLAIM_SECONDS = 30.0
LONGEST_PAUSE = 300.0
GIVEN_UP_AFTER = 40


def post(book: sqlite3.Connection, kind: str, data: Mapping[str, str]) -> None:
    """Have a webhook say something, once the transaction is committed."""
    body = orjson.dumps({"type": kind, "data": data}).decode()
    insert(book, "deliveries", {"id": f"evt_sandbox_{secrets.token_hex(12)}", "body": body, "due_at": time.time()})


def claim(books: Books, before: Callable[[sqlite3.Connection], None]) -> list[sqlite3.Row]:
    """Deliveries that are due, kept from others for a while; `before` runs first in the same transaction."""
    with books.open() as book:
        before(book)
        now = time.time()
        due: list[sqlite3.Row] = book.execute(
            "select * from deliveries where due_at <= ? order by due_at limit ?", (now, BATCH)
        ).fetchall()
        for row in due:
            book.execute("update deliveries set due_at = ? where id = ?", (now + CLAIM_SECONDS, row["id"]))
    return due


def settle(books: Books, delivery: sqlite3.Row, *, taken: bool) -> None:
    """Forget a delivery that was taken, or have it sent again later; in the end it is given up, as anybody would."""
    tries = delivery["tries"] + 1
    with books.open() as book:
        if taken or tries >= GIVEN_UP_AFTER:
            book.execute("delete from deliveries where id = ?", (delivery["id"],))
        else:
            due_at = time.time() + min(LONGEST_PAUSE, 0.5 * 2**tries)
            book.execute("update deliveries set tries = ?, due_at = ? where id = ?", (tries, due_at, delivery["id"]))


def headers(secret: str, delivery: sqlite3.Row) -> dict[str, str]:
    """The headers that a delivery is sent with, signed at this moment."""
    signed = sign(secret, delivery["id"], datetime.now(UTC), delivery["body"].encode())
    return {"Content-Type": "application/json", **signed}


def check_size(raw: bytes, limit: int) -> None:
    """Pass for a body of at most so many bytes."""
    if len(raw) > limit:
        raise PayloadRefused(f"A webhook has at most {limit} bytes.", "too_large", 413)


def parse(event_id: str, raw: bytes) -> list[PaymentEvent]:
    """The event in the body of a delivery; none for a kind that is not known."""
    try:
        told = orjson.loads(raw)
        kind, data = told["type"], told["data"]
        account = str(data["account"])
        if kind.startswith("checkout."):
            ids = UUID(data["channel"]), UUID(data["order"])
            return [CheckoutChanged(event_id, kind, account, str(data["checkout"]), *ids)]
        if kind.startswith("payment."):
            return [PaymentChanged(event_id, kind, account, str(data["payment"]))]
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise PayloadRefused("This is not what the sandbox sends: type and data with account.") from wrong
    return [AccountChanged(event_id, kind, account)] if kind == "account.updated" else []
