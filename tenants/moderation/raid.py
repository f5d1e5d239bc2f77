"""Raid mode: one switch for when many come at once to do harm; it ends by itself, or by one press, and leaves nothing.

While it stands nobody new joins, who joined within a day only reads, links of those less than a week there are held,
students write once in thirty seconds in every room, and `@room` calls nobody.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, func, insert, update

from tenants import audit, links, notices
from tenants.channels import channels
from tenants.community import caseload, sanctions
from tenants.errors import Invalid, Said
from tenants.ids import PersonId, RoomId, new_id
from tenants.jobs import EndRaid
from tenants.languages import words_in
from tenants.members import bell, raids
from tenants.members.raids import FACTS, HELD, RAIDS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds
from tenants.times import Moment

LONGEST_MINUTES, MINUTES = 24 * 60, 60
PACE = 30
MOST_TOLD = 1000
AFTER = timedelta(seconds=1)
_R = RAIDS.c
_AT = bindparam("at", type_=Uuid())
_BEGIN = scoped(insert(RAIDS).values(**binds("id", "by_member", "ends_at")).returning(*FACTS))
_MOVE = scoped(update(RAIDS).where(_R.id == _AT).values(ends_at=bindparam("until")).returning(*FACTS))
_OVER = scoped(update(RAIDS).where(_R.ended_at.is_(None), _R.ends_at <= func.now()).values(ended_at=_R.ends_at))
_END = scoped(
    update(RAIDS)
    .where(_R.id == _AT)
    .values(ended_at=func.least(func.now(), _R.ends_at), ended_by=bindparam("me", type_=Uuid()))
)
_ROOMS = Scoped(
    "select r.id, coalesce((select s.seconds from restraints s where s.channel_id = $1 and s.subject = r.id"
    " and s.kind = 'slow' and (s.until is null or s.until > now())), 0) as seconds"
    " from rooms r where r.channel_id = $1 and r.archived_at is null and r.kind <> 'direct' order by r.id limit 500",
    ("channel_id",),
    {},
)
# Newest first: ids are made in the order that people join. A mute of their own goes on. Zones as `zones.of` has them.
_NEW = Scoped(
    "select m.person_id, coalesce(nullif(p.time_zone, ''), c.time_zone) as time_zone from members m"
    " join channels c on c.id = $1 left join profiles p on p.channel_id = $1 and p.member_id = m.id"
    " where m.channel_id = $1 and m.joined_at > $2 and m.role = 'student'"
    " and m.left_at is null and not exists (select 1 from restraints s where s.channel_id = $1 and s.subject = m.id"
    " and s.kind = 'mute' and s.until > now()) order by m.id desc limit $3",
    ("channel_id", "since", "limit"),
    {},
)


async def begin(scope: Scope, minutes: int = MINUTES) -> Record:
    """Switch it on for so many minutes from now, or have the one that stands end then; the raid."""
    scope.require(Action.MESSAGE_MODERATE)
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid.field("/minutes", "range", f"Give the minutes that it lasts, 1 to {LONGEST_MINUTES}.")
    await scope.serialise("raid")
    await scope.run(_OVER)
    until, before = datetime.now(UTC) + timedelta(minutes=minutes), await raids.standing(scope)
    if before:
        raid = await scope.one(_MOVE, at=before["id"], until=until)
    else:
        raid = await scope.one(_BEGIN, id=new_id(), by_member=scope.member_id(), ends_at=until)
    await sanctions.put(scope, scope.channel_id, "raid", until=until, seconds=PACE)
    await audit.record(scope, "raid.extend" if before else "raid.begin", raid["id"], until=until)
    scope.enqueue(EndRaid(raid["id"]), run_at=until + AFTER)
    await _tell(scope, raid, stands=True)
    return raid


async def end(scope: Scope) -> None:
    """Switch it off: everything is as it was before. Again, or where none stands: nothing."""
    scope.require(Action.MESSAGE_MODERATE)
    await scope.serialise("raid")
    if raid := await raids.standing(scope):
        await _finish(scope, raid)


async def run_out(scope: Scope, raid_id: UUID) -> None:
    """Tell those who look that a raid has run out; nothing happens to one that was ended, or goes on for longer."""
    await scope.serialise("raid")
    raid = await scope.first(HELD, at=raid_id)
    if raid and raid["ended_at"] is None and raid["ends_at"] <= datetime.now(UTC):
        await _finish(scope, raid)


async def _finish(scope: Scope, raid: Record) -> None:
    await scope.run(_END, at=raid["id"], me=scope.actor.member_id)
    await sanctions.lift(scope, scope.channel_id, "raid")
    await audit.record(scope, "raid.end", raid["id"])
    await _tell(scope, raid, stands=False)


async def _tell(scope: Scope, raid: Record, *, stands: bool) -> None:
    """Open screens follow: paces of rooms, those who only read, and the moderators."""
    for room in await scope.all(_ROOMS):
        pace = max(room["seconds"], PACE) if stands else room["seconds"]
        scope.announce(notices.room_slowed(RoomId(room["id"]), pace))
    until = raid["ends_at"].isoformat() if stands else None
    channel = await channels.read(scope)
    words = words_in(channel["locale"])
    for row in await scope.all(_NEW, since=raid["began_at"] - raids.NEW, limit=MOST_TOLD):
        said = words.message(raids.silence(raid, ZoneInfo(row["time_zone"]))) if stands else ""
        scope.announce(notices.muted(PersonId(row["person_id"]), said, until))
    when = Moment(raid["ends_at"], ZoneInfo(channel["time_zone"]))
    title = words.message(Said("Raid mode is on until %(when)s.", when=when) if stands else "Raid mode has ended.")
    url = links.studio(channel["slug"], "/moderation")
    told = [notices.raid_changed(each, raid["id"], title, url) for each in await caseload.moderators(scope)]
    await bell.ring(scope, told, raid["id"])
