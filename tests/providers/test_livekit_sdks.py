"""LiveKit's own SDKs as judges: they read our tokens as we mean them, and we read what they sign."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from livekit import api

from providers import SignatureRefused
from providers.live import ParticipantJoined, RoomEnded
from providers.live.hosting import Participant
from providers.live.hosts import LiveHosts
from tests.providers.live_sides import CLASS, MEMBER, NOW, STUDENT, TEACHER, asked, livekit_side, meeting
from tests.providers.test_live_bucket import service_account
from tests.standins import livekit
from tests.standins.livekit import KEY, SECRET
from tests.standins.node import NoNode, ask


async def token_for(who: Participant) -> str:
    """The token in a way in."""
    async with asked(livekit_side()) as (server, hosting):
        link = await hosting.join_url(await hosting.create_room(meeting()), who)
        query = parse_qs(urlsplit(link).query)
        assert query["liveKitUrl"] == [server.url.replace("http", "ws")]
    [token] = query["token"]
    return str(token)


async def test_the_python_sdk_reads_our_tokens_by_part() -> None:
    student, teacher = [api.TokenVerifier(KEY, SECRET).verify(await token_for(who)) for who in (STUDENT, TEACHER)]
    assert (student.identity, student.name) == (str(MEMBER), "Zoë")
    assert student.video is not None
    assert teacher.video is not None
    assert student.video.room == str(CLASS)
    assert (student.video.room_join, student.video.can_publish_sources) == (True, ["camera", "microphone"])
    assert (student.video.room_admin, teacher.video.room_admin) == (None, True)
    assert teacher.video.can_publish_sources is None
    assert student.video.room_create is student.video.room_record is student.video.room_list is None


async def test_the_python_sdk_refuses_our_tokens_under_another_secret() -> None:
    token = await token_for(STUDENT)
    with pytest.raises(Exception, match=r"[Ss]ignature"):
        api.TokenVerifier(KEY, "another-secret-that-is-long-enough-too").verify(token)


async def test_a_room_that_is_recorded_is_asked_for_as_the_protocol_has_it() -> None:
    side = livekit_side()
    async with side.serve() as server:
        hosts = LiveHosts([server.host])
        hosting = hosts.of("livekit", side.provider.check({**server.given, "recordings": "own"}))
        room = await hosting.create_room(meeting())
        request = server.rooms[room.ref]["asked"]
        [output] = request["egress"]["room"]["fileOutputs"]
        assert output == {"fileType": "MP4", "filepath": f"guildhall/{room.ref}/{{time}}.mp4"}
        key = service_account()
        kept = {**server.given, "bucket": "school", "bucket_key": key}
        server.rooms.clear()
        await hosts.of("livekit", side.provider.check(kept)).create_room(meeting())
        [output] = server.rooms[room.ref]["asked"]["egress"]["room"]["fileOutputs"]
        assert output["gcp"] == {"bucket": "school", "credentials": key}
        server.rooms.clear()
        server.no_egress = True
        unrecorded = await hosting.create_room(meeting())
        assert unrecorded.problem == "The class is not recorded: LiveKit refused this: no egress is connected."
        await hosts.close()


def test_what_the_python_sdk_signs_is_heard_and_what_it_refuses_is_not() -> None:
    side = livekit_side()
    event = livekit.moved("participant_joined", CLASS, str(MEMBER), NOW, "EV_7")
    _, headers, raw = livekit.webhook(event)
    assert side.hear(("", headers, raw)) == [ParticipantJoined("EV_7", CLASS, str(MEMBER), "Zoë", NOW)]
    receiver = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))
    assert receiver.receive(raw.decode(), headers["Authorization"]).id == "EV_7"
    with pytest.raises(Exception, match="hash"):
        receiver.receive(raw.decode() + " ", headers["Authorization"])
    with pytest.raises(SignatureRefused):
        side.hear(("", headers, raw + b" "))


def with_node(**request: Any) -> Any:
    """The Node SDK's answer; where there is no Node this judge does not sit, and the Python one has judged."""
    try:
        return ask(**request)
    except NoNode:
        return None


async def test_the_node_sdk_reads_our_tokens_and_we_read_what_it_signs() -> None:
    claims = with_node(deed="verify", key=KEY, secret=SECRET, token=await token_for(STUDENT))
    seconds = str(int(datetime.now(UTC).timestamp()))
    event = {"event": "room_finished", "id": "EV_N", "createdAt": seconds, "room": {"name": str(CLASS)}}
    body = json.dumps(event, ensure_ascii=False)
    header = with_node(deed="sign", key=KEY, secret=SECRET, body=body)
    if claims is None or header is None:
        return
    assert (claims["sub"], claims["name"], claims["video"]["room"]) == (str(MEMBER), "Zoë", str(CLASS))
    assert claims["video"]["canPublishSources"] == ["camera", "microphone"]
    [heard] = livekit_side().hear(("", {"Authorization": header}, body.encode()))
    assert heard == RoomEnded("EV_N", CLASS, datetime.fromtimestamp(int(seconds), UTC))
    received = with_node(deed="receive", key=KEY, secret=SECRET, body=body, header=header)
    assert received == {"event": "room_finished", "room": str(CLASS)}
