"""Uploads over the API: a file's row, a session to which the browser sends it, and the proof that it arrived."""

from typing import Annotated, Protocol
from uuid import UUID

from aiohttp import hdrs, web
from pydantic import BaseModel, Field

from providers import ProviderDown, ProviderRefused
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import AtChannel
from server.cookies import is_hosted
from server.csrf import near, own_origins
from server.idempotency import Idempotency
from server.limits import POSTING, charge
from server.op import CALLER, Route, op
from tenants import links
from tenants.errors import Conflict
from tenants.files import files
from tenants.scope import Record

TAGS = ("files",)


class UploadPath(InChannelPath):
    """An upload of a channel."""

    upload: UUID


class NewUpload(Given):
    """A file to be uploaded."""

    name: Annotated[str, Field(min_length=1, max_length=500, examples=["first-bowl.mp4"])]
    size: Annotated[int, Field(ge=0, le=2**53)]
    content_type: Annotated[str, Field(max_length=200, examples=["video/mp4"])]
    purpose: Annotated[str, Field(max_length=40, examples=list(files.PURPOSES))]


class UploadBegun(BaseModel):
    """Where to send the bytes: a session of the resumable protocol of Google Cloud Storage."""

    id: UUID
    session_url: str


class FileShown(BaseModel):
    """A file that the store holds; `url` is its stable address."""

    id: UUID
    name: str
    content_type: str
    size: int
    purpose: str
    state: str
    url: str


@op("Begin an upload", status=201, errors=(409, 413), tags=TAGS, idempotent=Idempotency.TAKEN)
async def begin_upload(context: AtChannel, *, path: InChannelPath, body: NewUpload) -> UploadBegun:
    """The session takes exactly `size` bytes, in one go or in chunks, and may be gone on with after any break."""
    if body.purpose == "picture":
        await charge(context.request, POSTING, context.request[CALLER].subject or "")
    return await begin(context, body)


class Asked(Protocol):
    """What a file's upload begins with."""

    name: str
    size: int
    content_type: str

    @property
    def purpose(self) -> str:
        """What it is for."""


async def begin(context: AtChannel, body: Asked) -> UploadBegun:
    """A new file and the session that takes it; asked again with the same idempotency key, the same."""
    begun, file = await _begin(context, body)
    if begun.session_url:
        return _near(context, begun)
    session = await _signed(context, body, file)
    async with context.scope() as scope:
        begun = UploadBegun(id=file["id"], session_url=await files.agree_on_session(scope, file["id"], session))
        await context.keyed.keep(scope, begun)
    return _near(context, begun)


async def _signed(context: AtChannel, body: Asked, file: Record) -> str:
    """The session at the store; when there is none to be had, nothing stays that would count as begun.

    With an idempotency key it stays, for who sends the same again goes on with it.
    """
    origin = _page_origin(context.request)
    try:
        return await context.house.store.sign_upload(file["object_key"], body.size, file["content_type"], origin)
    except (ProviderDown, ProviderRefused):
        if not context.keyed.attempt:
            async with context.scope() as scope:
                await files.forget(scope, file["id"])
        raise


def _page_origin(request: web.Request) -> str:
    """The origin of the page of ours that asked; empty for a program."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    return origin if origin in own_origins(request) else ""


def _near(context: AtChannel, begun: UploadBegun) -> UploadBegun:
    """The session as pages of a channel's own host reach it, when one of them asks."""
    if not is_hosted(context.request):
        return begun
    return UploadBegun(id=begun.id, session_url=near(context.request, begun.session_url))


async def _begin(context: AtChannel, body: Asked) -> tuple[UploadBegun, Record]:
    """The file's row and its answer; that lacks the session where it was never signed, because we died before it."""
    async with context.scope() as scope:
        if earlier := await context.keyed.recall(scope):
            begun = UploadBegun.model_validate_json(earlier.body)
            return begun, await files.uploading(scope, begun.id)
        file = await files.begin(
            scope, name=body.name, content_type=body.content_type, purpose=body.purpose, size=body.size
        )
        begun = UploadBegun(id=file["id"], session_url="")
        await context.keyed.keep(scope, begun)
        return begun, file


@op("Complete an upload", errors=(409,), tags=TAGS)
async def complete_upload(context: AtChannel, *, path: UploadPath) -> FileShown:
    """409 `not_uploaded` until the store holds the whole file; again: the same answer."""
    return _shown(context, await completed(context, path.upload))


async def completed(context: AtChannel, upload: UUID) -> Record:
    """The file, which the store holds whole; Conflict `not_uploaded` until it does."""
    async with context.scope(readonly=True) as scope:
        file = await files.uploading(scope, upload)
    if file["state"] == "ready":
        return file
    held = await context.house.store.head(file["object_key"])
    if held is None:
        raise Conflict("The store does not hold the whole file yet. Send the rest first.", "not_uploaded")
    async with context.scope() as scope:
        return await files.finish(scope, upload, size=held.size, crc32c=held.crc32c)


ROUTES = (
    Route("POST", "/channels/{slug}/uploads", begin_upload),
    Route("POST", "/channels/{slug}/uploads/{upload}/complete", complete_upload),
)


def _shown(context: AtChannel, file: Record) -> FileShown:
    return FileShown(**dict(file), url=links.file(context.channel.slug, file["id"]))
