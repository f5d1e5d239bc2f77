"""Invitations over the API."""

from typing import Annotated

from pydantic import BaseModel, Field

from server import invitations
from server.api.auth import Email
from server.bodies import Given
from server.context import AtChannel
from server.idempotency import Idempotency
from server.op import Answer, Route, op
from tenants.errors import SignInNeeded
from tenants.permissions import Action

TAGS = ("members",)


class InChannelPath(Given):
    """A channel by its slug."""

    slug: Annotated[str, Field(max_length=100)]


class Invitation(Given):
    """Whom to invite: the address, and the name that the letter begins with and the account has at first."""

    email: Email
    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Ana"])]


class InvitedShown(BaseModel):
    """What happens next."""

    detail: str


@op("Invite somebody by mail", status=202, tags=TAGS, idempotent=Idempotency.TAKEN)
async def invite(context: AtChannel, *, path: InChannelPath, body: Invitation) -> Answer[InvitedShown]:
    """The same answer whether the address has an account or not; the letter's link makes one, for 7 days."""
    async with context.scope() as scope:
        if earlier := await context.keyed.recall(scope):
            return earlier
        scope.require(Action.MEMBER_ROLE)
        if (by := scope.actor.person_id) is None:
            raise SignInNeeded()
        await invitations.send(context.house, context.request, by, body.email, body.name)
        told = InvitedShown(detail="A letter is on its way. Its link makes the account, within 7 days.")
        return await context.keyed.keep(scope, Answer(told, 202))


ROUTES = (Route("POST", "/channels/{slug}/invitations", invite),)
