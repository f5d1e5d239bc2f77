"""Looking after classes once they are over: a lost webhook costs nothing, a bad answer holds up nobody, and nothing is
fetched twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from providers.live import choose
from providers.live.hosts import LiveHosts
from providers.live.wire import _BREAKERS
from tenants import work
from tenants.live import classes, connections, recordings, rooms
from tenants.live.recordings import Announced
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.providers.live_sides import HASTE, SIDES
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.standins.live import Manners
from tests.standins.recordings import recording_server
from tests.tenants.live_school import SEALS, Held, make_class
from tests.workers.fetching import fetch_to_the_end, shelf
from workers import live as performers
from workers.registry import Workshop
from workers.run import perform_leased

SYSTEM = acting_system("test")


@dataclass
class Past:
    """A class that ended two minutes ago in a room of `far`, and what a worker needs to look after it."""

    kind: str
    far: Any
    shop: Workshop
    held: Held
    id: UUID
    connection: UUID
    ref: str
    began: datetime

    async def looks(self) -> list[int]:
        """The numbers of the looks that are asked for."""
        return [number for number, _ in await self.asked_for()]

    async def asked_for(self) -> list[tuple[int, datetime]]:
        sql = "select payload, run_at from jobs where name = 'LookAfterClass' and payload->>'class_id' = $1 order by id"
        async with bare(self.shop.tenancy.relay) as connection:
            rows = await connection.fetch(sql, str(self.id))
        return [(row["payload"]["look"], row["run_at"]) for row in rows]

    async def look(self) -> None:
        """Do what is asked for now, whenever it is due."""
        sql = """update jobs set run_at = now(), lease = null, leased_until = null where name = 'LookAfterClass'
                 and payload->>'class_id' = $1 and state <> 'failed' returning channel_id, id"""
        async with bare(self.shop.tenancy.relay) as connection:
            rows = await connection.fetch(sql, str(self.id))
        for row in rows:
            leased = await work.take(self.shop.tenancy, work.Ticket(row["channel_id"], None, row["id"]))
            assert leased is not None
            await perform_leased(self.shop, leased)

    def keeps(self, url: str) -> None:
        """The provider has a recording of the class at this address."""
        if self.kind == "livekit":
            self.far.egresses = [livekit.egress(self.id, self.began, url)]
        elif self.kind == "zoom":
            self.far.recordings[self.ref] = zoom.films(self.ref, self.began, url)
            self.far.recordings[zoom.SITTING] = self.far.recordings[self.ref]
        else:
            self.far.recordings[self.ref] = bbb.recording("rec-1", self.began, url)

    async def kept(self) -> list[tuple[str, str]]:
        async with self.shop.tenancy.scope(self.held.school.id, SYSTEM) as scope:
            return [(row["state"], row["reason"] or "") for row in await recordings.of_class(scope, self.id)]

    async def state(self) -> str:
        async with self.shop.tenancy.scope(self.held.school.id, SYSTEM) as scope:
            return str((await classes.read(scope, self.id))["state"])


@asynccontextmanager
async def past(kind: str, shop: Workshop, held: Held, *hosts: str) -> AsyncIterator[Past]:
    async with SIDES[kind]().serve() as far:
        now = datetime.now(UTC).replace(microsecond=0)
        began, ended = now - timedelta(minutes=62), now - timedelta(minutes=2)
        near = replace(shop, live=LiveHosts([far.host], HASTE), recording_hosts=(far.host, *hosts))
        async with shop.tenancy.scope(held.school.id, SYSTEM) as scope:
            secret = choose(kind).check(far.given)
            made = await connections.add(scope, SEALS, name="Ours", provider=kind, secret=secret)
        at = {"connection_id": made["id"], "starts_at": began, "ends_at": ended}
        class_id = await make_class(shop.tenancy, held.school, held.school.ana, held.batch, **at)
        ref = "90000000000" if kind == "zoom" else str(class_id)
        async with shop.tenancy.scope(held.school.id, SYSTEM) as scope:
            room = {"class_id": class_id, "connection_id": made["id"], "ref": ref, "facts": {}, "problem": ""}
            await rooms.keep(scope, SEALS, **room, ends_at=ended)
        yield Past(kind, far, near, held, class_id, made["id"], ref, began)
        await near.live.close()
    _BREAKERS.clear()


@pytest.fixture(params=sorted(SIDES))
async def over(request: pytest.FixtureRequest, shop: Workshop, held: Held) -> AsyncIterator[Past]:
    async with past(request.param, shop, held) as class_over:
        yield class_over


async def test_a_lost_webhook_costs_nothing_and_nothing_is_asked_for_twice(over: Past) -> None:
    [(look, due)] = await over.asked_for()
    assert (look, due) == (0, over.began + timedelta(minutes=61))
    await over.look()
    assert (await over.kept(), await over.looks()) == ([], [1])
    over.keeps("https://films.example/a.mp4")
    await over.look()
    assert await over.kept() == [("announced", "")]
    await over.look()
    assert (await over.kept(), await over.looks()) == ([("announced", "")], [])


async def test_a_look_that_is_asked_for_twice_is_made_once(over: Past) -> None:
    async with over.shop.tenancy.scope(over.held.school.id, SYSTEM) as scope:
        await rooms.follow(scope, over.id)
    assert await over.looks() == [0, 0]
    await over.look()
    assert await over.looks() == [1]
    calls = [asked for asked in over.far.asked if "ecording" in asked or "ListEgress" in asked]
    assert len(calls) == 1


async def test_looks_come_ever_later_and_end(over: Past) -> None:
    minutes = []
    for number in range(len(rooms.LOOKS)):
        [(look, due)] = await over.asked_for()
        ended = over.began + timedelta(minutes=60)
        minutes.append(round((due - ended) / timedelta(minutes=1)))
        assert look == number
        await move_back(over, due)
        await over.look()
    assert minutes == [1, 10, 60, 360, 1440]
    assert await over.asked_for() == []


async def move_back(over: Past, due: datetime) -> None:
    """Time passes: the class was so much earlier."""
    by = due - datetime.now(UTC) + timedelta(seconds=1)
    sql = "update live_classes set starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval where id = $1"
    async with bare(over.shop.tenancy.app, channel_id=over.held.school.id) as connection:
        await connection.execute(sql, over.id, by)
    over.began -= by


BAD = [
    Manners(status=503),
    Manners(cut=True),
    Manners(lie=b"<html>"),
    Manners(lie=b'{"items": [7]}'),
    Manners(slow=2.0),
]


@pytest.mark.parametrize("manners", BAD, ids=range(len(BAD)))
async def test_a_bad_answer_is_noted_and_the_next_look_asks_again(over: Past, manners: Manners) -> None:
    over.keeps("https://films.example/a.mp4")
    over.far.manners = manners
    await over.look()
    async with over.shop.tenancy.scope(over.held.school.id, SYSTEM) as scope:
        noted = (await rooms.problems(scope))[over.id]
    assert noted.endswith(".")
    assert (await over.kept(), await over.looks()) == ([], [1])
    over.far.manners = Manners(times=0)
    _BREAKERS.clear()
    await move_back(over, (await over.asked_for())[0][1])
    await over.look()
    async with over.shop.tenancy.scope(over.held.school.id, SYSTEM) as scope:
        assert await rooms.problems(scope) == {}
    assert await over.kept() == [("announced", "")]


async def test_a_fault_of_ours_is_noted_and_the_next_look_comes_all_the_same(
    over: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(performers, "_take_in", stumble)
    over.keeps("https://films.example/a.mp4")
    await over.look()
    async with over.shop.tenancy.scope(over.held.school.id, SYSTEM) as scope:
        assert await rooms.problems(scope) == {over.id: performers.OUR_FAULT}
    assert sorted(await over.looks()) == [0, 1]  # the failed one stays for the operator to see


async def test_one_bad_answer_holds_up_no_other_class(shop: Workshop, held: Held) -> None:
    async with past("livekit", shop, held) as one, past("livekit", shop, held) as other:
        one.far.manners = Manners(status=500)
        other.keeps("https://films.example/a.mp4")
        for _ in range(4):
            await one.look()
        await other.look()
        assert await other.kept() == [("announced", "")]


async def test_a_class_that_ended_unheard_is_ended_by_a_look(over: Past) -> None:
    assert await over.state() == "scheduled"
    if over.kind == "zoom":
        over.far.ended[over.ref] = (over.began + timedelta(minutes=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await over.look()
    assert await over.state() == "ended"


async def test_a_class_that_was_cancelled_has_its_room_closed(over: Past) -> None:
    async with over.shop.tenancy.scope(over.held.school.id, over.held.school.ana.actor) as scope:
        row = await classes.read(scope, over.id)
        await classes.edit(scope, over.id, row["version"], {"state": "cancelled"})
        await rooms.follow(scope, over.id)
    assert rooms.EXTRA in await over.looks()
    await over.look()
    closing = {"livekit": "DeleteRoom", "zoom": "/status", "bigbluebutton": "/end"}[over.kind]
    assert any(closing in asked for asked in over.far.asked)


async def test_a_class_that_was_moved_is_looked_after_at_its_new_end(over: Past) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    async with over.shop.tenancy.scope(over.held.school.id, over.held.school.ana.actor) as scope:
        row = await classes.read(scope, over.id)
        await classes.edit(scope, over.id, row["version"], {"starts_at": later - timedelta(hours=1), "ends_at": later})
        await rooms.follow(scope, over.id)
    await over.look()
    assert over.far.asked == []
    assert {due for _, due in await over.asked_for()} == {later + timedelta(minutes=1)}


async def test_a_recording_that_failed_says_why(shop: Workshop, held: Held) -> None:
    async with past("livekit", shop, held) as over:
        over.far.egresses = [livekit.egress(over.id, over.began, "", status="EGRESS_FAILED", error="no space left")]
        await over.look()
        assert await over.kept() == [("failed", "LiveKit could not record the class: no space left")]
        over.far.egresses = [livekit.egress(over.id, over.began, "/out/recording.mp4")]
    async with past("bigbluebutton", shop, held) as over:
        over.far.recordings[over.ref] = bbb.recording("rec-1", over.began, "https://bbb.example/p", "presentation")
        await over.look()
        [(state, reason)] = await over.kept()
        assert (state, "bbb-playback-video" in reason) == ("failed", True)


async def test_a_zoom_recording_becomes_a_lesson_by_a_link_asked_for_when_it_is_fetched(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path
) -> None:
    async with past("zoom", shop, held) as over:
        over.far.film = reel
        over.keeps(over.far.url)
        await over.look()
        async with tenancy.scope(held.school.id, SYSTEM) as scope:
            [row] = await recordings.of_class(scope, over.id)
        await fetch_to_the_end(over.shop, row["id"])
        assert await over.kept() == [("ready", "")]
        assert [lesson["duration_seconds"] for lesson in await shelf(tenancy, held)] == [4]


async def test_a_zoom_app_that_may_not_list_recordings_still_fetches_by_the_webhooks_token(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path
) -> None:
    async with past("zoom", shop, held) as over:
        over.far.film = reel
        url = f"{over.far.url}/rec/download/f-screen"
        told = Announced(f"{zoom.SITTING}|x", url, "video/mp4", None, over.began, "hook-token")
        async with tenancy.scope(held.school.id, SYSTEM) as scope:
            await recordings.announce(scope, SEALS, over.id, told)
            [row] = await recordings.of_class(scope, over.id)
        await fetch_to_the_end(over.shop, row["id"])
        assert await over.kept() == [("ready", "")]


async def test_a_livekit_recording_becomes_a_lesson(shop: Workshop, tenancy: Tenancy, held: Held, reel: Path) -> None:
    async with recording_server(reel) as films, past("livekit", shop, held, films.host) as over:
        over.keeps(films.url)
        await over.look()
        async with tenancy.scope(held.school.id, SYSTEM) as scope:
            [row] = await recordings.of_class(scope, over.id)
        await fetch_to_the_end(over.shop, row["id"])
        assert await over.kept() == [("ready", "")]
