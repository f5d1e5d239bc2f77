"""Looking after classes once they are over: a lost webhook costs nothing, a bad answer holds up nobody, and nothing is
fetched twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from providers.live.wire import _BREAKERS
from tenants.live import classes, recordings, rooms
from tenants.live.recordings import Announced
from tenants.scope import Tenancy
from tests.providers.live_sides import SIDES
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.standins.live import Manners
from tests.standins.recordings import recording_server
from tests.tenants.live_school import SEALS, Held
from tests.workers.fetching import fetch_to_the_end, shelf
from tests.workers.looking import SYSTEM, Past, past
from workers import live as performers
from workers.registry import Workshop


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
    if over.kind == "zoom":  # whose report of who came is waited for as well
        await over.look()
        assert await over.looks() == [3]
        over.far.sittings[over.ref] = {zoom.SITTING: [zoom.took_part("", over.began, over.began)]}
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
        await over.pass_time(due - datetime.now(UTC) + timedelta(seconds=1))
        await over.look()
    assert minutes == [1, 10, 60, 360, 1440]
    assert await over.asked_for() == []


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
    await over.pass_time((await over.asked_for())[0][1] - datetime.now(UTC) + timedelta(seconds=1))
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
