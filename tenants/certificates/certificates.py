"""Certificates: awards to members, each one a fact under a public code; ended but never changed, never deleted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, LargeBinary, Text, Uuid, bindparam, func, insert, or_, select, update

from tenants import audit
from tenants.certificates import codes, snapshots
from tenants.certificates.snapshots import Snapshot
from tenants.errors import Conflict, Invalid, NotFound, Refusal
from tenants.ids import CertificateId, ChannelId, PersonId, new_id
from tenants.jobs import RenderCertificate, SendMail
from tenants.members import bell, members
from tenants.members.members import MEMBERS
from tenants.notices import certificate_ready
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import Json, binds, instant, owned, refers, text
from tenants.texts import clean_line

CERTIFICATES = owned(
    "certificates",
    text("code"),
    Column("member_id", Uuid, nullable=False),
    Column("course_id", Uuid, nullable=False),
    Column("snapshot", Json, nullable=False),
    Column("status_index", Integer, nullable=False),
    text("state", default="rendering"),
    Column("issued_by", Uuid),
    instant("issued_at", now=True),
    instant("expires_at"),
    instant("ended_at"),
    text("reason", default=""),
    Column("superseded_by", Uuid),
    Column("pdf_key", Text),
    Column("pdf_sha256", LargeBinary),
    Column("credential", LargeBinary),
    instant("rendered_at"),
    refers("superseded_by", "certificates"),
)
REASON_LENGTH = 500
CODE_ATTEMPTS = 8
EARNED = "certificate.earn"
_C, _HEIR = CERTIFICATES.c, CERTIFICATES.alias("heir")
_SHOWN = select(
    _C.channel_id, _C.id, _C.code, _C.member_id, _C.course_id, _C.snapshot, _C.status_index, _C.state, _C.issued_at,
    _C.expires_at, _C.ended_at, _C.reason, _C.pdf_key, _C.pdf_sha256, _C.credential, _HEIR.c.code.label("heir"),
).select_from(
    CERTIFICATES.outerjoin(_HEIR, (_HEIR.c.channel_id == _C.channel_id) & (_HEIR.c.id == _C.superseded_by))
)  # fmt: skip
_LIVE = or_(_C.state == "rendering", _C.state == "valid")
_OF_COURSE = _SHOWN.where(_C.member_id == bindparam("member_id"), _C.course_id == bindparam("course_id"))
_AT_CODE = scoped(_SHOWN.where(_C.code == bindparam("code")))
_BY_ID = scoped(_SHOWN.where(_C.id == bindparam("id")))
_PRESENT = scoped(_OF_COURSE.where(_LIVE))
_NEWEST = scoped(_OF_COURSE.order_by(_C.id.desc()).limit(1))
_WHOSE = bindparam("member_id", type_=Uuid())
_BEFORE = bindparam("before", type_=Uuid())
_PAGE = scoped(
    _SHOWN.where(or_(_WHOSE.is_(None), _C.member_id == _WHOSE), or_(_BEFORE.is_(None), _C.id < _BEFORE))
    .order_by(_C.id.desc())
    .limit(bindparam("limit"))
)
_NEXT_INDEX = scoped(select(func.coalesce(func.max(_C.status_index), -1) + 1).select_from(CERTIFICATES))
_ADD = scoped(
    insert(CERTIFICATES).values(
        **binds("id", "code", "member_id", "course_id", "snapshot", "status_index", "issued_by", "expires_at")
    )
)
_END = scoped(
    update(CERTIFICATES)
    .where(_C.id == bindparam("at"), _LIVE)
    .values(state=bindparam("ended_as"), ended_at=func.now(), reason=bindparam("why"))
)
_SUCCEED = scoped(update(CERTIFICATES).where(_C.id == bindparam("at")).values(superseded_by=bindparam("heir_id")))
_PUBLISH = scoped(
    update(CERTIFICATES)
    .where(_C.id == bindparam("at"), _C.state == "rendering")
    .values(state="valid", rendered_at=func.now(), **binds("pdf_key", "pdf_sha256", "credential"))
)
_PERSON_OF = scoped(select(MEMBERS.c.person_id).where(MEMBERS.c.id == bindparam("id")))
# The table of codes is no channel's, so that a code names one award in the whole house.
_RESERVE = Scoped(
    "insert into certificate_codes (channel_id, code) values ($1, $2) on conflict do nothing",
    ("channel_id", "code"),
    {},
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """An award as it stands at one moment; `state` is valid, expired, revoked, superseded, or rendering.

    `rendering` is as good as valid, its PDF being still made. `ended_at` and `reason` belong to the two ended states,
    `superseded_by` is the code of the newer award.
    """

    channel_id: ChannelId
    id: CertificateId
    code: str
    member_id: UUID
    course_id: UUID
    facts: Snapshot
    status_index: int
    state: str
    issued_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    reason: str
    superseded_by: str | None
    pdf_key: str | None
    pdf_sha256: bytes | None
    credential: bytes | None


def standing(row: Record, now: datetime) -> Certificate:
    """The award that a row holds, as it stands `now`: what has ended comes before what has run out."""
    state = row["state"]
    if state in {"rendering", "valid"} and row["expires_at"] is not None and row["expires_at"] <= now:
        state = "expired"
    values = {name: row[name] for name in _PLAIN}
    return Certificate(
        **values, state=state, facts=Snapshot.read(row["snapshot"]), superseded_by=row["heir"]
    )  # fmt: skip


_PLAIN = (
    "channel_id", "id", "code", "member_id", "course_id", "status_index", "issued_at", "expires_at", "ended_at",
    "reason", "pdf_key", "pdf_sha256", "credential",
)  # fmt: skip


async def at_code(scope: Scope, code: str) -> Certificate:
    """The award of a code as `codes.normalise` gives it, whoever asks; NotFound when this channel issued none."""
    return standing(await scope.one(_AT_CODE, code=code), datetime.now(UTC))


async def read(scope: Scope, certificate_id: UUID) -> Certificate:
    """The award of an id; for jobs, and for those who list certificates."""
    scope.require(Action.CERTIFICATE_LIST)
    return standing(await scope.one(_BY_ID, id=certificate_id), datetime.now(UTC))


async def page(scope: Scope, *, before: UUID | None = None, limit: int = 50) -> list[Certificate]:
    """Awards, newest first: the channel's for those who may list them, a member's own for all others."""
    everybodys = why(scope.actor, Action.CERTIFICATE_LIST).allowed
    whose = None if everybodys else scope.member_id()
    now = datetime.now(UTC)
    return [standing(row, now) for row in await scope.all(_PAGE, member_id=whose, before=before, limit=limit)]


async def held(scope: Scope, course_id: UUID) -> Certificate | None:
    """The acting member's own award of a course, unless it was ended; None for all others."""
    if scope.actor.member_id is None:
        return None
    row = await scope.first(_PRESENT, member_id=scope.actor.member_id, course_id=course_id)
    return standing(row, datetime.now(UTC)) if row else None


