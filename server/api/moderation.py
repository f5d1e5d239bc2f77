"""Moderation over the API: flags, the queue, acts and their undoing, decisions on oneself, appeals."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from server.api.community import MessageShown, OfMessage, Reason
from server.api.rooms import InSlug
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.limits import POSTING
from server.op import Answer, Route, op
from tenants.errors import NotFound
from tenants.moderation import acts, appeals, cases, flags, queue, reasons
from tenants.moderation.effects import Aim
from tenants.scope import Record

TAGS = ("moderation",)
CURSOR: Cursor[tuple[datetime, UUID]] = Cursor("cases", tuple[datetime, UUID])
Kind = Literal["keep", "hide", "delete", "warn", "slow", "mute", "ban", "note"]
Words = Annotated[str, Field(max_length=2000)]


class OfCase(InSlug):
    """A case of a channel."""

    case: UUID


class OfAct(InSlug):
    """An act of a channel's moderators."""

    act: UUID


class NewFlag(Given):
    """Why moderators should look at a message; `other` needs words."""

    reason: Reason
    words: Words = ""


class NewAct(Given):
    """What to do, about a case, a message, a member or a room, and why.

    `until` ends a mute (needed) or a ban, `seconds` is the pace of a slowed room (0: no more).
    """

    kind: Kind
    reason: Reason
    words: Words = ""
    case: UUID | None = None
    message: UUID | None = None
    member: UUID | None = None
    room: UUID | None = None
    until: AwareDatetime | None = None
    seconds: Annotated[int, Field(ge=0, le=21_600)] | None = None


class NewAppeal(Given):
    """Why a decision was wrong."""

    words: Words


class AppealDecision(Given):
    """Whether a decision stands, and why."""

    upheld: bool
    answer: Words


class FlagShown(BaseModel):
    """A flag as it stands."""

    id: UUID
    reason: str
    words: str


class FlagOfCase(FlagShown):
    """A flag as moderators see it: who, when, and what the message `said` then."""

    by: str
    said: str
    at: datetime


class ActShown(BaseModel):
    """An act; `undone_at` when it was taken back."""

    id: UUID
    kind: str
    case: UUID | None
    member: UUID | None
    message: UUID | None
    room: UUID | None
    reason: str
    until: datetime | None
    seconds: int | None
    at: datetime
    undone_at: datetime | None


class ClaimShown(BaseModel):
    """Who is looking at a case, and until when that counts."""

    by: str
    until: datetime


class AppealShown(BaseModel):
    """What an appeal says, and the act that it is about."""

    words: str
    kind: str
    reason: str


class CatchOfCase(BaseModel):
    """A filter that caught the message: its name then, and what it did."""

    name: str
    action: str
    at: datetime


class CaseShown(BaseModel):
    """A case: its message with five before and after, flags, filters, what was done before, the appeal.

    What a `program` wrote by an incoming webhook is about no `member`. Of your `own`, somebody else who moderates
    decides: it waits, and you see neither its flags nor what was done before.
    """

    id: UUID
    kind: str
    own: bool
    opened_at: datetime
    closed_at: datetime | None
    message: UUID | None
    member: UUID | None
    program: UUID | None
    author: str
    claim: ClaimShown | None
    around: list[MessageShown]
    flags: list[FlagOfCase]
    catches: list[CatchOfCase]
    earlier: list[ActShown]
    appeal: AppealShown | None


class DecisionShown(BaseModel):
    """What moderators decided about the reader, and how an appeal went; `upheld` is null until that is decided.

    It stays null when the ban was lifted before; `undone_at` says since when an act holds no more.
    """

    id: UUID
    kind: str
    message: UUID | None
    reason: str
    until: datetime | None
    at: datetime
    undone_at: datetime | None
    appeal: str | None
    answer: str | None
    upheld: bool | None


@op("Flag a message", status=201, also=(200,), tags=TAGS, limits=(POSTING,), idempotent=Idempotency.TAKEN,
    errors=(403, 404, 409))  # fmt: skip
async def flag_message(context: InChannel, *, path: OfMessage, body: NewFlag) -> Answer[FlagShown]:
    """Once per member and message: again answers 200 with the flag that stands."""
    flagged = await flags.flag(context.scope, path.id, body.reason, body.words)
    shown = FlagShown(id=flagged.id, reason=flagged.reason, words=flagged.words)
    return Answer(shown, status=200 if flagged.again else 201)


@op("The queue of cases", tags=TAGS, errors=(403, 404))
async def list_cases(context: InChannel, *, path: InSlug, query: PageQuery) -> Page[CaseShown]:
    """Open cases, oldest first, in rooms that you see; of a conversation only what surrounds the flagged message."""
    rows = await cases.waiting(context.scope, after=CURSOR.read(query.after), limit=query.limit + 1)
    shown = await queue.whole(context.scope, rows[: query.limit])
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    following = CURSOR.write((last["opened_at"], last["id"])) if last else None
    return Page(items=[_case(each) for each in shown], next=following)


