"""Attachments over the API: a file is uploaded and looked at, then posted in a message by its id."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from server.api.community import FileInMessage
from server.api.members import InChannelPath
from server.api.uploads import UploadBegun, begin, completed
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.idempotency import Idempotency
from server.limits import POSTING
from server.op import Route, op
from tenants.community import attachments
from tenants.errors import NotFound
from tenants.files import files
from tenants.scope import Record, Scope

TAGS = ("community",)


class OfAttachment(InChannelPath):
    """A file for a message in a channel."""

    attachment: UUID


class NewAttachment(Given):
    """A file that is to go into a message."""

    name: Annotated[str, Field(min_length=1, max_length=500, examples=["first-bowl.jpg"])]
    size: Annotated[int, Field(ge=0, le=2**53)]
    content_type: Annotated[str, Field(max_length=200, examples=["image/jpeg"])]

    @property
    def purpose(self) -> str:
        """What it is for."""
        return "message"


class AttachmentShown(FileInMessage):
    """A file for a message. `ready` when it may be posted; `fault` says why it is only a file to be saved."""

    ready: bool
    fault: str | None


@op("Begin to attach a file", status=201, errors=(409, 413), tags=TAGS, limits=(POSTING,), idempotent=Idempotency.TAKEN)
async def begin_attachment(context: AtChannel, *, path: InChannelPath, body: NewAttachment) -> UploadBegun:
    """Any member may, for messages of their own: up to 100 MB of any kind, ten to a message.

    The session takes exactly `size` bytes, in one go or in chunks, and may be gone on with after any break.
    """
    return await begin(context, body)


@op("Complete an attachment", errors=(404, 409), tags=TAGS)
async def complete_attachment(context: AtChannel, *, path: OfAttachment) -> AttachmentShown:
    """409 `not_uploaded` until the store holds the whole file. Pictures and sounds are then looked at: ask again."""
    async with context.scope(readonly=True) as scope:
        await _own(scope, path.attachment)
    return _shown(context.channel.slug, await completed(context, path.attachment))


@op("An attachment", errors=(404,), tags=TAGS)
async def read_attachment(context: InChannel, *, path: OfAttachment) -> AttachmentShown:
    """Your own, before it is posted and after."""
    return _shown(context.channel.slug, await _own(context.scope, path.attachment))


@op("Drop an attachment", errors=(404, 409), tags=TAGS)
async def drop_attachment(context: InChannel, *, path: OfAttachment) -> None:
    """Your own that no message holds. What is neither posted nor dropped goes by itself after two days."""
    await _own(context.scope, path.attachment)
    await files.drop(context.scope, path.attachment)


ROUTES = (
    Route("POST", "/channels/{slug}/attachments", begin_attachment),
    Route("POST", "/channels/{slug}/attachments/{attachment}/complete", complete_attachment),
    Route("GET", "/channels/{slug}/attachments/{attachment}", read_attachment),
    Route("DELETE", "/channels/{slug}/attachments/{attachment}", drop_attachment),
)


async def _own(scope: Scope, upload: UUID) -> Record:
    file = await files.uploading(scope, upload)
    if file["purpose"] != "message":
        raise NotFound()
    return file


def _shown(slug: str, file: Record) -> AttachmentShown:
    ready = file["state"] == "ready" and file["examined_at"] is not None
    shown = attachments.shown(slug, file)
    return AttachmentShown.model_validate(shown | {"ready": ready, "fault": file["fault"]})
