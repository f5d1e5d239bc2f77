"""Views of buying, from rows: what a thing costs, where an order stands in words, and what to press next."""

from typing import cast

from server.web.views.buying import WORDS, BuyPage, Cost, OrderPage, OrderRow, OrderState
from server.web.views.frame import Form, Link
from tenants import links
from tenants.billing.orders import BOUGHT, LIFE, OPEN
from tenants.billing.prices import Price
from tenants.scope import Record

PENDING_SECONDS, SLOW_SECONDS = 5, 60


def buy_view(
    slug: str, course: Record, batch: Record | None, price: Price, form: Form, onward: str = ""
) -> BuyPage:  # fmt: skip
    """The page with the one button."""
    return BuyPage(
        title=course["title"],
        course=Link(course["title"], links.course(slug, course["slug"])),
        cost=Cost(price.amount, price.currency),
        url=links.buy(slug, course["slug"], batch["id"] if batch else None),
        minutes=LIFE.seconds // 60 - 1,
        batch=batch["name"] if batch else "",
        starts=batch["starts_on"] if batch else None,
        seats_left=max(batch["seats"] - batch["taken"], 0) if batch and batch["seats"] else None,
        form=form,
        onward=onward,
    )


def order_view(slug: str, order: Record, course: Record, back: str) -> OrderPage:
    """One order; `back` is how its buyer came from the provider: `paid`, `cancelled`, or neither."""
    state, page = order["state"], links.order(slug, order["id"])
    can_pay = state == "pending" and order["checkout_id"] is not None and back != "paid"
    returning = order["refund_asked_at"] is not None and state in BOUGHT
    again = Link("Buy again", links.buy(slug, course["slug"], order["batch_id"]))
    return OrderPage(
        id=str(order["id"]),
        title=order["title"],
        cost=Cost(order["amount"], order["currency"]),
        state=cast(OrderState, state),
        made_at=order["created_at"],
        buyer=order["buyer"],
        course=Link(course["title"], links.course(slug, course["slug"])),
        orders=Link("All your orders", links.orders(slug)),
        waiting=(state in OPEN and back == "paid") or returning,
        patience=PENDING_SECONDS if state == "pending" else SLOW_SECONDS,
        cancelled=back == "cancelled",
        pay_url=f"{page}/pay" if can_pay else "",
        cancel_url=f"{page}/cancel" if can_pay else "",
        held_until=order["expires_at"] if can_pay and order["batch_id"] else None,
        again=again if state in {"expired", "failed", "refunded"} else None,
        paid_at=order["paid_at"],
        refunded_at=order["refunded_at"],
        refunded=Cost(order["refunded"], order["currency"]) if order["refunded"] else None,
        returning=returning,
        reason=order["refund_reason"] or "" if returning or state == "refunded" else "",
    )


def order_row(slug: str, order: Record) -> OrderRow:
    """One order in a list, for its buyer."""
    returning = order["refund_asked_at"] is not None and order["state"] in BOUGHT
    word, tone = WORDS["returning" if returning else order["state"]]
    return OrderRow(
        id=str(order["id"]),
        title=order["title"],
        url=links.order(slug, order["id"]),
        cost=Cost(order["amount"], order["currency"]),
        made_at=order["created_at"],
        word=word,
        tone=tone,
        buyer=order["buyer"],
        note=order["problem"] or "",
        refundable=order["state"] in BOUGHT and not returning,
    )
