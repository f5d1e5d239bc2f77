"""Certificates over the API: the list, awarding, taking back, replacing, and what anyone may ask of a code."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, Field

from server import verdicts
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import AsPerson, InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Answer, Auth, Route, op
from tenants import links
from tenants.certificates import certificates
from tenants.certificates.certificates import Certificate

TAGS = ("certificates",)
CURSOR: Cursor[UUID] = Cursor("certificates", UUID)
Code = Annotated[str, Field(max_length=100, examples=["7K4M-Q2XD-9FTA-5"])]
Reason = Annotated[str, Field(max_length=2000)]


class CodePath(Given):
    """A code in any case and grouping."""

    code: Code


class CertificatePath(InChannelPath):
    """A certificate of a channel."""

    code: Code


class NewCertificate(Given):
    """Whom to award which course; `note` says why, for the audit alone."""

    member: UUID
    course: UUID
    note: Reason = ""
    expires_at: AwareDatetime | None = None


class Revocation(Given):
    """Why; every verifier reads it."""

    reason: Annotated[Reason, Field(min_length=1)]


class Replacement(Given):
    """Why, if that is to be kept."""

    reason: Reason = ""


class IssuerShown(BaseModel):
    """The channel that awarded, by the name it had on that day."""

    slug: str
    name: str
    url: str


class VerdictShown(BaseModel):
    """A certificate as anyone may see it; `rendering` is valid, its PDF being still made."""

    code: str
    state: Annotated[str, Field(examples=["valid", "expired", "revoked", "superseded", "rendering"])]
    holder: str
    title: str
    channel: IssuerShown
    issued_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    superseded_by: str | None = None


class CertificateShown(VerdictShown):
    """A certificate as its channel sees it."""

    id: UUID
    member: UUID
    course: UUID


class AwardShown(BaseModel):
    """A certificate that is being made."""

    code: str
    state: str


@op("The certificates of a channel", tags=TAGS)
async def list_certificates(context: InChannel, *, path: InChannelPath, query: PageQuery) -> Page[CertificateShown]:
    """Newest first: all of them for those who award, one's own for every other member."""
    awards = await certificates.page(context.scope, before=CURSOR.read(query.after), limit=query.limit + 1)
    items = [_whole(context, award) for award in awards[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(awards) > query.limit else None)


@op("Award a certificate", status=202, tags=TAGS, idempotent=Idempotency.TAKEN)
async def issue_certificate(context: InChannel, *, path: InChannelPath, body: NewCertificate) -> AwardShown:
    """For those who teach, whether the course is finished or not; awarded already: the present one."""
    return _award(
        await certificates.issue(context.scope, body.member, body.course, note=body.note, expires_at=body.expires_at)
    )


@op("Revoke a certificate", errors=(409,), tags=TAGS)
async def revoke_certificate(context: InChannel, *, path: CertificatePath, body: Revocation) -> CertificateShown:
    """For good, and with a reason that verifiers read; 409 when it has ended already."""
    return _whole(context, await certificates.revoke(context.scope, path.code, body.reason))


@op("Replace a certificate by a new one", status=202, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def supersede_certificate(context: InChannel, *, path: CertificatePath, body: Replacement) -> AwardShown:
    """The new one has the names and facts of today; the old one leads to it. 409 when the old one has ended."""
    return _award(await certificates.supersede(context.scope, path.code, body.reason))


@op("Verify a certificate", errors=(429,), tags=TAGS, auth=Auth.NONE)
async def verify_certificate(context: AsPerson, *, path: CodePath) -> Answer[VerdictShown]:
    """For anyone; 404 `typing_slip` when the check character does not fit, else 404 `no_such_certificate`."""
    award = await verdicts.look(context.request, context.tenancy, path.code)
    return Answer(orjson.dumps(_verdict(award, context.house.base_url), option=orjson.OPT_UTC_Z))


ROUTES = (
    Route("GET", "/channels/{slug}/certificates", list_certificates),
    Route("POST", "/channels/{slug}/certificates", issue_certificate),
    Route("POST", "/channels/{slug}/certificates/{code}/revoke", revoke_certificate),
    Route("POST", "/channels/{slug}/certificates/{code}/supersede", supersede_certificate),
    Route("GET", "/certificates/{code}", verify_certificate),
)


def _award(award: Certificate) -> AwardShown:
    return AwardShown(code=award.code, state=award.state)


def _whole(context: InChannel, award: Certificate) -> CertificateShown:
    public = _verdict(award, context.house.base_url)
    return CertificateShown(**public, id=award.id, member=award.member_id, course=award.course_id)


def _verdict(award: Certificate, base_url: str) -> dict[str, Any]:
    facts, revoked = award.facts, award.state == "revoked"
    url = links.absolute(base_url, links.channel(facts.slug))
    return {
        "code": award.code,
        "state": award.state,
        "holder": facts.holder,
        "title": facts.title,
        "channel": {"slug": facts.slug, "name": facts.channel, "url": url},
        "issued_at": award.issued_at,
        "expires_at": award.expires_at,
        "revoked_at": award.ended_at if revoked else None,
        "reason": award.reason if revoked else None,
        "superseded_by": award.superseded_by,
    }
