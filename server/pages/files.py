"""A channel's files: each on to a signed, expiring address of the store, for those who may have it."""

from aiohttp import hdrs, web

from providers.storage.signing import attachment
from server.csrf import near
from server.pages.landing import id_of
from server.pages.visits import Visit
from tenants.community import attachments, opening
from tenants.errors import NotFound
from tenants.files.files import thumbnail_key
from tenants.scope import Record

# A signed address lives between half of this and all of it, whoever has it: minutes, for it outlives a ban. The way
# to it is kept for less than that half, so that who asks again after it expired gets a fresh one.
LINK_SECONDS = 600
KEPT = "private, max-age=240"
# What is in a message may be hidden, so its addresses live for less.
MESSAGE_LINK_SECONDS = 240
MESSAGE_KEPT = "private, max-age=100"
ANY = "application/octet-stream"


async def file(visit: Visit) -> web.Response:
    """GET /c/{slug}/files/{file}: on to the file. What a message holds is saved, but for pictures and sounds."""
    row = await _opened(visit)
    if row["purpose"] != "message":
        url = await visit.house.store.sign_get(row["object_key"], LINK_SECONDS, "", row["content_type"])
        return _on(visit, url, KEPT)
    saved = attachment(row["name"])
    if attachments.kind_of(row) == "file":
        return await _to_message_file(visit, row["object_key"], saved, ANY)
    return await _to_message_file(
        visit, row["object_key"], saved.replace("attachment", "inline", 1), row["content_type"]
    )


async def thumbnail(visit: Visit) -> web.Response:
    """GET /c/{slug}/files/{file}/thumbnail: on to the small copy of a picture in a message."""
    row = await _opened(visit)
    if row["purpose"] != "message" or attachments.kind_of(row) != "image":
        raise NotFound()
    key = thumbnail_key((await visit.at_channel()).channel.id, row["id"])
    return await _to_message_file(visit, key, "inline", "image/webp")


async def _opened(visit: Visit) -> Record:
    at = await visit.at_channel()
    async with at.scope(readonly=True) as scope:
        return await opening.open_file(scope, id_of(visit, "file"))


async def _to_message_file(visit: Visit, key: str, disposition: str, content_type: str) -> web.Response:
    url = await visit.house.store.sign_get(key, MESSAGE_LINK_SECONDS, disposition, content_type)
    return _on(visit, url, MESSAGE_KEPT)


def _on(visit: Visit, url: str, kept: str) -> web.Response:
    return web.Response(status=302, headers={hdrs.LOCATION: near(visit.request, url), hdrs.CACHE_CONTROL: kept})
