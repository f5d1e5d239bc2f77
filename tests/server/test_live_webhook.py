"""Webhooks of live providers: signed, taken in once, in any order to one end, and never into another channel."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from providers.standard_webhooks import sign
from tenants.live import attendance, classes, recordings
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.live_school import Held, make_connection, make_held
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


def event(held: Held, kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": {"class": str(held.id), **data}}


def ready(held: Held, url: str = "https://recordings.example/one.mp4?token=hush") -> dict[str, Any]:
    at = held.starts_at.isoformat()
    return event(held, "recording.ready", recording="rec-1", url=url, content_type="video/mp4", size=5, started_at=at)


async def post(web: Web, held: Held, body: Any, *, delivery: str = "", secret: str = "") -> int:
    """Deliver one signed webhook; the status of the answer."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = sign(secret or held.secret, delivery or uuid4().hex, datetime.now(UTC), raw)
    url = f"{web.url}/webhooks/live/{held.connection}"
    async with web.session.post(url, data=raw, headers=headers) as answer:
        return answer.status


async def seen(tenancy: Tenancy, held: Held) -> dict[str, Any]:
    """What the channel knows of the class in the end."""
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        kept = await recordings.of_class(scope, held.id)
        return {
            "recordings": [(row["state"], row["reason"], row["size"]) for row in kept],
            "state": (await classes.read(scope, held.id))["state"],
            "ended_at": (await classes.read(scope, held.id))["ended_at"],
            "came": [(who.participant, who.intervals) for who in await attendance.of_class(scope, held.id)],
        }


async def jobs_of(tenancy: Tenancy, held: Held) -> int:
    async with bare(tenancy.relay) as connection:
        sql = "select count(*) from jobs where channel_id = $1 and name = 'IngestRecording'"
        return int(await connection.fetchval(sql, held.school.id))


async def test_a_recording_is_announced_and_its_fetching_asked_for_once(web: Web, tenancy: Tenancy, held: Held) -> None:
    statuses = [await post(web, held, ready(held), delivery="msg-1") for _ in range(3)]
    statuses.append(await post(web, held, ready(held), delivery="msg-2"))
    assert statuses == [200] * 4
    assert (await seen(tenancy, held))["recordings"] == [("announced", None, 5)]
    assert await jobs_of(tenancy, held) == 1


async def test_another_address_changes_nothing_while_the_first_one_stands(
    web: Web, tenancy: Tenancy, held: Held
) -> None:
    await post(web, held, ready(held))
    await post(web, held, ready(held, url="https://recordings.example/two.mp4"))
    assert await jobs_of(tenancy, held) == 1


async def test_an_old_delivery_sent_again_does_not_bring_its_old_address_back(
    web: Web, tenancy: Tenancy, held: Held
) -> None:
    for delivery in ("one", "two"):
        await post(web, held, ready(held, url=f"https://recordings.example/{delivery}.mp4"), delivery=delivery)
        async with tenancy.scope(held.school.id, acting_system("test")) as scope:
            (row,) = await recordings.of_class(scope, held.id)
            await recordings.fail(scope, row["id"], "the link has expired")
    assert await jobs_of(tenancy, held) == 2
    assert await post(web, held, ready(held, url="https://recordings.example/one.mp4"), delivery="one") == 200
    assert (await seen(tenancy, held))["recordings"] == [("failed", "the link has expired", 5)]
    assert await jobs_of(tenancy, held) == 2


async def test_the_address_of_a_recording_lies_sealed(web: Web, tenancy: Tenancy, held: Held) -> None:
    await post(web, held, ready(held))
    async with bare(tenancy.relay) as connection:
        kept = await connection.fetchval("select string_agg(payload::text, ' ') from jobs")
    async with bare(tenancy.app, channel_id=held.school.id) as connection:
        rows = await connection.fetch("select r.sealed_url, i.facts from recordings r, live_inbox i")
    assert rows
    assert b"hush" not in rows[0]["sealed_url"]
    assert "hush" not in str(rows[0]["facts"]) + kept


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no json", 400),
        (b"[]", 400),
        ({"type": "recording.ready", "data": {}}, 400),
        ({"type": "recording.ready", "data": {"class": "mine"}}, 400),
        ({"type": "of.another.kind", "data": {}}, 200),
        (b"{" * 100_000, 400),
        (b" " * (256 * 1024 + 1), 413),
    ],
)
async def test_what_was_not_agreed_is_refused_and_nothing_kept(
    web: Web, tenancy: Tenancy, held: Held, body: Any, status: int
) -> None:
    before = await seen(tenancy, held)
    assert await post(web, held, body) == status
    assert await seen(tenancy, held) == before


