"""Sample data for the pages about money: buying, orders, payments and prices in the studio."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from server.web.views import buying, learn, studio_payments, studio_teaching
from server.web.views.buying import Cost
from server.web.views.frame import Form, Frame, Link
from tests.server.web.samples import NOW, ORIGIN, POTTERY, SAM, Sample
from tests.server.web.tools import BATCHES, COURSE, at, desk, outline

COST = Cost(12_000, "GBP")
COURSE_LINK = Link("Throwing a bowl", "/c/pottery/learn/bowl")
ORDER_ID = "01a217d1-0c55-7328-ba3a-ea91bcf1d6d8"
BUY = buying.BuyPage(
    title="Throwing a bowl",
    course=COURSE_LINK,
    cost=COST,
    url="/c/pottery/learn/bowl/buy",
    minutes=30,
    batch="A weekend at the wheel",
    starts=date(2027, 1, 9),
    seats_left=4,
)
ORDER = buying.OrderPage(
    id=ORDER_ID,
    title="Throwing a bowl, A weekend at the wheel",
    cost=COST,
    state="paid",
    made_at=NOW,
    buyer="Sam Idowu",
    course=COURSE_LINK,
    orders=Link("Your orders", "/c/pottery/orders"),
    paid_at=NOW,
)
ROW = buying.OrderRow(ORDER_ID, ORDER.title, "/c/pottery/orders/1", COST, NOW, "Paid", "good", "Sam Idowu")
ROWS = (
    replace(ROW, refundable=True),
    replace(ROW, id="2", word="Being refunded", tone="warn", buyer="Zoë Adeyemi"),
    replace(ROW, id="3", word="Paid", note="There is too little money in the account."),
    replace(ROW, id="4", word="Refunded", tone=""),
)
PAYMENTS = studio_payments.PaymentsPage(
    desk=at("payments"),
    account=studio_payments.AccountState("the sandbox", opened=True, ready=True, fee="5 %"),
    orders=ROWS,
    countries=(("GB", "United Kingdom"), ("PT", "Portugal")),
    form=Form({"country": "GB"}),
)
CURRENCIES = (("EUR", "EUR"), ("GBP", "GBP"))
PRICED = (replace(BATCHES[0], cost=COST, price_form=Form({"amount": "120.00", "currency": "GBP"})),)


def order(**changes: Any) -> Sample:
    return student("order.html", replace(ORDER, **changes))


def student(template: str, view: Any, language: str = "en") -> Sample:
    return Sample(template, view, Frame(ORIGIN, channel=POTTERY, reader=SAM, member=True, language=language))


def unpaid(**changes: Any) -> Sample:
    return order(state="pending", paid_at=None, **changes)


def priced_outline() -> Sample:
    sample = outline(enrolled=False)
    view: learn.CoursePage = sample.view
    return replace(sample, view=replace(view, enroll_url="", buy_url="/c/pottery/learn/j/buy", cost=COST))


MONEY: dict[str, Callable[[], Sample]] = {
    "buy": lambda: student("buy.html", BUY),
    "buy-rtl": lambda: student("buy.html", BUY, "ar"),
    "buy-full": lambda: student("buy.html", replace(BUY, form=Form(problem="Every seat of this batch is taken."))),
    "order-paid": order,
    "order-processing": lambda: unpaid(waiting=True),
    "order-cancelled": lambda: unpaid(
        cancelled=True, pay_url="/pay", cancel_url="/cancel", held_until=NOW + timedelta(minutes=30)
    ),
    "order-slow": lambda: order(state="processing", paid_at=None),
    "order-failed": lambda: order(state="failed", paid_at=None, again=Link("Buy again", "/buy")),
    "order-expired": lambda: order(state="expired", paid_at=None, again=Link("Buy again", "/buy")),
    "order-returning": lambda: order(returning=True, reason="Every seat of this batch is taken."),
    "order-refunded": lambda: order(
        state="refunded", refunded=COST, refunded_at=NOW, reason="Moved away.", again=Link("Buy again", "/buy")
    ),
    "order-disputed": lambda: order(state="disputed"),
    "orders": lambda: student("orders.html", buying.OrdersPage(ROWS, Link("See the courses", "/c/pottery/learn"))),
    "orders-none": lambda: student("orders.html", buying.OrdersPage((), Link("See the courses", "/c/pottery/learn"))),
    "outline-priced": priced_outline,
    "learn-list-priced": lambda: student(
        "learn_list.html",
        learn.LearnPage(
            (),
            (learn.CourseRow("Throwing a bowl", "/c/pottery/learn/bowl", summary="From a lump of clay.", cost=COST),),
            Link("Your orders", "/c/pottery/orders"),
        ),
    ),
    "studio-payments": lambda: desk("studio_payments.html", PAYMENTS),
    "studio-payments-new": lambda: desk(
        "studio_payments.html", replace(PAYMENTS, account=studio_payments.AccountState("Stripe"), orders=())
    ),
    "studio-payments-missing": lambda: desk(
        "studio_payments.html",
        replace(
            PAYMENTS,
            orders=(),
            account=studio_payments.AccountState(
                "Stripe", opened=True, missing=("your bank account", "a proof of your identity"), country="PT"
            ),
        ),
    ),
    "studio-course-priced": lambda: desk(
        "studio_course.html",
        replace(COURSE, currencies=CURRENCIES, price_form=Form({"amount": "a lot"}, {"amount": "Write a number."})),
    ),
    "studio-batches-priced": lambda: desk(
        "studio_batches.html",
        studio_teaching.BatchesPage(
            at("batches"), PRICED, (("c1", "Left"),), (("UTC", "UTC"),), Form({"currency": "GBP"}), CURRENCIES
        ),
    ),
}  # fmt: skip
