"""Previews: what the first link of a message leads to, in words alone, and remembered for a day for its channel."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert

from tenants import notices
from tenants.channels import channels
from tenants.community import messages, outlinks, programs
from tenants.community.message_table import MESSAGES
from tenants.errors import NotFound
from tenants.ids import RoomId, new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, text

PAGES = owned(
    "link_pages",
    text("url"),
    text("title", default=""),
    text("description", default=""),
    text("site", default=""),
    instant("fetched_at", now=True),
)
REMOVED: dict[str, str] = {}
_M, _P = MESSAGES.c, PAGES.c
_FOUND = ("title", "description", "site")
_FRESH = scoped(
    select(*(_P[name] for name in _FOUND)).where(
        _P.url == bindparam("url"), _P.fetched_at > func.now() - sql("interval '1 day'")
    )
)
_KEPT = insert(PAGES).values(**binds("id", "url", *_FOUND))
_KEEP = scoped(
    _KEPT.on_conflict_do_update(
        index_elements=["channel_id", "url"],
        set_={name: _KEPT.excluded[name] for name in _FOUND} | {"fetched_at": func.now()},
    )
)
_STATE = (_M.html, _M.preview, _M.deleted_at, _M.hidden_at)
_READ = scoped(select(*_STATE).where(_M.id == bindparam("message_id")))
_LOCKED = scoped(select(*_STATE).where(_M.id == bindparam("message_id")).with_for_update())
_SHOW = scoped(update(MESSAGES).where(_M.id == bindparam("at")).values(preview=bindparam("preview", type_=Json)))


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself; without a title there is nothing to show."""

    title: str = ""
    description: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link to be previewed; `page` when it was looked at within a day."""

    url: str
    page: Page | None


async def wanted(scope: Scope, message_id: UUID) -> Wanted | None:
    """The link of a message that lacks a preview; None where there is none, or none is wanted."""
    url = _lacking(await scope.first(_READ, message_id=message_id))
    if url is None or not (await channels.read(scope))["link_previews"]:
        return None
    kept = await scope.first(_FRESH, url=url)
    return Wanted(url, Page(**dict(kept)) if kept else None)


async def keep(scope: Scope, url: str, page: Page) -> None:
    """Remember for a day what a link leads to, or that nothing could be seen there."""
    await scope.run(_KEEP, id=new_id(), url=url, **asdict(page))


async def show(scope: Scope, message_id: UUID, url: str, page: Page) -> None:
    """Put a preview under a message that still has this link first, and lacks one; everybody sees it appear."""
    if not page.title or _lacking(await scope.first(_LOCKED, message_id=message_id)) != url:
        return
    await _put(scope, message_id, {"url": url, **asdict(page)})


async def remove(scope: Scope, message_id: UUID) -> None:
    """Take the preview from one's own message, or as a moderator from anybody's: it does not come back."""
    held = await messages.hold(scope, message_id, in_archive=True)
    scope.require(Action.MESSAGE_POST if programs.is_own(scope, held) else Action.MESSAGE_MODERATE)
    state = await scope.one(_READ, message_id=message_id)
    if state["deleted_at"] is not None or state["hidden_at"] is not None:
        raise NotFound("This message has no preview.", "no_preview")
    if state["preview"] != REMOVED:
        await _put(scope, message_id, REMOVED)


async def _put(scope: Scope, message_id: UUID, preview: dict[str, str]) -> None:
    await scope.run(_SHOW, at=message_id, preview=preview)
    row = await messages.find(scope, message_id)
    scope.announce(notices.message_edited(RoomId(UUID(row["room"])), messages.plain(row)))


def _lacking(state: Record | None) -> str | None:
    if state is None or state["preview"] is not None or state["deleted_at"] or state["hidden_at"]:
        return None
    return outlinks.first(state["html"])
