"""Classes at hosted providers, over the whole application: a way in of one's own at the right time, webhooks acted on
once, and a provider that fails said in a sentence."""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from providers.embedded import EmbeddedValkey
from providers.live.wire import _BREAKERS
from tenants.batches import seats
from tenants.live import attendance, classes, recordings
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.providers.live_sides import SIDES
from tests.server.browsing import signed_in
from tests.server.hosting import Hosted, hosted
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.standins.live import Delivery, Manners, astray
from tests.world import World


@pytest.fixture(params=sorted(SIDES))
async def at(
    request: pytest.FixtureRequest,
    tenancy: Tenancy,
    world: World,
    database: str,
    valkey: EmbeddedValkey,
    tmp_path: Path,
) -> AsyncIterator[Hosted]:
    async with hosted(request.param, tenancy, world, database, valkey.redis_url, tmp_path) as school:
        yield school
    _BREAKERS.clear()


async def test_each_member_is_led_in_by_a_link_of_their_own(at: Hosted) -> None:
    sam, ben = await at.join(at.school.sam), await at.join(at.school.ben)
    assert (sam.status, ben.status) == (303, 303)
    assert sam.headers["Location"] != ben.headers["Location"]
    assert sam.headers["Cache-Control"] == "private, no-store"
    zoe = await at.join(at.school.zoe)
    assert zoe.status == 403
    api = f"/channels/{at.school.slug}/classes/{at.id}/join"
    over_api = await at.web.call("POST", api, token=at.school.sam.token)
    assert (over_api.status, over_api.json["participant"]) == (200, str(at.school.sam.member_id))


