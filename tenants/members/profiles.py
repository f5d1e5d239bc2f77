"""Profiles: what a member says of themselves in one channel, and the people of a channel in order of their names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Boolean, Column, Text, Uuid, bindparam, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants.channels.channels import clean_time_zone
from tenants.errors import Invalid, NotFound, Said
from tenants.ids import FileId, new_id
from tenants.jobs import ForgetFile
from tenants.members.members import BANNED, MEMBERS, called_so
from tenants.permissions import Action, Role
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, refers, text
from tenants.texts import clean_line, clean_text, render_message

MOST_LINKS = 5
ABOUT_BYTES = 4 * 1024
PROFILES = owned(
    "profiles",
    Column("member_id", Uuid, nullable=False),
    Column("picture_id", Uuid),
    text("pronouns", default=""),
    text("about", default=""),
    text("about_html", default=""),
    Column("links", Json, nullable=False, server_default="[]"),
    text("time_zone", default=""),
    # Off until the member says otherwise, in whatever role: when somebody comes and goes is theirs to tell.
    Column("shows_seen", Boolean, nullable=False, server_default="false"),
    instant("seen_at"),
    refers("member_id", "members"),
    refers("picture_id", "files"),
)
_M, _P = MEMBERS.c, PROFILES.c
_HERE = (_M.left_at.is_(None), ~BANNED)
_LISTED = (_M.id, _M.person_id, _M.name, _M.role, _M.avatar, _M.joined_at, _M.folded.label("sorted"))
_SAID = ("picture_id", "pronouns", "about", "about_html", "links", "time_zone", "shows_seen")
_WITH = MEMBERS.outerjoin(PROFILES, (_P.channel_id == _M.channel_id) & (_P.member_id == _M.id))
_ONE = scoped(
    select(*_LISTED, *(_P[name] for name in _SAID), _P.seen_at)
    .select_from(_WITH)
    .where(_M.id == bindparam("id"), *_HERE)
)
_PLACE = tuple_(bindparam("after", type_=Text()), bindparam("after_id", type_=Uuid()))
_ALL = (
    select(*_LISTED, func.coalesce(_P.shows_seen, False).label("shows_seen"))
    .select_from(_WITH)
    .where(*_HERE, tuple_(_M.folded, _M.id) > _PLACE)
    .where(_M.role == func.any(bindparam("roles", type_=ARRAY(Text))))
    .order_by(_M.folded, _M.id)
    .limit(bindparam("limit"))
)
_PAGE = scoped(_ALL)
_CALLED = scoped(_ALL.where(called_so("start")))
_NEW = insert(PROFILES).values(**binds("id", "member_id", *_SAID))
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "member_id"],
        set_={
            **{name: _NEW.excluded[name] for name in _SAID},
            "seen_at": case((_NEW.excluded.shows_seen, _P.seen_at), else_=None),
        },
    )
)
_SEEN = scoped(
    update(PROFILES)
    .where(_P.member_id == func.any(bindparam("members", type_=ARRAY(Uuid))), _P.shows_seen)
    .values(seen_at=func.now())
)
_WEARER = scoped(select(_P.member_id).where(_P.picture_id == bindparam("file_id", type_=Uuid())))
_BARE = scoped(
    update(PROFILES)
    .where(_P.picture_id == bindparam("file_id", type_=Uuid()))
    .values(picture_id=None)
    .returning(_P.member_id)
)
_SHOW = scoped(update(MEMBERS).where(_M.id == bindparam("at")).values(avatar=bindparam("url")))
_MENTION = re.compile('<span class="mention"[^>]*></span>')
_EMPTY: dict[str, Any] = {
    "picture_id": None, "pronouns": "", "about": "", "about_html": "", "links": [], "time_zone": "",
    "shows_seen": False,
}  # fmt: skip


def prepare(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of `pronouns, about, links, time_zone`, checked and rendered: some CPU, so before a transaction.

    Raises Invalid, TooLarge for an about above 4 KB.
    """
    clean = dict(changes)
    if "pronouns" in clean:
        clean["pronouns"] = clean_line(clean["pronouns"], "/pronouns", longest=40, shortest=0)
    if "about" in clean:
        clean["about"] = clean_text(clean["about"], "/about", most_bytes=ABOUT_BYTES)
        # Nobody is called from a profile, so a mark of a mention would stand for nothing.
        rendered = render_message(clean["about"], "/about") if clean["about"].strip() else ""
        clean["about_html"] = _MENTION.sub("", rendered)
    if "links" in clean:
        clean["links"] = _clean_links(clean["links"])
    if clean.get("time_zone"):
        clean["time_zone"] = clean_time_zone(clean["time_zone"])
    return clean


