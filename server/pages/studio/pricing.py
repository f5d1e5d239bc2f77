"""Prices in the studio's forms: `amount` as people type it, and `currency`."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from server.web.views.buying import Cost
from server.web.views.frame import Form
from server.web.views.studio_payments import Options
from tenants.billing import prices
from tenants.billing.prices import Price
from tenants.permissions import Action, why
from tenants.scope import Record, Scope

USUAL = "EUR"


@cache
def currencies() -> Options:
    """The currencies to choose from, by their codes."""
    return tuple((code, code) for code in prices.CURRENCIES)


def offered(scope: Scope) -> Options:
    """The same for those who may set prices, nothing for others."""
    return currencies() if why(scope.actor, Action.PRICE_EDIT).allowed else ()


def read(fields: Mapping[str, str]) -> Price | None:
    """The price that was typed, or None; Invalid for what is no price."""
    return prices.parse(fields.get("amount", ""), fields.get("currency", USUAL))


def form_of(row: Record | Mapping[str, Any], otherwise: str = USUAL) -> Form:
    """The form as a course or batch stands; `otherwise` is the currency of one without a price."""
    price = prices.of(row)
    return Form({"amount": price.decimal if price else "", "currency": price.currency if price else otherwise})


def cost_of(price: Price | None) -> Cost | None:
    """A price as pages show it."""
    return Cost(price.amount, price.currency) if price else None
