"""Addresses of outgoing webhooks: what the sender would never send to is refused before it is kept."""

from providers.outbound import Forbidden, Outbound
from server.context import House
from tenants.errors import Invalid
from tenants.permissions import Action
from tenants.scope import Scope
from tenants.webhooks import addresses


def require_sendable(house: House, scope: Scope, typed: str) -> None:
    """Invalid, at `/url`, for an address that no attempt reaches, as far as that is known without asking for its name.

    A name may lead elsewhere at each attempt, so where it leads is seen then, and the webhook's log tells it.
    """
    scope.require(Action.WEBHOOK_EDIT)
    url = addresses.clean_url(typed)
    try:
        Outbound(house.webhook_hosts).require_sendable(url)
    except Forbidden as refused:
        said = addresses.REFUSED.get(refused.why, addresses.SAID)
        raise Invalid.field("/url", f"{refused.why}_url" if refused.why != "url" else "url", said) from None
