"""Weekly reports of moderation over the API."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from server.api.rooms import InSlug
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery
from server.op import Route, op
from tenants.community import rooms
from tenants.moderation import reports
from tenants.scope import Record

TAGS = ("moderation",)
CURSOR: Cursor[date] = Cursor("reports", date)


class OfReport(InSlug):
    """A report of a channel."""

    report: UUID


class RoomCount(BaseModel):
    """A room and how many flags messages in it had."""

    room: UUID
    name: str
    flags: int


class CaseCounts(BaseModel):
    """Cases opened and decided within the week, waiting at its end, and the median time to a decision."""

    opened: int
    decided: int
    waiting: int
    median_seconds: int | None


class ActCount(BaseModel):
    """How many acts of a kind, and how many of these were undone, or overturned, since."""

    count: int
    undone: int


class AppealCounts(BaseModel):
    """Appeals made within the week, and how those that were decided within it ended."""

    made: int
    upheld: int
    overturned: int


class CatchCount(BaseModel):
    """How many messages a filter of that name caught."""

    name: str
    action: str
    count: int


class ReportShown(BaseModel):
    """A week of moderation, from Monday to Sunday in the channel's time zone; of rooms, those that you see."""

    id: UUID
    week_on: date
    made_at: datetime
    flags: dict[str, int]
    rooms: list[RoomCount]
    cases: CaseCounts
    acts: dict[str, ActCount]
    appeals: AppealCounts
    catches: list[CatchCount]


@op("Weekly reports", tags=TAGS, errors=(403, 404))
async def list_reports(context: InChannel, *, path: InSlug, query: PageQuery) -> Page[ReportShown]:
    """Newest first; each is written on Monday morning, by itself."""
    rows = await reports.page(context.scope, before=CURSOR.read(query.after), limit=query.limit + 1)
    names = await _names(context)
    shown = [_report(row, names) for row in rows[: query.limit]]
    following = CURSOR.write(shown[-1].week_on) if len(rows) > query.limit else None
    return Page(items=shown, next=following)


@op("One weekly report", tags=TAGS, errors=(403, 404))
async def read_report(context: InChannel, *, path: OfReport) -> ReportShown:
    """As it was written."""
    row = await reports.find(context.scope, path.report)
    return _report(row, await _names(context))


ROUTES = (
    Route("GET", "/channels/{slug}/moderation/reports", list_reports),
    Route("GET", "/channels/{slug}/moderation/reports/{report}", read_report),
)


async def _names(context: InChannel) -> dict[str, str]:
    """The rooms that the caller sees, by id."""
    return {str(room["id"]): room["name"] for room in await rooms.seen(context.scope, archived=True)}


def _report(row: Record, names: dict[str, str]) -> ReportShown:
    told = row["figures"]
    seen = [each | {"name": names[each["room"]]} for each in told["rooms"] if each["room"] in names]
    facts = {name: row[name] for name in ("id", "week_on", "made_at")}
    return ReportShown(**facts | told | {"rooms": seen})