async def read(scope: Scope, member_id: UUID) -> dict[str, Any]:
    """A member who is here, with what they say of themselves; NotFound for who has left, is banned, or never was.

    `id, person_id, name, role, avatar, joined_at, pronouns, about, about_html, links, time_zone, picture_id`,
    `shows_seen` and `seen_at`.
    """
    scope.require(Action.ROOM_JOIN if member_id == scope.actor.member_id else Action.MEMBER_LIST)
    row = await scope.first(_ONE, id=member_id)
    if row is None:
        raise NotFound("There is no such member here.", "no_such_member")
    said = {name: row[name] if row[name] is not None else _EMPTY[name] for name in _SAID}
    return {**dict(row), **said}


async def page(
    scope: Scope, *, called: str = "", roles: Sequence[Role] = (), after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[Record]:  # fmt: skip
    """The people of a channel by name, in these `roles`; of whom a word begins with `called`, accents aside.

    `id, person_id, name, role, avatar, joined_at`, `sorted`, by which they are in order, and `shows_seen`: without it
    whether they are here is not said either.
    """
    scope.require(Action.MEMBER_LIST)
    name, member_id = after or ("", UUID(int=0))
    asked = {"roles": [role.value for role in roles or Role], "after": name, "after_id": member_id, "limit": limit}
    if called:
        return await scope.all(_CALLED, start=called, **asked)
    return await scope.all(_PAGE, **asked)


async def put(scope: Scope, prepared: Mapping[str, Any]) -> None:
    """Set what is given of one's own profile, leave the rest; `picture` is a ready file's id and address, or None.

    The address is None until the picture may be shown; the picture before it is freed.
    """
    scope.require(Action.ROOM_JOIN)
    me = scope.member_id()
    await scope.serialise("profile", me)
    before = await read(scope, me)
    kept = {name: before[name] for name in _SAID}
    given = dict(prepared)
    if "picture" in given:
        picture = given.pop("picture")
        kept["picture_id"], url = picture or (None, None)
        await scope.run(_SHOW, at=me, url=url)
    await scope.run(_PUT, id=new_id(), member_id=me, **kept | given)
    if before["picture_id"] not in {None, kept["picture_id"]}:
        scope.enqueue(ForgetFile(FileId(before["picture_id"])))


async def show_picture(scope: Scope, file_id: UUID, url: str) -> UUID | None:
    """A picture may be shown from now on: at the member who wears it, whose id this is, if there is one."""
    member_id: UUID | None = await scope.value(_WEARER, file_id=file_id)
    if member_id is not None:
        await scope.run(_SHOW, at=member_id, url=url)
    return member_id


async def take_picture_off(scope: Scope, file_id: UUID) -> None:
    """A picture cannot be shown: who would wear it has none, and it is freed."""
    await scope.run(_BARE, file_id=file_id)
    scope.enqueue(ForgetFile(FileId(file_id)))


async def note_seen(scope: Scope, members: Sequence[UUID]) -> None:
    """Some members have just gone: kept for those who let it be seen."""
    await scope.run(_SEEN, members=list(members))


def _clean_links(links: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    if len(links) > MOST_LINKS:
        raise Invalid.field("/links", "too_many", Said("Give at most %(most)s links.", most=MOST_LINKS))
    return [_clean_link(link, f"/links/{place}") for place, link in enumerate(links)]


def _clean_link(link: Mapping[str, str], pointer: str) -> dict[str, str]:
    url = clean_line(link["url"], f"{pointer}/url", longest=300)
    try:
        parts = urlsplit(url)
        there = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in url and "@" not in parts.netloc
        )
    except ValueError:
        there = False
    if not there:
        raise Invalid.field(f"{pointer}/url", "address", "Give an address that begins with https:// or http://.")
    label = clean_line(link.get("label", ""), f"{pointer}/label", longest=60, shortest=0)
    return {"url": url, "label": label or str(parts.hostname)}
