"""A class of ten minutes, held minute by minute at a stand-in: who is in the room, what is told, which jobs are due."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from providers.live import bigbluebutton_events as bbb_events
from providers.live import choose
from server.webhooks.live import take_in
from tenants.live import attendance, classes, rooms
from tests.providers.live_sides import CALLBACK
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.standins.live import Delivery
from tests.tenants.live_school import SEALS, Held
from tests.workers.looking import SYSTEM, Past, past
from workers.registry import Workshop

ANA, SAM, ZOE = (str(uuid4()) for _ in range(3))
MINUTE = timedelta(minutes=1)
Stays = dict[str, list[tuple[int, int]]]
STORY: Stays = {ANA: [(-100, 588)], SAM: [(7, 155), (251, 402)], ZOE: [(65, 70), (130, 133), (200, 599)]}
"""Who is in a class of ten minutes, from which second to which."""


def on_air(kind: str, shop: Workshop, held: Held) -> Any:
    """A class of ten minutes that begins in two, whose room was made just now."""
    return past(kind, shop, held, begins=2, lasts=10)


def second(at: Past, seconds: float) -> datetime:
    return at.began + timedelta(seconds=seconds)


def fill(at: Past, story: Stays, now: float) -> None:
    """The provider's room as it is at this second of the class."""
    inside = [(who, since) for who, own in story.items() for since, until in own if since <= now < until]
    if at.kind == "livekit":
        at.far.people[at.ref] = [livekit.inside(who, second(at, since)) for who, since in inside]
    elif at.kind == "bigbluebutton":
        at.far.meetings.setdefault(at.ref, {})
        at.far.people[at.ref] = [(who, "Zoë") for who, _ in inside]


def webhooks(at: Past, story: Stays, since: float, until: float) -> list[Delivery]:
    """What the provider tells of these seconds; BigBlueButton tells all when the class is over."""
    if at.kind == "bigbluebutton":
        marked = bbb_events.marked(CALLBACK, "came", at.ref, "1", bbb.SECRET)
        return [bbb.came(marked, at.ref, [_attendee(at, *each) for each in story.items()])] if until > 600 else []
    found = []
    for who, own in story.items():
        for moment, kind in ((moment, kind) for stay in own for moment, kind in zip(stay, ("joined", "left"))):  # noqa: B905
            if since <= moment < until:
                when, number = second(at, moment), f"EV_{who}_{moment}"
                if at.kind == "livekit":
                    found.append(livekit.webhook(livekit.moved(f"participant_{kind}", at.id, who, when, number)))
                else:
                    mailbox = f"{who}@participants.invalid"
                    found.append(zoom.webhook(zoom.moved(f"meeting.participant_{kind}", at.ref, mailbox, when)))
    return found


def _attendee(at: Past, who: str, own: Sequence[tuple[int, int]]) -> dict[str, Any]:
    joins, leaves = ([second(at, stay[place]).isoformat() for stay in own] for place in range(2))
    return {"ext_user_id": who, "name": "Zoë", "joins": list(joins), "leaves": list(leaves)}


async def deliver(at: Past, deliveries: Sequence[Delivery]) -> None:
    provider = choose(at.kind)
    for query, headers, raw in deliveries:
        stated = {**headers, ":path": f"/webhooks/live/1{query}"}
        for event in provider.verify_and_parse(stated, raw, provider.check(at.far.given)):
            async with at.shop.tenancy.scope(at.held.school.id, SYSTEM) as scope:
                await take_in(scope, SEALS, at.connection, event)


async def hold(at: Past, story: Stays = STORY, *, told: bool = False, minutes: Sequence[int] = range(-2, 12)) -> None:
    """Hold the class minute by minute: each roll call when it is due, each webhook when it happens if any are told."""
    for minute in minutes:
        if minute > -2:
            await at.pass_time(MINUTE)
        now = (datetime.now(UTC) - at.began).total_seconds()
        fill(at, story, now)
        if told:
            await deliver(at, webhooks(at, story, now - 60, now))
        await at.do_what_is_due("CallRoll")


async def came(at: Past) -> dict[str, list[tuple[float, float]]]:
    """When each was there, in seconds after the beginning."""
    async with at.shop.tenancy.scope(at.held.school.id, SYSTEM) as scope:
        found = await attendance.of_class(scope, at.id)
    return {
        each.participant: [((a - at.began).total_seconds(), (b - at.began).total_seconds()) for a, b in each.intervals]
        for each in found
    }


async def calls(at: Past) -> list[int]:
    """The numbers of the roll calls that are asked for."""
    return [number for number, _ in await at.asked_for("CallRoll")]


async def change(at: Past, changes: dict[str, Any]) -> None:
    """Change the class as its page does."""
    async with at.shop.tenancy.scope(at.held.school.id, at.held.school.ana.actor) as scope:
        row = await classes.read(scope, at.id)
        await classes.edit(scope, at.id, row["version"], changes)
        await rooms.follow(scope, at.id)