async def test_a_wrong_signature_is_401_and_an_unknown_connection_404(web: Web, tenancy: Tenancy, held: Held) -> None:
    raw = orjson.dumps(ready(held))
    other = "whsec_" + "QUJD" * 11
    assert await post(web, held, raw, secret=other) == 401
    old = sign(held.secret, "msg", datetime.now(UTC) - timedelta(minutes=6), raw)
    here = f"{web.url}/webhooks/live/"
    for headers, place, status in (
        (old, held.connection, 401), ({}, held.connection, 401), (old, uuid4(), 404), (old, "x" * 500, 404),
    ):  # fmt: skip
        async with web.session.post(f"{here}{place}", data=raw, headers=headers) as answer:
            assert answer.status == status
    assert (await seen(tenancy, held))["recordings"] == []


async def test_a_class_of_another_channel_or_connection_is_404_and_nothing_is_written(
    web: Web, tenancy: Tenancy, world: World, held: Held
) -> None:
    theirs = await make_held(tenancy, world.chess, world.chess.otto, world.chess.eve)
    for body in (ready(theirs), event(theirs, "room.ended")):
        assert await post(web, held, body) == 404
        assert await post(web, held, body, secret=theirs.secret) == 401
    assert (await seen(tenancy, theirs))["recordings"] == (await seen(tenancy, held))["recordings"] == []
    assert await jobs_of(tenancy, theirs) == await jobs_of(tenancy, held) == 0


async def test_a_connection_speaks_of_its_own_classes_only(web: Web, tenancy: Tenancy, held: Held) -> None:
    connection, secret = await make_connection(tenancy, held.school)
    other = replace(held, connection=connection, secret=secret)
    for body in (ready(other), event(other, "room.ended")):
        assert await post(web, other, body) == 404
    assert (await seen(tenancy, held))["state"] == "scheduled"
    assert await jobs_of(tenancy, held) == 0


async def test_a_closed_connection_hears_nothing_more(web: Web, tenancy: Tenancy, held: Held, world: World) -> None:
    at = f"/channels/{held.school.slug}/live-connections/{held.connection}"
    assert (await web.call("DELETE", at, token=world.pottery.ana.token)).status == 204
    assert await post(web, held, ready(held)) == 404


@pytest.mark.parametrize("seed", range(5))
async def test_events_shuffled_doubled_and_late_come_to_one_end(
    web: Web, tenancy: Tenancy, world: World, held: Held, seed: int
) -> None:
    def moment(minutes: float) -> str:
        return (held.starts_at + timedelta(minutes=minutes)).isoformat()

    def came(kind: str, who: str, minutes: float) -> dict[str, Any]:
        return event(held, f"participant.{kind}", participant=who, name=who.title(), at=moment(minutes))

    told = {
        "a": came("joined", "sam", 1), "b": came("left", "sam", 4), "c": came("joined", "sam", 5),
        "d": came("left", "sam", 9), "e": came("joined", "zoe", 2), "f": came("joined", "zoe", 3),
        "g": came("left", "zoe", 6), "h": came("left", "zoe", 8), "i": event(held, "room.ended", at=moment(9.5)),
        "j": event(held, "recording.failed", recording="rec-1", reason="the disk was full"), "k": ready(held),
    }  # fmt: skip
    chance = random.Random(seed)
    for delivery in chance.sample([*told] * 2, 2 * len(told)):
        assert await post(web, held, told[delivery], delivery=delivery) == 200

    def at(minutes: float) -> datetime:
        return held.starts_at + timedelta(minutes=minutes)

    assert await seen(tenancy, held) == {
        "recordings": [("announced", None, 5)],
        "state": "ended",
        "ended_at": at(9.5),
        "came": [("sam", ((at(1), at(4)), (at(5), at(9)))), ("zoe", ((at(2), at(8)),))],
    }
    assert await jobs_of(tenancy, held) == 1
    shown = await web.call(
        "GET", f"/channels/{held.school.slug}/classes/{held.id}/attendance", token=world.pottery.ana.token
    )
    assert [(who["name"], who["seconds"]) for who in shown.json["items"]] == [("Sam", 420), ("Zoe", 360)]


async def test_a_rehearsal_that_ends_before_the_class_does_not_end_it(web: Web, tenancy: Tenancy, held: Held) -> None:
    early = (held.starts_at - timedelta(minutes=20)).isoformat()
    assert await post(web, held, event(held, "room.ended", at=early)) == 200
    assert (await seen(tenancy, held))["state"] == "scheduled"
