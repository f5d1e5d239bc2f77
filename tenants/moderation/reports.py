"""Reports: what a week of moderation was, in figures, written once by the clock for each channel, in its own zone.

Nobody's words and no names of persons are in it; rooms are told by their ids, and shown to those who see them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Date, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from tenants.channels import channels
from tenants.community import caseload
from tenants.errors import NotFound, Said
from tenants.ids import new_id
from tenants.jobs import SendMail
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import Json, binds, instant, owned

WEEK = timedelta(days=7)
REPORTS = owned(
    "moderation_reports",
    # The Monday on which the week began.
    Column("week_on", Date, nullable=False),
    Column("figures", Json, nullable=False),
    instant("made_at", now=True),
)
_P = REPORTS.c
_FACTS = (_P.id, _P.week_on, _P.figures, _P.made_at)
_ADD = scoped(
    insert(REPORTS)
    .values(**binds("id", "week_on", "figures"))
    .on_conflict_do_nothing(index_elements=["channel_id", "week_on"])
    .returning(_P.id)
)
_PAGE = scoped(
    select(*_FACTS).where(_P.week_on < bindparam("before")).order_by(_P.week_on.desc()).limit(bindparam("limit"))
)
_ONE = scoped(select(*_FACTS).where(_P.id == bindparam("at")))
_BOUNDS = ("channel_id", "since", "until")
_FLAGS = Scoped(
    "select reason as name, count(*) from flags where channel_id = $1 and at >= $2 and at < $3"
    " group by reason order by reason",
    _BOUNDS, {},
)  # fmt: skip
_ROOMS = Scoped(
    "select m.room_id, count(*) from flags f join messages m on m.channel_id = $1 and m.id = f.message_id"
    " where f.channel_id = $1 and f.at >= $2 and f.at < $3 group by m.room_id order by count(*) desc, m.room_id"
    " limit 10",
    _BOUNDS, {},
)  # fmt: skip
_CASES = Scoped(
    "select count(*) filter (where opened_at >= $2 and opened_at < $3) as opened,"
    " count(*) filter (where closed_at >= $2 and closed_at < $3) as decided,"
    " count(*) filter (where opened_at < $3 and (closed_at is null or closed_at >= $3)) as waiting,"
    " percentile_cont(0.5) within group (order by extract(epoch from closed_at - opened_at))"
    " filter (where closed_at >= $2 and closed_at < $3 and kind <> 'appeal') as median_seconds"
    " from moderation_cases where channel_id = $1 and (closed_at is null or closed_at >= $2)",
    _BOUNDS, {},
)  # fmt: skip
_ACTS = Scoped(
    "select kind as name, count(*), count(undone_at) as undone from moderation_acts where channel_id = $1"
    " and at >= $2 and at < $3 and kind <> 'note' group by kind order by kind",
    _BOUNDS, {},
)  # fmt: skip
_APPEALS = Scoped(
    "select count(*) filter (where at >= $2 and at < $3) as made,"
    " count(*) filter (where upheld and decided_at >= $2 and decided_at < $3) as upheld,"
    " count(*) filter (where not upheld and decided_at >= $2 and decided_at < $3) as overturned"
    " from appeals where channel_id = $1 and (decided_at is null or decided_at >= $2)",
    _BOUNDS, {},
)  # fmt: skip
_CATCHES = Scoped(
    "select name, action, count(*) from filter_catches where channel_id = $1 and at >= $2 and at < $3"
    " group by name, action order by count(*) desc, name, action limit 100",
    _BOUNDS, {},
)  # fmt: skip


async def write(scope: Scope, week_on: date) -> UUID | None:
    """The report of the week that began on that Monday; None when it stands already.

    Those who moderate get it by mail, unless nothing happened.
    """
    zone = ZoneInfo((await channels.read(scope))["time_zone"])
    since, until = (datetime.combine(week_on + days, time.min, zone).astimezone(UTC) for days in (timedelta(), WEEK))
    figures = await _figures(scope, since, until)
    report_id: UUID | None = await scope.value(_ADD, id=new_id(), week_on=week_on, figures=figures)
    if report_id is not None and happened(figures):
        for person_id in await caseload.moderators(scope):
            scope.enqueue(SendMail("moderation_report", person_id, report_id))
    return report_id


async def page(scope: Scope, *, before: date | None = None, limit: int = 20) -> list[Record]:
    """Reports, newest first: `id, week_on, figures, made_at`; for those who moderate."""
    scope.require(Action.MESSAGE_MODERATE)
    return await scope.all(_PAGE, before=before or date.max, limit=limit)


async def find(scope: Scope, report_id: UUID) -> Record:
    """One of them."""
    scope.require(Action.MESSAGE_MODERATE)
    row = await scope.first(_ONE, at=report_id)
    if row is None:
        raise NotFound("There is no such report here.", "no_such_report")
    return row


def happened(figures: Mapping[str, Any]) -> bool:
    """Whether there is anything to tell of a week."""
    cases, appeals = figures["cases"], figures["appeals"]
    told: Sequence[Any] = (*cases.values(), *appeals.values(), figures["flags"], figures["acts"], figures["catches"])
    return any(told)


def in_words(figures: Mapping[str, Any]) -> Said:
    """A week in figures, each with its name."""
    cases, appeals = figures["cases"], figures["appeals"]
    return Said(
        "Flags by members: %(flags)s. Messages caught by filters: %(caught)s. Acts of moderators: %(acts)s. "
        "Cases decided: %(decided)s, still waiting: %(waiting)s. Appeals: %(appeals)s, decisions overturned: "
        "%(overturned)s.",
        flags=sum(figures["flags"].values()),
        caught=sum(each["count"] for each in figures["catches"]),
        acts=sum(each["count"] for each in figures["acts"].values()),
        decided=cases["decided"],
        waiting=cases["waiting"],
        appeals=appeals["made"],
        overturned=appeals["overturned"],
    )


async def _figures(scope: Scope, since: datetime, until: datetime) -> dict[str, Any]:
    bounds = {"since": since, "until": until}
    cases, appeals = await scope.one(_CASES, **bounds), await scope.one(_APPEALS, **bounds)
    median = cases["median_seconds"]
    return {
        "flags": {row["name"]: row["count"] for row in await scope.all(_FLAGS, **bounds)},
        "rooms": [{"room": str(row["room_id"]), "flags": row["count"]} for row in await scope.all(_ROOMS, **bounds)],
        "cases": {name: cases[name] for name in ("opened", "decided", "waiting")}
        | {"median_seconds": None if median is None else round(median)},
        "acts": {
            row["name"]: {"count": row["count"], "undone": row["undone"]} for row in await scope.all(_ACTS, **bounds)
        },
        "appeals": dict(appeals),
        "catches": [dict(row) for row in await scope.all(_CATCHES, **bounds)],
    }