async def test_outside_of_its_time_the_door_says_when_and_asks_nobody(at: Hosted) -> None:
    now = datetime.now(UTC)
    early = await at.class_in(starts_at=now + timedelta(minutes=16), ends_at=now + timedelta(hours=1))
    over = await at.class_in(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    for class_id, status, words in ((early, 409, b"15 minutes before"), (over, 410, b"This class is over")):
        shut = await at.web.get(f"/c/{at.school.slug}/classes/{class_id}", headers=at.school.sam.bearer)
        assert (shut.status, words in shut.body) == (status, True)
    assert at.far.asked == []


async def test_a_crowd_at_the_door_makes_one_room(at: Hosted) -> None:
    answers = await asyncio.gather(*(at.join(at.school.people[who]) for who in ("ana", "ben", "sam") for _ in range(5)))
    assert {answer.status for answer in answers} <= {303, 503}
    assert sum(answer.status == 303 for answer in answers) >= 10
    made = at.far.rooms if at.kind == "livekit" else at.far.meetings
    assert len(made) == 1


@pytest.mark.parametrize("manners", [Manners(status=500), Manners(cut=True), Manners(lie=b"<html>")])
async def test_a_provider_that_fails_is_said_and_tried_again(at: Hosted, manners: Manners) -> None:
    at.far.manners = manners
    failed = await at.join(at.school.sam)
    assert failed.status in {502, 503}
    assert b"Traceback" not in failed.body
    checked = await at.web.call("POST", check_of(at), token=at.school.ana.token)
    assert (checked.status, checked.json["ok"], checked.json["said"][-1]) == (200, False, ".")
    at.far.manners = Manners(times=0)
    _BREAKERS.clear()
    assert (await at.join(at.school.sam)).status == 303
    checked = await at.web.call("POST", check_of(at), token=at.school.ana.token)
    assert (checked.json["ok"], checked.status) == (True, 200)


def check_of(at: Hosted) -> str:
    return f"/channels/{at.school.slug}/live-connections/{at.connection}/check"


async def test_a_check_is_for_those_who_plan_and_of_the_own_channel(at: Hosted, world: World) -> None:
    assert (await at.web.call("POST", check_of(at), token=at.school.sam.token)).status == 403
    assert (await at.web.call("POST", check_of(at))).status == 401
    theirs = check_of(at).replace(at.school.slug, world.chess.slug)
    assert (await at.web.call("POST", theirs, token=world.chess.otto.token)).status == 404


def told(at: Hosted, began: datetime) -> list[Delivery]:
    """An hour's class: Sam comes, goes, comes again; the class ends; its recording is kept."""
    sam, minute = str(at.school.sam.member_id), timedelta(minutes=1)
    film = "https://films.example/a.mp4"
    if at.kind == "livekit":
        moves = [
            ("participant_joined", 0),
            ("participant_left", 10),
            ("participant_joined", 20),
            ("participant_left", 30),
        ]
        return [
            *(
                livekit.webhook(livekit.moved(kind, at.id, sam, began + minutes * minute, f"EV_{minutes}"))
                for kind, minutes in moves
            ),
            livekit.webhook(livekit.finished(at.id, began + 40 * minute, "EV_40")),
            livekit.webhook({"event": "egress_ended", "id": "EV_50", "egressInfo": livekit.egress(at.id, began, film)}),
        ]
    if at.kind == "zoom":
        mailbox = f"{sam}@participants.invalid"
        moves = [("joined", 0), ("left", 10), ("joined", 20), ("left", 30)]
        return [
            *(
                zoom.webhook(zoom.moved(f"meeting.participant_{kind}", at.ref, mailbox, began + minutes * minute))
                for kind, minutes in moves
            ),
            zoom.webhook(zoom.finished(at.ref, began + 40 * minute)),
            zoom.webhook(zoom.recorded(at.ref, began, "https://films.example")),
        ]
    given = at.far.meetings[at.ref]
    joins, leaves = [[(began + n * minute).isoformat() for n in each] for each in ((0, 20), (10, 30))]
    person = {"ext_user_id": sam, "name": "Sam", "joins": joins, "leaves": leaves}
    return [
        bbb.came(given["meta_analytics-callback-url"], at.ref, [person]),
        bbb.ended(given["meta_endCallbackUrl"], at.ref),
        bbb.ready(given["meta_bbb-recording-ready-url"], at.ref, "rec-1"),
    ]


async def seen(at: Hosted) -> dict[str, Any]:
    """What the channel knows of the class."""
    async with at.tenancy.scope(at.school.id, acting_system("test")) as scope:
        row = await classes.read(scope, at.id)
        return {
            "state": row["state"],
            "came": [(who.participant, who.seconds) for who in await attendance.of_class(scope, at.id)],
            "recordings": [each["state"] for each in await recordings.of_class(scope, at.id)],
        }


async def jobs_of(at: Hosted, name: str) -> int:
    async with bare(at.tenancy.relay) as connection:
        sql = "select count(*) from jobs where channel_id = $1 and name = $2 and payload->>'look' is distinct from '0'"
        return int(await connection.fetchval(sql, at.school.id, name))


async def test_what_a_provider_tells_is_acted_on_once_in_whatever_order_it_comes(at: Hosted) -> None:
    assert (await at.join(at.school.sam)).status == 303
    async with at.tenancy.scope(at.school.id, acting_system("test")) as scope:
        began = (await classes.read(scope, at.id))["starts_at"].replace(microsecond=0) + timedelta(seconds=1)
    answers = [await at.deliver(each) for each in astray(told(at, began), random.Random(7))]
    assert {answer.status for answer in answers} == {200}
    expected = {"state": "ended", "came": [(str(at.school.sam.member_id), 1200.0)], "recordings": ["announced"]}
    if at.kind == "bigbluebutton":  # its callback only says that there is something to ask for
        expected["recordings"] = []
        assert await jobs_of(at, "LookAfterClass") == 1
    else:
        assert await jobs_of(at, "IngestRecording") == 1
    assert await seen(at) == expected
    assert (await at.join(at.school.sam)).status == 410


async def test_a_wrong_signature_is_401_and_another_room_is_nothing_to_us(at: Hosted) -> None:
    await at.join(at.school.sam)
    began = datetime.now(UTC).replace(microsecond=0)
    query, headers, raw = told(at, began)[0]
    assert (await at.deliver((query, headers, raw + b"x"))).status in (
        {401, 400} if at.kind == "bigbluebutton" else {401}
    )
    assert (await at.deliver(("", {}, raw))).status == 401
    assert (await at.deliver(SIDES[at.kind]().forged)).status == 401
    side = SIDES[at.kind]()
    foreign = [delivery for delivery, _ in side.told]  # of a class, or a meeting, that is none of this connection's
    for delivery in foreign + side.unknown:
        assert (await at.deliver(delivery)).status == 200
    assert await seen(at) == {"state": "scheduled", "came": [], "recordings": []}


async def test_a_webhook_is_answered_within_a_tenth_of_a_second(at: Hosted) -> None:
    await at.join(at.school.sam)
    at.far.manners = Manners(slow=5.0)  # nobody waits for the provider
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    took = []
    for delivery in told(at, began):
        clock = time.perf_counter()
        assert (await at.deliver(delivery)).status == 200
        took.append(time.perf_counter() - clock)
    assert min(took) < 0.1


async def test_nobody_without_a_seat_has_a_link_made(at: Hosted) -> None:
    async with at.tenancy.scope(at.school.id, at.school.sam.actor) as scope:
        row = await classes.read(scope, at.id)
        await seats.leave(scope, row["course_id"])
    assert (await at.join(at.school.sam)).status == 403
    assert at.far.asked == []


async def test_a_creator_connects_checks_plans_and_disconnects_in_the_studio(at: Hosted) -> None:
    home, ana = f"/c/{at.school.slug}/studio", await signed_in(at.web, at.school.ana)
    fields = {f"{at.kind}-{name}": value for name, value in at.far.given.items()}
    wrong = await ana.post(f"{home}/connections", provider=at.kind, **dict.fromkeys(fields, ""))
    assert (wrong.status, "is missing" in wrong.text) == (422, True)
    made = await ana.post(f"{home}/connections", provider=at.kind, **fields, **{f"{at.kind}-name": "Second room"})
    assert made.status == 201
    page = await ana.get(f"{home}/classes")
    secrets = [value for name, value in at.far.given.items() if "secret" in name]
    assert not any(secret in shown for secret in secrets for shown in (wrong.text, made.text, page.text))
    [connection] = re.findall(r'<option value="([0-9a-f-]{36})">Second room', page.text)
    checked = await ana.post(f"{home}/connections/{connection}/check")
    assert (checked.status, "accepts" in checked.text) == (200, True)
    at.far.manners = Manners(status=503)
    failed = await ana.post(f"{home}/connections/{connection}/check")
    assert (failed.status, "has trouble of its own" in failed.text) == (200, True)
    planned = {"title": "Glazing", "batch": str(at.batch), "starts_at": "2027-01-12T19:00", "minutes": "90", "link": ""}
    assert (await ana.post(f"{home}/classes", **planned, connection=connection)).status == 303
    assert (await ana.post(f"{home}/classes", **planned, connection=str(at.id))).status == 404
    closed = await ana.post(f"{home}/connections/{connection}/close")
    assert closed.headers["Location"].endswith("said=disconnected")
    assert "Second room" not in (await ana.get(f"{home}/classes")).text


async def test_a_room_that_is_known_does_while_its_provider_is_silent(at: Hosted) -> None:
    if at.kind == "zoom":  # whose links are made by Zoom alone
        return
    assert (await at.join(at.school.ana)).status == 303
    at.far.manners = Manners(status=500)
    assert (await at.join(at.school.sam)).status == 303
