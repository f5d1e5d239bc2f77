"""Inviting from the command line, as the operator: the first people of an installation that takes none by itself."""

import asyncio

from cli.stop import Stop
from settings import Settings
from tenants.errors import Refusal
from tenants.people import sign_in
from tenants.scope import Tenancy


def invite(settings: Settings, email: str, name: str) -> None:
    """Have a letter sent whose link makes an account; Stop with a sentence for what is no address or no name."""
    try:
        asyncio.run(_invite(settings, email, name))
    except Refusal as refusal:
        raise Stop(" ".join(each.detail for each in getattr(refusal, "errors", ())) or refusal.message) from None


async def _invite(settings: Settings, email: str, name: str) -> None:
    tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"))
    try:
        await sign_in.invite(tenancy, email, name)
    finally:
        await tenancy.close()
