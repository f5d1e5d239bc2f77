"""Moderation in the studio: the queue, one case at a time, decided by forms that keys press too."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiohttp import web

from server.forms import named, read_fields, refill, whole
from server.pages.studio.desk import at_desk, back, desk
from server.pages.studio.moderation_views import case_view, undoable
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.moderation import ModerationPage
from tenants import links
from tenants.errors import Conflict, Invalid, Refusal
from tenants.members import raids
from tenants.moderation import acts, appeals, cases, queue, reasons
from tenants.moderation.effects import EFFECTS, Aim
from tenants.scope import Record, Scope
from tenants.webhooks import incoming

MOST = 200
DAY = 24 * 60


async def moderation_page(visit: Visit) -> web.Response:
    """GET …/moderation: the case of `?case=`, or the oldest that is free; with `?member=` of those about them."""
    return await _show(visit, _asked(visit))


async def act(visit: Visit) -> web.Response:
    """POST …/moderation: `case`, `kind`, `reason`, `words`, `minutes`, `seconds`; then the next case, or the same."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "moderation") as scope:
            done = await acts.act(scope, _aim(fields))
    except Refusal as refusal:
        return await _refused(visit, refusal, fields)
    rest = "" if done["kind"] in acts.CLOSING else f"?case={done['case_id']}"
    return back(visit, f"/moderation{rest}", f"act-{done['kind']}")


async def undo(visit: Visit) -> web.Response:
    """POST …/moderation/undo: `act`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "moderation") as scope:
            undone = await acts.undo(scope, _id(fields, "act"))
    except Refusal as refusal:
        return await _refused(visit, refusal, fields)
    return back(visit, f"/moderation?case={undone['case_id']}" if undone["case_id"] else "/moderation", "undone")


async def claim(visit: Visit) -> web.Response:
    """POST …/moderation/claim: `case`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "moderation") as scope:
            await cases.claim(scope, _id(fields, "case"))
    except Refusal as refusal:
        return await _refused(visit, refusal, fields)
    return back(visit, f"/moderation?case={fields['case']}")


async def decide(visit: Visit) -> web.Response:
    """POST …/moderation/appeal: `case`, `answer`, `upheld` (`yes` or `no`)."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "moderation") as scope:
            upheld = fields.get("upheld") == "yes"
            await appeals.decide(scope, _id(fields, "case"), fields.get("answer", ""), upheld=upheld)
    except Refusal as refusal:
        return await _refused(visit, refusal, fields)
    return back(visit, "/moderation", "appeal-decided")


async def silence(visit: Visit) -> web.Response:
    """POST …/moderation/silence: `webhook`, by which a program posts, and the `case` that it is about."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "moderation") as scope:
            await incoming.silence(scope, _id(fields, "webhook"))
    except Refusal as refusal:
        return await _refused(visit, refusal, fields)
    return back(visit, f"/moderation?case={_id(fields, 'case')}", "silenced")


async def _refused(visit: Visit, refusal: Refusal, fields: Mapping[str, str]) -> web.Response:
    """The page again, with the case that it was about and the reason of the refusal."""
    if refusal.code == "message_deleted":
        # The message is gone, the case is not.
        refusal = Conflict(refusal.message, refusal.code)
    form = refill(refusal, fields)
    try:
        case_id = named(fields, "case")
    except Invalid:
        case_id = None
    return await _show(visit, case_id, form, refusal.status)


async def _show(visit: Visit, asked: UUID | None, form: Form | None = None, status: int = 200) -> web.Response:
    async with at_desk(visit, "moderation", readonly=True) as scope:
        rows = _of(visit, await queue.seen(scope, await cases.waiting(scope, limit=MOST)))
        chosen = asked or _first(scope, rows)
        case = await queue.one(scope, chosen) if chosen else None
        last, raid = await acts.last(scope), await raids.standing(scope)
        at = desk(visit, scope, "moderation")
    ids = [row["id"] for row in rows]
    place = ids.index(chosen) if chosen in ids else -1
    following = ids[(place + 1) % len(ids)] if ids else None
    view = ModerationPage(
        desk=at,
        case=case_view(case, scope.actor.member_id) if case else None,
        waiting=len(ids),
        me=scope.actor.name,
        place=place + 1,
        next_url=links.studio(visit.slug, f"/moderation?case={following}") if following not in {None, chosen} else "",
        undo=undoable(last) if last else None,
        raid_until=raid["ends_at"] if raid else None,
        form=form or Form({"reason": _likely(case)}),
    )
    return visit.show_tool("studio_moderation.html", view, status=status)


def _first(scope: Scope, rows: Sequence[Record]) -> UUID | None:
    """The oldest case that is free and not about the reader, else the oldest of all."""
    me = scope.actor.member_id
    theirs = [row for row in rows if row["member_id"] != me and not cases.has_acted(scope, row)]
    free = [row for row in theirs if not cases.claimed(row) or row["claimed_by"] == me]
    return next((UUID(str(row["id"])) for row in [*free, *rows]), None)


def _likely(case: queue.Case | None) -> str:
    """The reason most flags gave, so that one key is enough; `off-topic` where they had their own."""
    given = [flag["reason"] for flag in (case.flags if case else ()) if flag["reason"] != reasons.OTHER]
    return max(given, key=given.count) if given else "off-topic"


def _aim(fields: Mapping[str, str]) -> Aim:
    kind = fields.get("kind", "")
    if kind not in EFFECTS:
        raise Invalid("Choose what is to be done.", "no_act")
    # A note is words alone; they are told to nobody but moderators.
    reason = reasons.OTHER if kind == "note" else fields.get("reason", "")
    minutes = whole(fields, "minutes", DAY) if kind == "mute" else 0
    return Aim(
        kind,
        reasons.statement(reason, fields.get("words", "")),
        case_id=_id(fields, "case"),
        until=datetime.now(UTC) + timedelta(minutes=minutes) if minutes else None,
        seconds=whole(fields, "seconds", 30) if kind == "slow" else None,
    )


def _id(fields: Mapping[str, str], name: str) -> UUID:
    found = named(fields, name)
    if found is None:
        raise Invalid.field(f"/{name}", "missing", "Choose one of the list.")
    return found


def _of(visit: Visit, rows: Sequence[Record]) -> Sequence[Record]:
    """Of some cases those about the member of `?member=`, where one is named."""
    member = visit.request.query.get("member")
    return [row for row in rows if str(row["member_id"]) == member] if member else rows


def _asked(visit: Visit) -> UUID | None:
    try:
        return UUID(visit.request.query.get("case", ""))
    except ValueError:
        return None
