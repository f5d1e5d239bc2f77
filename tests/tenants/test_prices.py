"""Prices: as people type them, in every currency's own unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.billing import prices
from tenants.billing.prices import CURRENCIES, Price
from tenants.errors import Invalid


@given(st.integers(0, prices.MOST), st.sampled_from(sorted(CURRENCIES)))
def test_a_price_reads_back_as_it_was_typed(amount: int, currency: str) -> None:
    price = Price(amount, currency)
    assert prices.parse(price.decimal, currency) == price


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("120", "EUR", 12_000),
        ("120,5", "EUR", 12_050),
        (" 0 ", "EUR", 0),
        ("١٢٠", "EGP", 12_000),
        ("5000", "JPY", 5000),
        ("1.250", "KWD", 1250),
    ],
)
def test_a_price_as_people_type_it(typed: str, currency: str, amount: int) -> None:
    assert prices.parse(typed, currency) == Price(amount, currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [("1.250", "EUR"), ("12.5", "JPY"), ("-1", "EUR"), ("1e3", "EUR"), ("9999999999", "EUR"), ("1000000", "EUR"),
     ("12", "XXX"), ("12", ""), ("1 000", "EUR")],
)  # fmt: skip
def test_what_no_price_may_be(typed: str, currency: str) -> None:
    with pytest.raises(Invalid):
        prices.parse(typed, currency)
    assert prices.parse(" ", "EUR") is None
