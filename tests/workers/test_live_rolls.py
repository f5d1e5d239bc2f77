"""Roll calls: attendance survives lost webhooks; neither a provider's faults nor a worker's death break the chain."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from providers.live.wire import _BREAKERS
from tenants.live import attendance, classes, connections, rooms
from tenants.live.attendance import LAG
from tests.databases import bare
from tests.standins import zoom
from tests.standins.live import Manners
from tests.tenants.live_school import SEALS, Held
from tests.workers.holding import (
    ANA,
    MINUTE,
    SAM,
    STORY,
    ZOE,
    calls,
    came,
    change,
    deliver,
    fill,
    hold,
    on_air,
    second,
    webhooks,
)
from tests.workers.looking import SYSTEM, Past, past
from workers.registry import Workshop

CALLERS = ["bigbluebutton", "livekit"]


@pytest.mark.parametrize("kind", ["bigbluebutton", "livekit", "zoom"])
async def test_with_webhooks_and_roll_calls_together_nothing_doubles(kind: str, shop: Workshop, held: Held) -> None:
    async with on_air(kind, shop, held) as at:
        await hold(at, told=True)
        assert await came(at) == {who: [tuple(map(float, stay)) for stay in own] for who, own in STORY.items()}
        assert await calls(at) == []


@pytest.mark.parametrize("kind", CALLERS)
async def test_with_every_webhook_lost_attendance_is_the_same_to_a_minute(
    kind: str, shop: Workshop, held: Held
) -> None:
    async with on_air(kind, shop, held) as at:
        await hold(at)
        found = await came(at)
        assert set(found) == set(STORY)
        # Zoë was in for seconds between two calls, twice: nobody saw that.
        expected = {**STORY, ZOE: [(200, 599)]}
        for who, own in expected.items():
            assert len(found[who]) == len(own)
            for (since, until), (first, last) in zip(own, found[who], strict=True):
                assert 0 <= last - until <= 62
                assert first == since if kind == "livekit" else 0 <= first - since <= 62
        assert await calls(at) == []


async def test_what_zoom_did_not_tell_its_report_tells_exactly(shop: Workshop, held: Held) -> None:
    exactly = {who: [tuple(map(float, stay)) for stay in own] for who, own in STORY.items()}
    async with past("zoom", shop, held) as at:
        lines = [
            zoom.took_part(f"{who}@participants.invalid", second(at, since), second(at, until))
            for who, own in STORY.items()
            for since, until in own
        ]
        second_device = {SAM: [(20, 150)]}
        lines.append(zoom.took_part(f"{SAM}@participants.invalid", second(at, 20), second(at, 150)))
        at.far.sittings[at.ref] = {zoom.SITTING: lines}
        at.keeps("https://films.example/a.mp4")
        await deliver(at, webhooks(at, STORY, -200, 150) + webhooks(at, second_device, 0, 150))  # then they are lost
        at.far.reports = False
        await at.look()
        async with at.shop.tenancy.scope(at.held.school.id, SYSTEM) as scope:
            assert await rooms.problems(scope) == {}
        assert (await at.kept(), await at.looks()) == ([("announced", "")], [1])
        at.far.reports = True
        for _ in range(2):
            await at.look()
            assert await came(at) == exactly
        await deliver(at, webhooks(at, STORY, 150, 700))  # late
        assert await came(at) == exactly
        assert (await at.looks(), await calls(at)) == ([], [0])


async def test_who_cannot_say_who_is_there_is_not_asked_again(shop: Workshop, held: Held) -> None:
    async with on_air("zoom", shop, held) as at:
        assert await calls(at) == [0]
        await hold(at, minutes=range(-2, 1))
        assert (await calls(at), at.far.asked) == ([], [])


TROUBLES = {
    "down": Manners(status=503),
    "cut": Manners(cut=True),
    "slow": Manners(slow=2.0),
    "html": Manners(lie=b"<html>"),
    "nothing": Manners(lie=b"[]"),
    "other": Manners(lie=b'{"rooms": []}'),
    "wrong": Manners(lie=b'{"participants": [{"identity": 5, "state": "ACTIVE"}]}'),
    "xml": Manners(lie=b"<response><returncode>SUCCESS</returncode></response>"),
}


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize("trouble", sorted(TROUBLES))
async def test_a_provider_that_is_away_or_lies_changes_nothing_and_is_asked_next_time(
    kind: str, trouble: str, shop: Workshop, held: Held
) -> None:
    async with on_air(kind, shop, held) as at:
        await hold(at, minutes=range(-2, 2))
        before = await came(at)
        assert {ANA, SAM} <= set(before)
        at.far.manners = TROUBLES[trouble]
        await hold(at, minutes=[2, 3])
        assert await came(at) == before
        [number] = await calls(at)
        at.far.manners = Manners(times=0)
        _BREAKERS.clear()
        await hold(at, minutes=[4])
        assert await calls(at) == [number + 1]
        left = (await came(at))[SAM][0][1]
        assert left == pytest.approx(240, abs=10)  # he went at 155, and nobody could say so until now


@pytest.mark.parametrize("kind", CALLERS)
async def test_who_comes_while_a_slow_provider_is_asked_is_not_marked_as_gone(
    kind: str, shop: Workshop, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "LAG", timedelta())  # which would cover for it
    async with on_air(kind, shop, held) as at:
        await hold(at, {}, minutes=range(-2, 1))
        at.far.manners = Manners(slow=0.3)
        await at.pass_time(MINUTE)
        calling = asyncio.create_task(at.do_what_is_due("CallRoll"))
        await asyncio.sleep(0.1)
        moment = datetime.now(UTC)
        async with at.shop.tenancy.scope(at.held.school.id, SYSTEM) as scope:
            await attendance.note(scope, at.id, [(SAM, "Sam", attendance.Mark(moment, "joined"))])
        await calling
        [(since, until)] = (await came(at))[SAM]
        assert (second(at, since), until) == (moment, 600.0)


@pytest.mark.parametrize("kind", CALLERS)
async def test_a_class_that_is_cancelled_while_it_is_on_ends_for_all_and_is_asked_of_no_more(
    kind: str, shop: Workshop, held: Held
) -> None:
    async with on_air(kind, shop, held) as at:
        await hold(at, minutes=range(-2, 2))
        await change(at, {"state": "cancelled"})
        asked = len(at.far.asked)
        found = await came(at)
        assert found[ANA][0][1] == pytest.approx(60, abs=10)
        await hold(at, minutes=range(2, 5))
        assert (await calls(at), len(at.far.asked)) == ([], asked)
        assert await came(at) == found


@pytest.mark.parametrize("kind", CALLERS)
async def test_a_class_that_is_moved_while_it_is_on_ends_for_all_and_its_roll_is_called_at_its_new_time(
    kind: str, shop: Workshop, held: Held
) -> None:
    async with on_air(kind, shop, held) as at:
        await hold(at, minutes=range(-2, 2))
        later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
        await change(at, {"starts_at": later, "ends_at": later + 10 * MINUTE})
        asked = len(at.far.asked)
        await hold(at, minutes=range(2, 5))
        assert len(at.far.asked) == asked
        assert {due - later for _, due in await at.asked_for("CallRoll")} == {-classes.EARLY - 3 * MINUTE}
        [(_, until)] = (await came(at))[ANA]
        assert until == pytest.approx(60, abs=10)
        await at.pass_time(later - datetime.now(UTC))
        again = (datetime.now(UTC) - at.began).total_seconds()
        fill(at, {ZOE: [(int(again) - 30, int(again) + 600)]}, again)
        await at.do_what_is_due("CallRoll")
        assert len(await calls(at)) == 1
        assert (await came(at))[ZOE][0][0] == pytest.approx(again, abs=35)
        assert (await came(at))[ANA] == [(-100.0 if kind == "livekit" else pytest.approx(-60, abs=10), until)]


async def test_however_often_it_is_asked_for_a_class_has_one_chain(shop: Workshop, held: Held) -> None:
    async with on_air("livekit", shop, held) as at:
        for name in ("Glazing", "Firing", "Centring"):
            await change(at, {"title": name})
        assert await calls(at) == [0] * 4
        await hold(at, minutes=[-2])
        assert await calls(at) == [0, 1]  # the one that was asked for with the room is for later
        await hold(at, minutes=range(-1, 2))
        assert len(await calls(at)) == 1
        assert sum("ListParticipants" in asked for asked in at.far.asked) == 4


async def test_two_workers_with_the_same_call_make_it_once(shop: Workshop, held: Held) -> None:
    async with on_air("livekit", shop, held) as at:
        await change(at, {"title": "Glazing"})
        await at.pass_time(MINUTE)
        await at.do_what_is_due("CallRoll")
        async with at.shop.tenancy.scope(at.held.school.id, SYSTEM) as scope:
            assert not await rooms.called(scope, at.id, 0)
            assert await rooms.to_call(scope, SEALS, at.id, 0) is None
        assert await calls(at) == [1]


async def test_a_connection_that_was_closed_ends_the_chain(shop: Workshop, held: Held) -> None:
    async with on_air("livekit", shop, held) as at:
        await hold(at, minutes=range(-2, 0))
        async with at.shop.tenancy.scope(at.held.school.id, at.held.school.ana.actor) as scope:
            await connections.close(scope, at.connection)
        asked = len(at.far.asked)
        await hold(at, minutes=range(2))
        assert (await calls(at), len(at.far.asked)) == ([], asked)


async def test_a_call_that_comes_long_after_the_end_asks_nobody(shop: Workshop, held: Held) -> None:
    async with on_air("livekit", shop, held) as at:
        await hold(at, minutes=range(-2, 2))
        await at.pass_time(20 * MINUTE)
        fill(at, {}, 1300)
        await at.do_what_is_due("CallRoll")
        assert await calls(at) == []
        assert (await came(at))[ANA] == [(-100.0, 600.0)]


async def test_a_worker_killed_over_a_call_costs_that_call_and_no_other(
    shop: Workshop, held: Held, database: str, tmp_path: Path
) -> None:
    async with on_air("livekit", shop, held) as at:
        await hold(at, minutes=range(-2, 3))
        before, [number] = await came(at), await calls(at)
        await at.pass_time(MINUTE)
        fill(at, STORY, (datetime.now(UTC) - at.began).total_seconds())
        await die_over_it(at, database, tmp_path)
        assert await calls(at) == [number, number + 1]
        assert await came(at) == before
        await hold(at, minutes=range(4, 12))
        found = await came(at)
        assert [round(since) for since, _ in found[SAM]] == [7, 251]
        assert 0 <= found[SAM][0][1] - 155 <= 120 + LAG.total_seconds()
        assert await calls(at) == []


async def die_over_it(at: Past, database: str, home: Path) -> None:
    """A worker takes the call that is due, asks, and is killed before it writes down what it heard."""
    async with bare(at.shop.tenancy.relay) as connection:
        sql = "select id from jobs where name = 'CallRoll' and payload->>'class_id' = $1"
        job: UUID = await connection.fetchval(sql, str(at.id))
    command = [sys.executable, "-m", "tests.workers.dying_worker", database, str(home)]
    dying = await asyncio.create_subprocess_exec(*command, str(at.held.school.id), str(job), at.far.host)
    assert await dying.wait() == -signal.SIGKILL
