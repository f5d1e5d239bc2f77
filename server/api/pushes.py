"""Web push over the API: the key to subscribe with, and the browsers that are told."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from providers import ProviderRefused
from providers.push import Browser, public_key
from server.api.bell import TAGS, InSlug
from server.bodies import Given
from server.context import InChannel
from server.op import Route, op
from tenants.errors import Invalid
from tenants.members import pushes
from tenants.permissions import Action


class OfPush(InSlug):
    """A browser of one's own."""

    push: UUID


class KeysGiven(Given):
    """The keys of a `PushSubscription`, in base64url."""

    p256dh: Annotated[str, Field(max_length=100)]
    auth: Annotated[str, Field(max_length=50)]


class PushGiven(Given):
    """What `PushSubscription.toJSON()` says of a browser."""

    endpoint: Annotated[str, Field(max_length=1000)]
    keys: KeysGiven


class KeyShown(BaseModel):
    """The installation's key, to be given to `pushManager.subscribe` as `applicationServerKey`."""

    key: str


class PushShown(BaseModel):
    """A browser that is told."""

    id: UUID


@op("The key to subscribe a browser with", tags=TAGS)
async def read_push_key(context: InChannel, *, path: InSlug) -> KeyShown:
    """For members; the same in every channel, for as long as the installation keeps its SECRET_KEY."""
    context.scope.require(Action.ROOM_JOIN)
    return KeyShown(key=public_key(context.house.secret))


@op("Be told in a browser", tags=TAGS)
async def put_push(context: InChannel, *, path: InSlug, body: PushGiven) -> PushShown:
    """Said again, the same. Of your browsers the ten newest are kept; messages are encrypted for the browser alone."""
    try:
        browser = Browser.of(body.endpoint, body.keys.p256dh, body.keys.auth)
    except ProviderRefused as wrong:
        raise Invalid.field("/endpoint", wrong.code, wrong.message) from None
    return PushShown(id=await pushes.put(context.scope, browser.endpoint, browser.p256dh, browser.auth))


@op("Be told in a browser no more", tags=TAGS, errors=(404,))
async def end_push(context: InChannel, *, path: OfPush) -> None:
    """That browser of yours hears nothing more from this channel."""
    await pushes.end(context.scope, path.push)


ROUTES = (
    Route("GET", "/channels/{slug}/notices/push", read_push_key),
    Route("PUT", "/channels/{slug}/notices/push", put_push),
    Route("DELETE", "/channels/{slug}/notices/push/{push}", end_push),
)
