"""The desk: who may stand at which part of the studio, and the way back to a page after a form."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from server.pages.visits import Visit, see
from server.web.views.studio import Desk, Part
from tenants import links
from tenants.errors import SignInNeeded
from tenants.permissions import Action, Actor, why
from tenants.scope import Scope

NEEDS: dict[Part, tuple[Action, ...]] = {
    "overview": (Action.COURSE_EDIT,),
    "courses": (Action.COURSE_EDIT,),
    "batches": (Action.BATCH_EDIT,),
    "classes": (Action.LIVE_EDIT,),
    "rooms": (Action.ROOM_EDIT,),
    "moderation": (Action.MESSAGE_MODERATE,),
    "certificates": (Action.CERTIFICATE_ISSUE,),
    "members": (Action.MEMBER_BAN, Action.MEMBER_ROLE, Action.COURSE_EDIT),
    "payments": (Action.ORDER_LIST,),
    "integrations": (Action.KEY_EDIT,),
    "settings": (Action.CHANNEL_EDIT,),
}


@contextlib.asynccontextmanager
async def at_desk(visit: Visit, part: Part, *, readonly: bool | None = None) -> AsyncIterator[Scope]:
    """One transaction at a part of the studio; Forbidden for those who have nothing to do there."""
    if visit.signed_in is None:
        raise SignInNeeded()
    async with visit.enter(readonly=readonly) as scope:
        if not _may(scope.actor, part):
            scope.require(NEEDS[part][0])
        yield scope


def desk(visit: Visit, scope: Scope, part: Part) -> Desk:
    """Where in the studio one is, and which other parts one may go to."""
    role = scope.actor.role
    return Desk(
        home=links.studio(visit.slug),
        current=part,
        role=role.title() if role else "",
        slug=visit.slug,
        parts=tuple(each for each in NEEDS if _may(scope.actor, each)),
    )


def back(visit: Visit, rest: str = "", said: str = "") -> web.Response:
    """On to a page of the studio."""
    return see(links.studio(visit.slug, rest), said)


def _may(actor: Actor, part: Part) -> bool:
    return any(why(actor, action).allowed for action in NEEDS[part])
