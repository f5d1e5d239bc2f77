"""People in the studio: roles and bans."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from server import invitations
from server.forms import read_fields, refill
from server.keyset import Cursor
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form, Link, PersonMark
from server.web.views.studio import MemberRow, MembersPage
from tenants import links
from tenants.batches import figures
from tenants.errors import Invalid, Refusal
from tenants.members import bans, members, roles
from tenants.moderation import lifting
from tenants.permissions import Action, Actor, Role, why
from tenants.scope import Record

SHOWN = 50
CURSOR: Cursor[UUID] = Cursor("members", UUID)


async def members_page(visit: Visit) -> web.Response:
    """GET …/members."""
    return await _show(visit)


async def change_role(visit: Visit) -> web.Response:
    """POST …/members/{id}/role: `role`."""
    fields = await read_fields(visit.request)
    try:
        if fields.get("role", "") not in list(Role):
            raise Invalid.field("/role", "unknown", f"A role is one of: {', '.join(Role)}.")
        async with at_desk(visit, "members") as scope:
            await roles.change(scope, id_of(visit, "id"), Role(fields["role"]))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, {}), refusal.status)
    return back(visit, "/members", "role")


async def ban(visit: Visit) -> web.Response:
    """POST …/members/{id}/ban: `reason`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "members") as scope:
            await bans.ban(scope, id_of(visit, "id"), fields.get("reason", ""))
    except Refusal as refusal:
        return await _show(visit, replace(refill(refusal, fields), of=visit.path["id"]), refusal.status)
    return back(visit, "/members", "banned")


async def unban(visit: Visit) -> web.Response:
    """POST …/members/{id}/unban."""
    try:
        async with at_desk(visit, "members") as scope:
            await lifting.unban(scope, id_of(visit, "id"))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, {}), refusal.status)
    return back(visit, "/members", "unbanned")


async def invite(visit: Visit) -> web.Response:
    """POST …/members/invite: `email`, `name`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "members", readonly=True) as scope:
            scope.require(Action.MEMBER_ROLE)
        name, email = fields.get("name", ""), fields.get("email", "")
        await invitations.send(visit.house, visit.request, visit.reader.person_id, email, name)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return back(visit, "/members", "invited")


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    after = CURSOR.read(visit.request.query.get("after"))
    async with at_desk(visit, "members", readonly=True) as scope:
        rows = await members.page(scope, after=after, limit=SHOWN + 1)
        count, actor = await figures.members_count(scope), scope.actor
        at = desk(visit, scope, "members")
    more = None
    if len(rows) > SHOWN:
        address = links.studio(visit.slug, f"/members?after={CURSOR.write(rows[SHOWN - 1]['id'])}")
        more = Link("More people", address)
    view = MembersPage(
        desk=at,
        members=tuple(_row(row, actor) for row in rows[:SHOWN]),
        roles=_gives(actor),
        count=count,
        more=more,
        form=form or Form(),
    )
    return visit.show_tool("studio_members.html", view, status=status)


def _row(row: Record, actor: Actor) -> MemberRow:
    below = roles.outranks(actor, Role(row["role"])) and row["id"] != actor.member_id
    may = any(why(actor, action).allowed for action in (Action.MEMBER_ROLE, Action.MEMBER_BAN))
    return MemberRow(
        id=str(row["id"]),
        person=PersonMark(str(row["id"]), row["name"]),
        role=row["role"],
        role_word=row["role"].title(),
        joined=row["joined_at"],
        fixed=not (below and may),
        banned=f"Banned: {row['ban_reason']}" if row["banned_at"] else "",
    )


def _gives(actor: Actor) -> tuple[tuple[str, str], ...]:
    """The roles that the actor may give: what is below them, and what they are."""
    if not why(actor, Action.MEMBER_ROLE).allowed:
        return ()
    given = [role for role in Role if roles.outranks(actor, role) or role is actor.role]
    return tuple((role.value, role.title()) for role in given)
