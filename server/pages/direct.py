"""Pages of direct messages: the conversations of a member, requests to them, whom they have blocked."""

import contextlib
from collections.abc import Mapping
from itertools import islice
from uuid import UUID

from aiohttp import web

from server.api.direct import CURSOR
from server.forms import named, read_fields, refill
from server.limits import POSTING, charge
from server.pages import community
from server.pages.landing import id_of
from server.pages.seeking import sought
from server.pages.visits import Visit, see
from server.web.views.direct import DirectPage, Request, TalkRow
from server.web.views.frame import Form, PersonMark
from tenants import links
from tenants.community import blocks, direct, direct_standing
from tenants.errors import Invalid, NotFound, Refusal
from tenants.members import members, zones
from tenants.permissions import Action, why
from tenants.scope import Record, Scope

PAGE, MOST_FOUND = 30, 20
SIGNS = {True: "message-square", False: "users"}


async def show(visit: Visit) -> web.Response:
    """GET /c/{slug}/direct: with `?q=` the members of that name beside it, with `?after=` older conversations.

    Those who were ticked before (`m-{id}`), and the `name` of the group, stay while others are looked for.
    """
    return await _show(visit)


async def begin(visit: Visit) -> web.Response:
    """POST /c/{slug}/direct: `member`, or `m-{id}` for each, and `name`; on to the conversation with them.

    Of a form that is refused come back its ticks and those whom `q` had found.
    """
    fields = await read_fields(visit.request)
    await charge(visit.request, POSTING, str(visit.reader.person_id))
    try:
        async with visit.enter() as scope:
            room, _ = await direct.open_with(scope, _chosen(fields), fields.get("name", ""))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return see(links.room(visit.slug, room["slug"]))


async def change(visit: Visit) -> web.Response:
    """POST /c/{slug}/direct/{room}/{act}: `accept`, `decline`, `leave`, or `name` with `name`.

    A name that no group can have comes back in the settings of the conversation.
    """
    fields, room_id, act = await read_fields(visit.request), id_of(visit, "room"), visit.path["act"]
    try:
        slug = await _change(visit, room_id, act, fields)
    except Invalid as refusal:
        if act != "name":
            raise
        return await community.show_talk(visit, room_id, refill(refusal, fields), refusal.status)
    if act in {"decline", "leave"}:
        return see(links.direct(visit.slug), f"direct-{act}")
    return see(links.room(visit.slug, slug))


async def _change(visit: Visit, room_id: UUID, act: str, fields: Mapping[str, str]) -> str:
    """Do it, and answer by which address the conversation is found."""
    async with visit.enter() as scope:
        slug = str((await direct.find(scope, room_id))["slug"])
        if act == "accept":
            await direct_standing.accept(scope, room_id)
        elif act == "decline":
            await direct_standing.decline(scope, room_id)
        elif act == "leave":
            await direct_standing.leave(scope, room_id)
        elif act == "name":
            await direct_standing.rename(scope, room_id, fields.get("name", ""))
        else:
            raise NotFound()
    return slug


async def block(visit: Visit) -> web.Response:
    """POST /c/{slug}/direct/block: `member`; with `on` as `0` they are blocked no more."""
    fields = await read_fields(visit.request)
    on = fields.get("on") != "0"
    async with visit.enter() as scope:
        member = named(fields, "member")
        if member is None:
            raise NotFound("There is no such member here.", "no_such_member")
        await (direct_standing.block if on else direct_standing.unblock)(scope, member)
    return see(links.direct(visit.slug), "blocked" if on else "unblocked")


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    form, before = form or Form(dict(visit.request.query)), CURSOR.read(visit.request.query.get("after"))
    whom = sought(form.values.get("q", ""))
    async with visit.enter(readonly=True) as scope:
        rows = await direct.page(scope, before=before, limit=PAGE + 1)
        picked = await _picked(scope, form.values)
        view = DirectPage(
            url=links.direct(visit.slug),
            talks=tuple(_row(visit.slug, row) for row in rows[:PAGE]),
            requests=tuple(_request(visit.slug, row) for row in await direct.page(scope, "asked", limit=PAGE)),
            blocked=tuple(PersonMark(str(row["id"]), row["name"]) for row in await blocks.mine(scope)),
            zone=await zones.own(scope),
            may_begin=why(scope.actor, Action.MESSAGE_DIRECT).allowed,
            asked=whom.asked,
            unfound=whom.unfound,
            picked=picked,
            found=tuple(who for who in await _found(scope, whom.start) if who not in picked),
            more_url=_more(visit.slug, rows[PAGE - 1]) if len(rows) > PAGE else "",
            form=form,
        )
    return visit.show("direct.html", view, status=status)


async def _picked(scope: Scope, values: Mapping[str, str]) -> tuple[PersonMark, ...]:
    """The members who are ticked and still here; more than a conversation holds are not read."""
    ticked = []
    for name in islice((name for name in values if name.startswith("m-")), direct.MOST_PEOPLE):
        with contextlib.suppress(ValueError, NotFound):
            row = await members.read(scope, UUID(name[2:]))
            ticked.append(PersonMark(str(row["id"]), row["name"]))
    return tuple(ticked)


async def _found(scope: Scope, asked: str) -> tuple[PersonMark, ...]:
    """Members who may be called so, but for the reader."""
    if not asked or not why(scope.actor, Action.MEMBER_LIST).allowed:
        return ()
    rows = await members.page(scope, called=asked, limit=MOST_FOUND)
    return tuple(PersonMark(str(row["id"]), row["name"]) for row in rows if row["id"] != scope.actor.member_id)


def _chosen(fields: Mapping[str, str]) -> list[UUID]:
    """The members that a form names, each by `member` or by a tick of its own."""
    one = named(fields, "member")
    try:
        ticked = [UUID(name[2:]) for name in fields if name.startswith("m-")]
    except ValueError:
        raise Invalid.field("/members", "id", "Choose people of the list.") from None
    return [*ticked, *([one] if one else [])]


def _row(slug: str, row: Record) -> TalkRow:
    counts = {name: row[name] for name in ("unread", "mentions", "muted")}
    return TalkRow(
        str(row["id"]), row["name"], links.room(slug, row["slug"]), SIGNS[row["pair"]], row["last_at"], **counts
    )


def _request(slug: str, row: Record) -> Request:
    url = links.direct(slug, f"/{row['id']}")
    return Request(str(row["id"]), row["name"], links.room(slug, row["slug"]), url, row["last_at"])


def _more(slug: str, last: Record) -> str:
    return links.direct(slug, f"?after={CURSOR.write((last['last_at'], last['id']))}")
