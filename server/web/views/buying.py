"""Buying: what is bought and for how much, where an order stands, and all of one's orders."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from server.web.views.frame import Form, Link

OrderState = Literal["pending", "processing", "expired", "failed", "paid", "disputed", "refunded"]
Tone = Literal["", "good", "warn", "bad"]
WORDS: dict[str, tuple[str, Tone]] = {
    "pending": ("Not paid", ""),
    "processing": ("On its way", "warn"),
    "expired": ("Ended unpaid", ""),
    "failed": ("Not paid", "bad"),
    "paid": ("Paid", "good"),
    "returning": ("Being refunded", "warn"),
    "disputed": ("Disputed", "bad"),
    "refunded": ("Refunded", ""),
}
"""Each state of an order in words, and the tone of its tag."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`minor` smallest units of `currency`."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class BuyPage:
    """`buy.html`: a POST to `url` leads on to where it is paid. `minutes` is how long the seat is then held.

    `onward` is that place, when the browser has to be asked to go there itself.
    """

    title: str
    course: Link
    cost: Cost
    url: str
    minutes: int
    batch: str = ""
    starts: date | None = None
    seats_left: int | None = None
    form: Form = field(default_factory=Form)
    onward: str = ""


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`order.html`: where an order stands, and its receipt once it is paid.

    `waiting` makes the page look again by itself, after `patience` seconds at the latest. `pay_url` and `cancel_url`
    take a POST while it can be paid; `again` leads to buying once more, `course` into what was bought. `returning` says
    that the money is on its way back, and `reason` why.
    """

    id: str
    title: str
    cost: Cost
    state: OrderState
    made_at: datetime
    buyer: str
    course: Link
    orders: Link
    waiting: bool = False
    patience: int = 5
    cancelled: bool = False
    pay_url: str = ""
    cancel_url: str = ""
    held_until: datetime | None = None
    again: Link | None = None
    paid_at: datetime | None = None
    refunded_at: datetime | None = None
    refunded: Cost | None = None
    returning: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in a list; `word` is its state for people. In the studio, `id` may be refunded when `refundable`."""

    id: str
    title: str
    url: str
    cost: Cost
    made_at: datetime
    word: str
    tone: Tone = ""
    buyer: str = ""
    note: str = ""
    refundable: bool = False


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """`orders.html`: one's own orders in a channel, newest first; `learn` is the way on when there are none."""

    orders: tuple[OrderRow, ...]
    learn: Link
