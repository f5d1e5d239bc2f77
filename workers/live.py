"""Looking after live classes: who is there while they last, and what their providers have of them once they are over,
though no webhook told.

Each look is a job of its own, so a provider that does not answer, or answers nonsense, holds up no other class.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from providers import ProviderDown, ProviderRefused
from providers import live as providers
from providers.live.hosting import Download, FoundRecording, Hosting, Room
from tenants.errors import NotFound
from tenants.jobs import CallRoll, LookAfterClass
from tenants.live import attendance, classes, connections, recordings, rooms
from tenants.live.attendance import Listed, Stayed
from tenants.live.recordings import Announced, Errand
from tenants.live.rooms import Look
from tenants.scope import Scope
from tenants.sealing import Seals
from workers.registry import Work, performs

log = structlog.get_logger("workers.live")
OUR_FAULT = "Something went wrong on our side when the provider was asked. The operator finds the details in the log."
REHEARSED = timedelta(hours=1)
"""Recordings and sittings that began longer than this before the class are of something else."""


@performs(CallRoll, seconds=60)
async def call_roll(work: Work, asked: CallRoll) -> None:
    """Ask the provider once who is in the room; one that does not say, or says nonsense, is asked again next time."""
    seals = Seals(work.shop.secret)
    async with work.scope() as scope:
        room = await rooms.to_call(scope, seals, asked.class_id, asked.call)
        opened = None if room is None else await _opened(scope, seals, room.connection_id)
        if room is None or opened is None or not providers.choose(opened[0]).abilities.calls_roll:
            return
        if not await rooms.called(scope, asked.class_id, asked.call):
            return
    asked_at = datetime.now(UTC)
    try:
        people = await work.shop.live.of(*opened).list_people(Room(room.ref, room.facts))
    except (ProviderDown, ProviderRefused) as hindrance:
        log.warning(
            "a live provider did not say who is there", live_class=str(asked.class_id), reason=hindrance.message
        )
        return
    async with work.scope() as scope:
        listed = [Listed(each.participant, each.name, each.since) for each in people]
        await attendance.call_roll(scope, asked.class_id, asked_at, listed)


@performs(LookAfterClass, seconds=60)
async def look(work: Work, asked: LookAfterClass) -> None:
    """Ask the provider once; what it says is acted on as if its webhook had come."""
    seals = Seals(work.shop.secret)
    async with work.scope() as scope:
        due = await rooms.to_look(scope, seals, asked.class_id, asked.look)
        if due is None or await _comes_too_early(scope, due):
            return
        opened = await _opened(scope, seals, due.room.connection_id)
    if opened is None:
        return
    try:
        told = await _look(work, seals, due, *opened)
    except ProviderDown as down:
        if due.extra:
            raise
        await _note(work, due, down.message)
    except ProviderRefused as refused:
        await _note(work, due, refused.message)
    except Exception:
        await _note(work, due, OUR_FAULT)
        raise
    else:
        await _note(work, due, "", told=told)


async def _note(work: Work, due: Look, problem: str, *, told: bool = False) -> None:
    """The look was made, whatever came of it: the next one is asked for unless the recording has come, and who came."""
    if problem:
        log.warning("a live provider was asked in vain", live_class=str(due.room.class_id), reason=problem)
    if not due.extra:
        async with work.scope() as scope:
            await rooms.looked(scope, due, problem, done=due.came and told)


async def where_it_lies(work: Work, errand: Errand) -> Download:
    """Where a recording can be fetched right now: as its provider says when asked, else where it was said to lie."""
    told = Download(errand.url, {"Authorization": f"Bearer {errand.token}"} if errand.token else {})
    if errand.connection_id is None:
        return told
    seals = Seals(work.shop.secret)
    async with work.scope() as scope:
        try:
            kind, secret = await connections.credentials(scope, seals, errand.connection_id)
        except NotFound:
            return told
        kept = await rooms.read(scope, seals, errand.class_id, errand.connection_id)
    if kept is None or not providers.choose(kind).abilities.fresh_links:
        return told
    try:
        return await work.shop.live.of(kind, secret).open_recording(Room(kept.ref, kept.facts), errand.key, errand.url)
    except ProviderRefused:
        if errand.token:
            return told
        raise


async def _comes_too_early(scope: Scope, due: Look) -> bool:
    """Whether the class was moved, so that the look is for later; it is asked for again then."""
    if due.extra or due.held["state"] != "scheduled" or datetime.now(UTC) >= due.due_at:
        return False
    rooms.look_after(scope, due.room.class_id, due.room.looks, due.held["ends_at"])
    return True


async def _opened(scope: Scope, seals: Seals, connection_id: UUID) -> tuple[str, str] | None:
    """Kind and credentials of the class's connection; None when it was closed meanwhile."""
    try:
        return await connections.credentials(scope, seals, connection_id)
    except NotFound:
        return None


async def _look(work: Work, seals: Seals, due: Look, kind: str, secret: str) -> bool:
    """Whether the provider has told who came, or is none that could be asked for that."""
    hosting, room = work.shop.live.of(kind, secret), Room(due.room.ref, due.room.facts)
    if due.held["state"] == "cancelled":
        await hosting.end_room(room)
        return True
    for each in await hosting.list_recordings(room, due.held["starts_at"] - REHEARSED):
        async with work.scope() as scope:
            await _take_in(scope, seals, due, each)
    if datetime.now(UTC) >= due.held["ends_at"]:
        await _see_whether_it_ended(work, due, hosting, room)
    return not providers.choose(kind).abilities.reports or await _hear_who_came(work, due, hosting, room)


async def _hear_who_came(work: Work, due: Look, hosting: Hosting, room: Room) -> bool:
    """Whether the provider's report of who came is there by now."""
    stays = await hosting.list_stays(room, due.held["starts_at"] - REHEARSED)
    if stays:
        async with work.scope() as scope:
            told = [Stayed(each.participant, each.since, each.until, each.name) for each in stays]
            await attendance.take_report(scope, due.room.class_id, told)
    return bool(stays)


async def _take_in(scope: Scope, seals: Seals, due: Look, found: FoundRecording) -> None:
    class_id = due.room.class_id
    if found.failed or found.started_at is None:
        await recordings.note_missing(scope, class_id, found.key, found.failed)
        return
    told = Announced(found.key, found.url, found.content_type, found.size, found.started_at)
    await recordings.announce(scope, seals, class_id, told)


async def _see_whether_it_ended(work: Work, due: Look, hosting: Hosting, room: Room) -> None:
    state = await hosting.room_state(room)
    if state.word == "ended" and due.held["state"] == "scheduled":
        async with work.scope() as scope:
            await classes.end(scope, due.room.class_id, state.ended_at or due.held["ends_at"])
