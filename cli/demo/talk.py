"""The demo's rooms and what was said in them over the last days."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import bindparam, update

from cli.demo.world import Place, School
from tenants.community import messages, polls, reactions, rooms, voting
from tenants.community.drafts import draft
from tenants.community.message_table import MESSAGES
from tenants.ids import ChannelId
from tenants.permissions import Actor, Role
from tenants.scope import Scope, Tenancy
from tenants.statements import scoped

QUESTION, DAYS = "Which evening suits most of you?", ("Tuesday", "Wednesday", "Thursday")
EMOJI = ("👍", "🎉", "❤️", "🤔")
# The domain dates a message when it is posted; only the demo may say that it was days ago.
_DATE = scoped(update(MESSAGES).where(MESSAGES.c.id == bindparam("at")).values(created_at=bindparam("moment")))


async def plant(tenancy: Tenancy, channel_id: ChannelId, school: School, cast: Mapping[str, Actor]) -> None:
    """Every room with its messages, some of them answers, some with reactions; the first one with a poll."""
    owner = cast[school.people[0].who]
    for place in school.rooms:
        async with tenancy.scope(channel_id, owner) as scope:
            room = await rooms.add(scope, place.name, place.kind, place.topic)
            speakers = _speakers(place, list(cast.values()))
            await _fill(scope, room["id"], place, school, speakers)
            if place is school.rooms[0]:
                await _ask(scope, room["id"], speakers)


def _speakers(place: Place, everybody: list[Actor]) -> list[Actor]:
    if place.kind == "private":
        return [actor for actor in everybody if actor.role is Role.OWNER]
    if place.kind == "announcement":
        return [actor for actor in everybody if actor.role in {Role.OWNER, Role.TEACHER}]
    return everybody


async def _fill(scope: Scope, room_id: UUID, place: Place, school: School, speakers: list[Actor]) -> None:
    began = datetime.now(UTC) - timedelta(days=3)
    step = timedelta(days=3) / (place.messages + 1)
    posted: list[UUID] = []
    for number in range(place.messages):
        # Two lines in a row by one speaker, now and then, so that heads are shared as they are in life.
        scope.actor = speakers[(number * 2 // 3) % len(speakers)]
        line = school.lines[number % len(school.lines)]
        answer = posted[-1] if number % 9 == 4 else None
        new = draft(uuid5(room_id, str(number)), line, answer)
        posted.append((await messages.post(scope, room_id, new)).id)
        await scope.run(_DATE, at=posted[-1], moment=began + step * (number + 1))
    for number, message_id in enumerate(posted):
        if number % 5 == 0:
            scope.actor = speakers[(number + 1) % len(speakers)]
            await reactions.put(scope, message_id, EMOJI[number % len(EMOJI)], on=True)


async def _ask(scope: Scope, room_id: UUID, speakers: list[Actor]) -> None:
    """A poll that all but the last of those in the room have voted in."""
    poll = polls.check(DAYS, several=False, anonymous=False, ends_at=datetime.now(UTC) + timedelta(days=7))
    scope.actor = speakers[0]
    asked = await messages.post(scope, room_id, draft(uuid5(room_id, "poll"), QUESTION, poll=poll))
    for number, voter in enumerate(speakers[:-1]):
        scope.actor = voter
        await voting.vote(scope, asked.id, [number * 2 % 3])
