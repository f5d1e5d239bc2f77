"""The far sides of the live port, one for each provider that hosts: how it signs, what it tells, and its stand-in."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson

from providers import standard_webhooks
from providers.live import (
    Attended,
    LiveEvent,
    LiveProvider,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingHint,
    RecordingReady,
    RoomEnded,
    choose,
)
from providers.live import bigbluebutton_events as bbb_events
from providers.live.hosting import Meeting, Part, Participant, Room
from providers.live.hosts import LiveHosts
from providers.outbound import Limits
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.standins.bigbluebutton import bigbluebutton_server
from tests.standins.live import Delivery, FarServer
from tests.standins.livekit import livekit_server
from tests.standins.zoom import zoom_server

NOW = datetime.now(UTC).replace(microsecond=0)
CLASS, MEMBER = uuid4(), uuid4()
NUMBER = "80000000001"
FILM = "https://films.example/a.mp4"
CALLBACK = "https://school.example/webhooks/live/1"
STUDENT = Participant(MEMBER, "Zoë", Part.STUDENT, f"{MEMBER}@participants.invalid")
TEACHER = Participant(uuid4(), "Ana", Part.TEACHER, "t@participants.invalid")
OTHER = "another-secret-that-is-as-long-as-the-longest-signature-wants-it-to-be"
HASTE = Limits(connect=1.0, stall=0.4, total=0.5, size=1024 * 1024)
Expected = Callable[[str], LiveEvent]


@dataclass(frozen=True)
class Side:
    """One kind: deliveries by name with what each means, and its stand-in.

    `timed`: a signature counts for minutes only; `aged(seconds)` is one that lives so long.
    """

    kind: str
    given: dict[str, str]
    told: list[tuple[Delivery, Expected]]
    unknown: list[Delivery]
    forged: Delivery
    serve: Callable[[], Any]
    aged: Callable[[float], Delivery] | None = None
    room: Room = field(default_factory=lambda: Room(str(CLASS)))

    @property
    def provider(self) -> LiveProvider:
        return choose(self.kind)

    @property
    def secret(self) -> str:
        return self.provider.check(self.given)

    def hear(self, delivery: Delivery, secret: str = "") -> list[LiveEvent]:
        query, headers, raw = delivery
        stated = {**headers, ":path": f"/webhooks/live/1{query}"}
        return self.provider.verify_and_parse(stated, raw, secret or self.secret)


def livekit_side() -> Side:
    def joined(**more: Any) -> dict[str, Any]:
        return livekit.moved("participant_joined", CLASS, str(MEMBER), NOW, "EV_1", **more)

    ended = {"event": "egress_ended", "id": "EV_4"}
    failed = livekit.egress(CLASS, NOW, "", status="EGRESS_ABORTED", error="Start signal not received")
    return Side(
        "livekit",
        {"url": "wss://livekit.example", "key_id": livekit.KEY, "secret": livekit.SECRET},
        [
            (livekit.webhook(joined()), lambda at: ParticipantJoined(at, CLASS, str(MEMBER), "Zoë", NOW)),
            (
                livekit.webhook(livekit.moved("participant_left", CLASS, str(MEMBER), NOW, "EV_2")),
                lambda at: ParticipantLeft(at, CLASS, str(MEMBER), "Zoë", NOW),
            ),
            (livekit.webhook(livekit.finished(CLASS, NOW, "EV_3")), lambda at: RoomEnded(at, CLASS, NOW)),
            (
                livekit.webhook({**ended, "egressInfo": livekit.egress(CLASS, NOW, FILM)}),
                lambda at: RecordingReady(at, CLASS, "EG_1", FILM, "video/mp4", 5, NOW),
            ),
            (
                livekit.webhook({**ended, "egressInfo": failed}),
                lambda at: RecordingFailed(
                    at, CLASS, "EG_1", "LiveKit could not record the class: Start signal not received"
                ),
            ),
        ],
        [
            livekit.webhook({"event": "track_published", "id": "EV_9", "room": {"name": str(CLASS)}}),
            livekit.webhook(joined(kind="EGRESS")),
            livekit.webhook({"event": "room_finished", "id": "EV_8", "createdAt": "1", "room": {"name": "lobby"}}),
        ],
        livekit.webhook(joined(), secret="another secret that is long enough"),
        livekit_server,
        lambda seconds: livekit.webhook(joined(), lives=seconds),
    )


def zoom_side() -> Side:
    def joined() -> dict[str, Any]:
        return zoom.moved("meeting.participant_joined", NUMBER, STUDENT.address, NOW)

    key = f"{zoom.SITTING}|{NOW.isoformat()}"
    film = "https://zoom.example/rec/download/f-screen"
    return Side(
        "zoom",
        {"account_id": zoom.ACCOUNT, "key_id": zoom.CLIENT, "secret": zoom.SECRET, "webhook_secret": zoom.HOOK},
        [
            (zoom.webhook(joined()), lambda at: ParticipantJoined(at, NUMBER, str(MEMBER), "Zoë", NOW)),
            (
                zoom.webhook(zoom.moved("meeting.participant_left", NUMBER, "", NOW)),
                lambda at: ParticipantLeft(at, NUMBER, "zoom:16", "Zoë", NOW),
            ),
            (zoom.webhook(zoom.finished(NUMBER, NOW)), lambda at: RoomEnded(at, NUMBER, NOW)),
            (
                zoom.webhook(zoom.recorded(NUMBER, NOW, "https://zoom.example")),
                lambda at: RecordingReady(at, NUMBER, key, film, "video/mp4", 5, NOW, "hook-token"),
            ),
        ],
        [zoom.webhook({"event": "meeting.created", "payload": {"object": {"id": 1}}})],
        zoom.webhook(joined(), secret="another"),
        zoom_server,
        lambda seconds: zoom.webhook(joined(), at=time.time() + seconds - 300),
        Room(NUMBER),
    )


def bigbluebutton_side() -> Side:
    def at(about: str, secret: str = bbb.SECRET) -> str:
        return bbb_events.marked(CALLBACK, about, str(CLASS), "1", secret)

    person = {"ext_user_id": str(MEMBER), "name": "Zoë", "joins": [NOW.isoformat()], "leaves": []}
    meeting = str(CLASS)
    return Side(
        "bigbluebutton",
        {"url": "https://bbb.example/bigbluebutton/", "secret": bbb.SECRET},
        [
            (bbb.ready(at("ready"), meeting, "rec-1"), lambda event: RecordingHint(event, CLASS)),
            (
                bbb.came(at("came"), meeting, [person]),
                lambda event: Attended(event, CLASS, ((str(MEMBER), "Zoë", "joined", NOW),)),
            ),
        ],
        [bbb.came(at("came"), meeting, [])],
        bbb.ready(at("ready", OTHER), meeting, "rec-1", secret=OTHER),
        bigbluebutton_server,
        lambda seconds: bbb.came(at("came"), meeting, [person], lives=int(seconds) + 86100),
        Room(meeting, {"created": bbb.CREATED}),
    )


def generic_side() -> Side:
    secret = standard_webhooks.make_secret()
    person = {"participant": str(MEMBER), "name": "Zoë", "at": NOW.isoformat()}
    film = {"recording": "r-1", "url": FILM, "content_type": "video/mp4", "size": 5, "started_at": NOW.isoformat()}
    broken = {"recording": "r-1", "reason": "disk full"}

    def told(kind: str, number: str, data: dict[str, Any], key: str = secret, seconds: float = 0) -> Delivery:
        body = {"type": kind, "timestamp": NOW.isoformat(), "data": {"class": str(CLASS), **data}}
        raw, at = orjson.dumps(body), datetime.now(UTC) + timedelta(seconds=seconds)
        return "", standard_webhooks.sign(key, number, at, raw), raw

    return Side(
        "generic",
        {"secret": secret},
        [
            (told("participant.joined", "1", person), lambda at: ParticipantJoined(at, CLASS, str(MEMBER), "Zoë", NOW)),
            (told("participant.left", "2", person), lambda at: ParticipantLeft(at, CLASS, str(MEMBER), "Zoë", NOW)),
            (
                told("recording.ready", "3", film),
                lambda at: RecordingReady(at, CLASS, "r-1", FILM, "video/mp4", 5, NOW),
            ),
            (told("recording.failed", "4", broken), lambda at: RecordingFailed(at, CLASS, "r-1", "disk full")),
            (told("room.ended", "5", {}), lambda at: RoomEnded(at, CLASS, None)),
        ],
        [told("weather.changed", "9", {})],
        told("participant.joined", "1", person, standard_webhooks.make_secret()),
        _nobody,
        lambda seconds: told("participant.joined", "1", person, seconds=seconds - 300),
    )


def _nobody() -> Any:
    raise LookupError("A generic provider has nobody that could be asked.")


SIDES = {"livekit": livekit_side, "zoom": zoom_side, "bigbluebutton": bigbluebutton_side}
"""Those that host."""
TELLERS: dict[str, Callable[[], Side]] = {**SIDES, "generic": generic_side}
"""Those that tell."""


@asynccontextmanager
async def asked(side: Side) -> AsyncIterator[tuple[FarServer, Any]]:
    """The stand-in of a kind, and our hosting that asks it without much patience."""
    async with side.serve() as server:
        hosts = LiveHosts([server.host], HASTE)
        try:
            yield server, hosts.of(side.kind, side.provider.check(server.given))
        finally:
            await hosts.close()


def meeting(**given: Any) -> Meeting:
    """The class of these tests, on now."""
    times = {"starts_at": NOW - timedelta(minutes=10), "ends_at": NOW + timedelta(minutes=50)}
    return Meeting(**{"class_id": CLASS, "title": "Centring", "callback": CALLBACK, **times, **given})


def let_in(server: FarServer, *people: tuple[str, datetime]) -> None:
    """These are in the room of the tests' class, all of the name Zoë."""
    if isinstance(server, livekit.LiveKitServer):
        server.people[str(CLASS)] = [livekit.inside(who, at) for who, at in people]
    elif isinstance(server, bbb.BigBlueButtonServer):
        server.people[str(CLASS)] = [(who, "Zoë") for who, _ in people]


def told_by_webhook(side: Side) -> tuple[str, datetime]:
    """Participant and moment of the member's coming, as the provider's webhook names them."""
    delivery: Delivery
    if side.kind == "livekit":
        delivery = livekit.webhook(livekit.moved("participant_joined", CLASS, str(MEMBER), NOW, "EV_1"))
        [event] = side.hear(delivery)
        return event.participant, event.at  # type: ignore[attr-defined]
    if side.kind == "zoom":
        mailbox = STUDENT.address
        delivery = zoom.webhook(zoom.moved("meeting.participant_joined", NUMBER, mailbox, NOW))
        [event] = side.hear(delivery)
        return event.participant, event.at  # type: ignore[attr-defined]
    [event] = side.hear(side.told[1][0])
    [(who, _, _, at)] = event.marks  # type: ignore[attr-defined]
    return who, at