async def issue(
    scope: Scope, member_id: UUID, course_id: UUID, *, note: str = "", expires_at: datetime | None = None
) -> Certificate:
    """Award a course to a member, earned or by the hand of one who may; the present award when there is one.

    An award that has expired is superseded by the new one. NotFound for a member or course of another channel.
    """
    scope.require(Action.CERTIFICATE_ISSUE)
    note = clean_line(note, "/note", longest=REASON_LENGTH, shortest=0)
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid.field("/expires_at", "past", "Name a time to come, or leave it out for an award without end.")
    await scope.serialise("certificates")
    present = await scope.first(_PRESENT, member_id=member_id, course_id=course_id)
    stands = standing(present, datetime.now(UTC)) if present else None
    if stands is not None and stands.state != "expired":
        return stands
    if stands is not None:
        return await _replace(scope, stands, "It had expired.", expires_at)
    await members.read(scope, member_id)
    return await _award(scope, member_id, course_id, "certificate.issue", expires_at, note)


async def award_if_earned(scope: Scope, course_id: UUID, member_id: UUID) -> Certificate | None:
    """Award a finished course to its student, once: None when it was awarded before, even if that has ended since.

    The caller has just seen the progress reach its end; it is looked at once more, under lock.
    """
    await scope.serialise("certificates")
    if await scope.first(_NEWEST, member_id=member_id, course_id=course_id) is not None:
        return None
    if not await snapshots.earned(scope, course_id, member_id):
        return None
    return await _award(scope, member_id, course_id, "certificate.earn", None, "")