@op("One case", tags=TAGS, errors=(403, 404))
async def read_case(context: InChannel, *, path: OfCase) -> CaseShown:
    """Open or decided."""
    found = await queue.one(context.scope, path.case)
    if found is None:
        raise NotFound("There is no such case here.", "no_such_case")
    return _case(found)


@op("Claim a case", tags=TAGS, errors=(403, 404, 409))
async def claim_case(context: InChannel, *, path: OfCase) -> ClaimShown:
    """For five minutes from now only you decide it; again: from now anew."""
    row = await cases.claim(context.scope, path.case)
    return ClaimShown(by=row["claimant"], until=row["claimed_until"])


@op("Let go of a case", tags=TAGS, errors=(403, 404, 409))
async def release_case(context: InChannel, *, path: OfCase) -> None:
    """However often it is said."""
    await cases.release(context.scope, path.case)


@op("Act", status=201, tags=TAGS, idempotent=Idempotency.TAKEN, errors=(403, 404, 409))
async def add_act(context: InChannel, *, path: InSlug, body: NewAct) -> ActShown:
    """At once, everywhere; its person is told why. For ten seconds it can be undone. About you another decides."""
    reason = reasons.statement(body.reason, body.words)
    aim = Aim(
        body.kind, reason, body.case, body.member, body.message, body.room, until=body.until, seconds=body.seconds
    )
    return _act(await acts.act(context.scope, aim))


@op("Undo an act", tags=TAGS, errors=(403, 404, 409))
async def undo_act(context: InChannel, *, path: OfAct) -> ActShown:
    """Your own, within ten seconds; however often it is said."""
    return _act(await acts.undo(context.scope, path.act))


@op("Decisions about you", tags=TAGS, errors=(403, 404))
async def list_decisions(context: InChannel, *, path: InSlug) -> Page[DecisionShown]:
    """The newest hundred; the banned may read them too."""
    return Page(items=[_decision(row) for row in await appeals.decisions(context.scope)])


@op("Appeal against an act", tags=TAGS, errors=(403, 404, 409))
async def appeal_act(context: InChannel, *, path: OfAct, body: NewAppeal) -> None:
    """Once, in words; another moderator than the one who acted decides it."""
    await appeals.appeal(context.scope, path.act, body.words)


@op("Decide an appeal", tags=TAGS, errors=(403, 404, 409))
async def decide_appeal(context: InChannel, *, path: OfCase, body: AppealDecision) -> None:
    """Not for the moderator who acted, unless an owner; what is overturned is undone."""
    await appeals.decide(context.scope, path.case, body.answer, upheld=body.upheld)


ROUTES = (
    Route("POST", "/channels/{slug}/messages/{id}/flags", flag_message),
    Route("GET", "/channels/{slug}/moderation/queue", list_cases),
    Route("GET", "/channels/{slug}/moderation/cases/{case}", read_case),
    Route("PUT", "/channels/{slug}/moderation/cases/{case}/claim", claim_case),
    Route("DELETE", "/channels/{slug}/moderation/cases/{case}/claim", release_case),
    Route("PUT", "/channels/{slug}/moderation/cases/{case}/decision", decide_appeal),
    Route("POST", "/channels/{slug}/moderation/acts", add_act),
    Route("PUT", "/channels/{slug}/moderation/acts/{act}/undone", undo_act),
    Route("PUT", "/channels/{slug}/moderation/acts/{act}/appeal", appeal_act),
    Route("GET", "/channels/{slug}/moderation/decisions", list_decisions),
)


def _case(case: queue.Case) -> CaseShown:
    row, appeal = case.row, case.appeal
    claim = ClaimShown(by=row["claimant"], until=row["claimed_until"]) if cases.claimed(row) else None
    facts: dict[str, Any] = {name: row[name] for name in ("id", "kind", "opened_at", "closed_at")}
    return CaseShown(
        **facts,
        own=case.own,
        message=row["message_id"],
        member=row["member_id"],
        program=row["program_id"],
        author=row["author_name"],
        claim=claim,
        around=[MessageShown(**one) for one in case.around],
        flags=[
            FlagOfCase(by=each["name"], **{name: each[name] for name in ("id", "reason", "words", "said", "at")})
            for each in case.flags
        ],
        catches=[CatchOfCase(name=each["name"], action=each["action"], at=each["at"]) for each in case.catches],
        earlier=[_act(each) for each in case.earlier],
        appeal=AppealShown(**{name: appeal[name] for name in ("words", "kind", "reason")}) if appeal else None,
    )


def _act(row: Record) -> ActShown:
    about = {name: row[f"{name}_id"] for name in ("case", "member", "message", "room")}
    facts = {name: row[name] for name in ("id", "kind", "reason", "until", "seconds", "at", "undone_at")}
    return ActShown(**about, **facts)


def _decision(row: Record) -> DecisionShown:
    facts = {name: row[name] for name in ("id", "kind", "reason", "until", "at", "undone_at", "upheld")}
    return DecisionShown(**facts, message=row["message_id"], appeal=row["words"], answer=row["answer"])
