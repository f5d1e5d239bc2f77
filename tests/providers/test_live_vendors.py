"""What is particular to one vendor: films, scopes and checksums; who is in a room, and who was."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import PayloadRefused, ProviderDown, ProviderRefused
from providers.live.hosting import Present, Room, Stay
from providers.live.hosts import LiveHosts
from tests.providers.live_sides import (
    CLASS,
    HASTE,
    MEMBER,
    NOW,
    NUMBER,
    SIDES,
    STUDENT,
    asked,
    let_in,
    meeting,
    told_by_webhook,
)
from tests.standins import livekit, zoom
from tests.standins.live import Manners

MINUTE = timedelta(minutes=1)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ZOOM = zoom.recorded("90000000000", NOW, "https://zoom.example")
ZOOM_KEYS = ["id", "uuid", "recording_files", "participant", "end_time"]


@settings(max_examples=150, deadline=None)
@given(held=st.dictionaries(st.sampled_from(ZOOM_KEYS), JUNK), kind=st.sampled_from(["joined", "left", "recorded"]))
def test_no_content_of_zooms_makes_more_than_a_refusal(held: dict[str, Any], kind: str) -> None:
    name = {"joined": "meeting.participant_joined", "left": "meeting.participant_left"}.get(kind, "recording.completed")
    event = {"event": name, "payload": {"object": {**ZOOM["payload"]["object"], **held}}}
    with suppress(PayloadRefused):
        SIDES["zoom"]().hear(zoom.webhook(event))


async def test_a_zoom_app_without_a_scope_or_with_a_dropped_token_is_told_apart() -> None:
    async with asked(SIDES["zoom"]()) as (server, hosting):
        assert isinstance(server, zoom.ZoomServer)
        await hosting.probe()
        server.tokens.append("zoom dropped the one we hold")
        assert "Ana Potter" in await hosting.probe()
        server.lacks_scope = True
        with pytest.raises(ProviderRefused, match=r"lacks a scope.*meeting:write") as refused:
            await hosting.create_room(meeting())
        assert refused.value.code == "scope"


async def test_a_bigbluebutton_that_takes_only_sha1_is_asked_so() -> None:
    side = SIDES["bigbluebutton"]()
    async with side.serve() as server:
        server.only_sha1 = True
        hosts = LiveHosts([server.host], HASTE)
        with pytest.raises(ProviderRefused, match="checksum"):
            await hosts.of(side.kind, side.provider.check(server.given)).probe()
        old = side.provider.check({**server.given, "checksum": "sha1"})
        assert await hosts.of(side.kind, old).create_room(meeting())
        await hosts.close()


async def test_of_several_films_of_one_stretch_zoom_gives_the_one_the_rule_names() -> None:
    number, later = "90000000000", NOW.replace(minute=(NOW.minute + 1) % 60)
    told = zoom.films(number, NOW, "https://zoom.example")
    second = [{**each, "recording_start": later.strftime("%Y-%m-%dT%H:%M:%SZ")} for each in told["recording_files"]]
    second = [each for each in second if each["recording_type"] != "shared_screen_with_gallery_view"]
    unready = {**told["recording_files"][1], "id": "unready", "status": "processing", "file_size": 99}
    told["recording_files"] += [*second, unready]
    async with asked(SIDES["zoom"]()) as (server, hosting):
        assert isinstance(server, zoom.ZoomServer)
        server.recordings[number] = told
        found = await hosting.list_recordings(Room(number), NOW.replace(year=NOW.year - 1))
    by_time = {each.started_at: each.url.rpartition("/")[2] for each in found}
    assert by_time == {NOW: "f-screen", later: "f-speaker"}


SITTING = b'{"meetings": [{"uuid": "a", "start_time": "' + NOW.isoformat().encode() + b'"}], %b}'
PARTS = {
    "livekit": [
        b'{"participants": 5}', b'{"participants": [7]}', b'{"participants": null}', b'{"rooms": []}',
        b'{"participants": [{"state": "ACTIVE", "identity": "", "joined_at": "1790000000"}]}',
        b'{"participants": [{"state": "ACTIVE", "identity": "a", "joined_at": "soon"}]}',
        b'{"participants": [{"state": "ACTIVE", "identity": "a", "joined_at": "99999999999"}]}',
        b'{"participants": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
    "bigbluebutton": [
        b"<response><returncode>SUCCESS</returncode></response>",
        b"<response><returncode>SUCCESS</returncode><attendees><attendee><userID>\x7f</userID></attendee></attendees>"
        b"</response>",
        b"<response><returncode>SUCCESS</returncode><attendees><attendee><userID>" + b"a" * 300 + b"</userID>"
        b"</attendee></attendees></response>",
        b"<response><returncode>MAYBE</returncode><attendees/></response>",
    ],
    "zoom": [
        b"{}", b"[]", b'{"participants": []}', b'{"meetings": 5}', b'{"meetings": [5]}', b'{"meetings": null}',
        b'{"meetings": [{"uuid": "a", "start_time": "soon"}]}',
        # Each answers both calls: one sitting, and its people.
        SITTING % b'"participants": 5', SITTING % b'"participants": [{"join_time": "soon"}]', SITTING % b'"x": 1',
        SITTING % b'"participants": [{"join_time": "%b", "leave_time": null}]' % NOW.isoformat().encode(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(PARTS))
async def test_an_answer_that_is_wrong_in_one_part_is_no_answer(kind: str) -> None:
    async with asked(SIDES[kind]()) as (server, hosting):
        room = await hosting.create_room(meeting())
        for lie in PARTS[kind]:
            server.manners = Manners(lie=lie)
            with pytest.raises((ProviderDown, ProviderRefused)):
                await (hosting.list_stays(room, NOW - MINUTE) if kind == "zoom" else hosting.list_people(room))


async def test_recorders_robots_and_those_who_still_knock_are_not_there() -> None:
    others = [{"kind": kind} for kind in ("EGRESS", "INGRESS", "AGENT")]
    others += [{"state": state} for state in ("JOINING", "DISCONNECTED")]
    async with asked(SIDES["livekit"]()) as (server, hosting):
        assert isinstance(server, livekit.LiveKitServer)
        people = [{"identity": f"x-{place}", "name": "", **other} for place, other in enumerate(others)]
        server.people[str(CLASS)] = [livekit.inside("x", NOW, **each) for each in people]
        server.people[str(CLASS)] += [livekit.inside("p", NOW, kind="SIP"), livekit.inside("q", NOW, state="JOINED")]
        found = await hosting.list_people(Room(str(CLASS)))
    assert [each.participant for each in found] == ["p", "q"]


async def test_a_livekit_that_names_its_fields_in_either_way_is_understood() -> None:
    """The stand-in answers as LiveKit does by default; a gateway may be set to the other way."""
    seconds = int(NOW.timestamp())
    usual = b'{"participants": [{"identity": "a", "name": "Zo", "state": "ACTIVE", "joinedAt": "%d"}]}' % seconds
    async with asked(SIDES["livekit"]()) as (server, hosting):
        for lie, expected in ((usual, [Present("a", "Zo", NOW)]), (b"{}", [])):
            server.manners = Manners(lie=lie)
            assert await hosting.list_people(Room(str(CLASS))) == expected


async def test_one_person_on_two_devices_is_listed_twice() -> None:
    async with asked(SIDES["bigbluebutton"]()) as (server, hosting):
        room = await hosting.create_room(meeting())
        let_in(server, (str(MEMBER), NOW), (str(MEMBER), NOW), ("", NOW))
        assert await hosting.list_people(room) == [Present(str(MEMBER), "Zoë")] * 2


async def test_a_meeting_that_was_ended_has_nobody_in_it() -> None:
    ended = b"<response><returncode>SUCCESS</returncode><endTime>1790000000000</endTime><attendees><attendee><userID>a"
    async with asked(SIDES["bigbluebutton"]()) as (server, hosting):
        server.manners = Manners(lie=ended + b"</userID></attendee></attendees></response>")
        assert await hosting.list_people(Room(str(CLASS))) == []


async def stays_of(hosting: Any, since: datetime = NOW - 60 * MINUTE) -> list[Stay]:
    found: list[Stay] = await hosting.list_stays(Room(NUMBER), since)
    return found


async def test_zoom_reports_each_stay_of_each_sitting_under_the_webhooks_names() -> None:
    who, at = told_by_webhook(SIDES["zoom"]())
    host = zoom.took_part("ana@example.org", NOW, NOW + MINUTE, id="ana-1", name="Ana")
    again = [zoom.took_part(STUDENT.address, NOW + n * MINUTE, NOW + (n + 1) * MINUTE) for n in range(3)]
    waited = zoom.took_part("", NOW, NOW + MINUTE, status="in_waiting_room")
    rehearsal = zoom.took_part(STUDENT.address, NOW - 120 * MINUTE, NOW - 110 * MINUTE)
    async with asked(SIDES["zoom"]()) as (server, hosting):
        assert isinstance(server, zoom.ZoomServer)
        assert await stays_of(hosting) == []  # the meeting was not held yet
        server.sittings[NUMBER] = {zoom.SITTING: [*again, host, waited], "old": [rehearsal]}
        found = await stays_of(hosting)
        assert [each for each in found if each.participant == who] == [
            Stay(who, "Zoë", at + n * MINUTE, at + (n + 1) * MINUTE) for n in range(3)
        ]
        assert [each.participant for each in found if each.name == "Ana"] == ["zoom:ana-1"]
        assert len(found) == 4
        server.sittings[NUMBER]["second"] = [zoom.took_part("", NOW + 9 * MINUTE, NOW + 10 * MINUTE)]
        assert [each.participant for each in await stays_of(hosting)][-1] == "zoom:16"


async def test_a_zoom_plan_without_the_report_is_no_error_and_a_missing_scope_is_named() -> None:
    async with asked(SIDES["zoom"]()) as (server, hosting):
        assert isinstance(server, zoom.ZoomServer)
        server.sittings[NUMBER] = {zoom.SITTING: [zoom.took_part(STUDENT.address, NOW, NOW + MINUTE)]}
        server.reports = False
        assert await stays_of(hosting) == []
        server.lacks_scope = True
        with pytest.raises(ProviderRefused, match="lacks a scope"):
            await stays_of(hosting)