async def revoke(scope: Scope, code: str, reason: str) -> Certificate:
    """Take an award back for good, with a reason that every verifier reads; Conflict when it has ended already."""
    scope.require(Action.CERTIFICATE_REVOKE)
    reason = clean_line(reason, "/reason", longest=REASON_LENGTH)
    await scope.serialise("certificates")
    certificate = await _at_typed(scope, code)
    await _end(scope, certificate, "revoked", reason)
    await audit.record(scope, "certificate.revoke", certificate.id, reason=reason)
    return await at_code(scope, certificate.code)


async def supersede(scope: Scope, code: str, reason: str = "") -> Certificate:
    """Award the same course anew, with the names and facts of today; the old award points at the new one, returned."""
    scope.require(Action.CERTIFICATE_REVOKE)
    reason = clean_line(reason, "/reason", longest=REASON_LENGTH, shortest=0)
    await scope.serialise("certificates")
    certificate = await _at_typed(scope, code)
    return await _replace(scope, certificate, reason, _end_of_heir(certificate))


async def publish(
    scope: Scope, certificate_id: UUID, *, pdf_key: str, pdf_sha256: bytes, credential: bytes
) -> Certificate | None:
    """Make a printed and signed award valid, and tell its holder, once; None when it was done, or has ended."""
    scope.require(Action.CERTIFICATE_ISSUE)
    values = {"pdf_key": pdf_key, "pdf_sha256": pdf_sha256, "credential": credential}
    if not await scope.run(_PUBLISH, at=certificate_id, **values):
        return None
    certificate = await read(scope, certificate_id)
    about = {"member": certificate.member_id, "course": certificate.course_id}
    scope.happened("certificate.issued", certificate=certificate.id, code=certificate.code, **about)
    person_id = await scope.value(_PERSON_OF, id=certificate.member_id)
    if person_id is not None:
        ready = certificate_ready(PersonId(person_id), certificate.code, certificate.facts.title)
        await bell.ring(scope, [ready], certificate.id)
        scope.enqueue(SendMail("certificate_ready", person_id, certificate.id))
    return certificate


async def _award(
    scope: Scope, member_id: UUID, course_id: UUID, action: str, expires_at: datetime | None, note: str
) -> Certificate:
    facts = await snapshots.take(scope, course_id, member_id)
    by_hand = scope.actor.member_id if action != EARNED else None
    certificate_id, code = CertificateId(new_id()), await _reserve(scope)
    await scope.run(
        _ADD, id=certificate_id, code=code, member_id=member_id, course_id=course_id, snapshot=facts.write(),
        status_index=await scope.value(_NEXT_INDEX), issued_by=by_hand, expires_at=expires_at,
    )  # fmt: skip
    said: dict[str, Any] = {"member": str(member_id), "course": str(course_id), "code": code}
    await audit.record(scope, action, certificate_id, **said, **({"note": note} if note else {}))
    scope.enqueue(RenderCertificate(certificate_id))
    return await at_code(scope, code)


async def _replace(scope: Scope, old: Certificate, reason: str, expires_at: datetime | None) -> Certificate:
    await _end(scope, old, "superseded", reason)
    heir = await _award(scope, old.member_id, old.course_id, "certificate.supersede", expires_at, "")
    await scope.run(_SUCCEED, at=old.id, heir_id=heir.id)
    return heir


async def _end(scope: Scope, certificate: Certificate, state: str, reason: str) -> None:
    if not await scope.run(_END, at=certificate.id, ended_as=state, why=reason):
        words = {
            "revoked": "was revoked",
            "superseded": f"was replaced by {codes.show(certificate.superseded_by or '')}",
        }
        raise Conflict(f"This certificate {words[certificate.state]} already.", f"already_{certificate.state}")


async def _reserve(scope: Scope) -> str:
    """A code that no award in the house has."""
    for _ in range(CODE_ATTEMPTS):
        code = codes.make()
        if await scope.run(_RESERVE, code=code):
            return code
    raise Refusal(503, "no_code", "No free code was found. Try again.", retry_after=1)


async def _at_typed(scope: Scope, typed: str) -> Certificate:
    code = codes.normalise(typed)
    if code is None:
        raise NotFound()
    return await at_code(scope, code)


def _end_of_heir(old: Certificate) -> datetime | None:
    """The same end as the old award's; as long again when that has passed."""
    now = datetime.now(UTC)
    if old.expires_at is None or old.expires_at > now:
        return old.expires_at
    return now + (old.expires_at - old.issued_at)
