"""The studio's pages about money: what may be asked, the account that is paid, and orders with their refunds."""

from dataclasses import dataclass, field

from server.web.views.buying import OrderRow
from server.web.views.frame import Form, Link
from server.web.views.studio import Desk

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AccountState:
    """The channel's account at the provider, by its name for people; `missing` is what it still wants to know."""

    provider: str
    opened: bool = False
    ready: bool = False
    missing: tuple[str, ...] = ()
    country: str = ""
    fee: str = ""


@dataclass(frozen=True, slots=True)
class PaymentsPage:
    """`studio_payments.html`. `POST {home}/payments/account`: `country`; `…/orders/{id}/refund`: `reason`.

    `onward` is where the provider asks its questions, when the browser has to be asked to go there itself.
    """

    desk: Desk
    account: AccountState
    orders: tuple[OrderRow, ...]
    countries: Options
    more: Link | None = None
    form: Form = field(default_factory=Form)
    refund_form: Form = field(default_factory=Form)
    onward: str = ""
