"""Prices: what a course or a batch costs, once: a whole number of the smallest unit of an ISO 4217 currency."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, update

from tenants import audit
from tenants.courses import courses
from tenants.courses.courses import COURSES
from tenants.errors import Invalid
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped

CURRENCIES: Mapping[str, int] = {
    "EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "AED": 2, "AUD": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CLP": 0, "COP": 2,
    "CZK": 2, "DKK": 2, "EGP": 2, "GHS": 2, "HKD": 2, "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "JOD": 3, "JPY": 0,
    "KES": 2, "KRW": 0, "KWD": 3, "MAD": 2, "MXN": 2, "MYR": 2, "NGN": 2, "NOK": 2, "NZD": 2, "PHP": 2, "PLN": 2,
    "RON": 2, "SEK": 2, "SGD": 2, "THB": 2, "TRY": 2, "TWD": 2, "UAH": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip
"""The currencies we take, each with how many digits stand after its point (ISO 4217's exponent)."""
MOST = 99_999_999
_TYPED = re.compile(r"(\d{1,9})(?:[.,](\d{1,3}))?")
_C = COURSES.c
_SET = scoped(
    update(COURSES)
    .where(_C.id == bindparam("at"))
    .values(price_amount=bindparam("amount"), price_currency=bindparam("currency"), updated_at=func.now())
    .returning(_C.id)
)


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` smallest units of `currency`; 0 is free."""

    amount: int
    currency: str

    @property
    def exponent(self) -> int:
        """How many digits stand after the point."""
        return CURRENCIES.get(self.currency, 2)

    @property
    def decimal(self) -> str:
        """The amount as one types it: `120.50`, or `120` in a currency without a smaller unit."""
        if not self.exponent:
            return str(self.amount)
        whole, part = divmod(self.amount, 10**self.exponent)
        return f"{whole}.{part:0{self.exponent}}"

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"


def of(row: Record | Mapping[str, Any]) -> Price | None:
    """The price in the row of a course or a batch, or None when it names none."""
    amount, currency = row["price_amount"], row["price_currency"]
    return None if amount is None else Price(amount, currency)


def clean(amount: int, currency: str) -> Price:
    """A price that may be asked; Invalid for an unknown currency, or less than 0 or more than MOST."""
    if currency not in CURRENCIES:
        raise Invalid.field("/currency", "unknown", f"We take these currencies: {', '.join(CURRENCIES)}.")
    if not 0 <= amount <= MOST:
        raise Invalid.field("/amount", "range", f"Ask 0 (free) to {Price(MOST, currency)}.")
    return Price(amount, currency)


def parse(typed: str, currency: str) -> Price | None:
    """A price as people type it (`120`, `120.50`, `120,50`), or None when nothing was typed; Invalid for anything else.

    A thousand is typed without a point: with three digits after it nobody could say what was meant.
    """
    if not typed.strip():
        return None
    exponent = clean(0, currency).exponent
    found = _TYPED.fullmatch(typed.strip())
    if found is None or len(found[2] or "") > exponent:
        example = Price(12 * 10**exponent, currency).decimal
        raise Invalid.field("/amount", "number", f"Write the price as a number, such as {example}.")
    return clean(int(found[1]) * 10**exponent + int((found[2] or "").ljust(exponent, "0") or 0), currency)


async def set_course(scope: Scope, course_id: UUID, price: Price | None) -> Record:
    """Ask `price` for a course and each of its batches that has none of its own; None: nothing is asked."""
    scope.require(Action.PRICE_EDIT)
    await scope.one(_SET, at=course_id, **columns(price))
    await audit.record(scope, "price.set", course_id, price=str(price or "free"))
    return await courses.read(scope, course_id)


def columns(price: Price | None) -> dict[str, Any]:
    """A price as the values of its two columns."""
    return {"amount": price.amount, "currency": price.currency} if price else {"amount": None, "currency": None}
