"""Certificates in the studio: issued by hand, revoked with a reason."""

from dataclasses import replace
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from server.forms import named, read_fields, refill
from server.keyset import Cursor
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.certificates import State
from server.web.views.frame import Form, Link, PersonMark
from server.web.views.studio_teaching import AwardRow, CertificatesPage
from tenants import links
from tenants.certificates import certificates, codes
from tenants.certificates.certificates import Certificate
from tenants.channels import channels
from tenants.courses import courses
from tenants.errors import Invalid, Refusal
from tenants.members import members

SHOWN = 50
MOST_MEMBERS = 500
CURSOR: Cursor[UUID] = Cursor("certificates", UUID)


async def certificates_page(visit: Visit) -> web.Response:
    """GET …/certificates."""
    return await _show(visit)


async def issue(visit: Visit) -> web.Response:
    """POST …/certificates: `member`, `course`."""
    fields = await read_fields(visit.request)
    try:
        member_id, course_id = named(fields, "member"), named(fields, "course")
        if member_id is None or course_id is None:
            raise Invalid("Choose a member and a course.")
        async with at_desk(visit, "certificates") as scope:
            await certificates.issue(scope, member_id, course_id)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return back(visit, "/certificates", "issued")


async def revoke(visit: Visit) -> web.Response:
    """POST …/certificates/{code}/revoke: `reason`, which every verifier reads."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "certificates") as scope:
            await certificates.revoke(scope, visit.path["code"], fields.get("reason", ""))
    except Refusal as refusal:
        return await _show(visit, replace(refill(refusal, fields), of=visit.path["code"]), refusal.status)
    return back(visit, "/certificates", "revoked")


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    before = CURSOR.read(visit.request.query.get("before"))
    async with at_desk(visit, "certificates", readonly=True) as scope:
        awards = await certificates.page(scope, before=before, limit=SHOWN + 1)
        people = await members.page(scope, limit=MOST_MEMBERS)
        taught = [row for row in await courses.page(scope, limit=courses.MOST_COURSES) if row["state"] == "published"]
        zone = (await channels.read(scope))["time_zone"]
        at = desk(visit, scope, "certificates")
    more = None
    if len(awards) > SHOWN:
        address = links.studio(visit.slug, f"/certificates?before={CURSOR.write(awards[SHOWN - 1].id)}")
        more = Link("Older certificates", address)
    view = CertificatesPage(
        desk=at,
        awards=tuple(_row(each) for each in awards[:SHOWN]),
        members=tuple((str(row["id"]), row["name"]) for row in people),
        courses=tuple((str(row["id"]), row["title"]) for row in taught),
        zone=ZoneInfo(zone),
        more=more,
        form=form or Form(),
    )
    return visit.show_tool("studio_certificates.html", view, status=status)


def _row(award: Certificate) -> AwardRow:
    shown = codes.show(award.code)
    holder = PersonMark(str(award.member_id), award.facts.holder)
    word = "Being made" if award.state == "rendering" else award.state.title()
    return AwardRow(
        shown, holder, award.facts.title, award.issued_at, cast(State, award.state), word, links.certificate(shown)
    )
