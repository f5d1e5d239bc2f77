"""Invitations: those who give roles in a channel have a letter sent that makes an account, whatever sign-up allows."""

from aiohttp import web

from server.context import House
from server.language import language_of
from server.limits import INVITING, LINK_BY_MAIL, charge
from tenants.ids import PersonId
from tenants.people import people, sign_in


async def send(house: House, request: web.Request, by: PersonId, email: str, name: str) -> None:
    """Invite an address in the language of the page; TooFast when one invites very many, or a mailbox gets much."""
    await charge(request, INVITING, str(by))
    email = people.clean_email(email)
    await charge(request, LINK_BY_MAIL, email.casefold())
    await sign_in.invite(house.tenancy, email, name, language=language_of(request))
