"""BigBlueButton 2.4 and later, mostly one's own: its checksum API, links per person, callbacks with a mark of ours.

Wire: docs.bigbluebutton.org, "API Reference". A meeting bears the class's id; making it again revives it.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha1, sha256
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError, fromstring

from providers import ProviderDown, ProviderRefused
from providers.live import LiveEvent
from providers.live import bigbluebutton_events as events
from providers.live.credentials import Field, FieldRefused, address, check_printed, keep, read, stripped
from providers.live.hosting import (
    Abilities,
    Download,
    FoundRecording,
    Meeting,
    Part,
    Participant,
    Present,
    Room,
    RoomState,
    Stay,
    Token,
)
from providers.live.wire import Wire, sentence
from providers.outbound import Outbound

DIGESTS = {"sha256": sha256, "sha1": sha1}
GRACE_MINUTES = 15
CURE = "Copy URL and shared secret again (`bbb-conf --secret` on the server), and see that it takes this checksum."
FILMS = ("video", "video/mp4", "mp4", "screenshare")
NO_FILM = (
    "BigBlueButton published this recording as a presentation only, which is no film. Install the format `video` on "
    "the server (bbb-playback-video)."
)
# The video format is a page; its film lies beside it.
FILM_OF_PAGE = "video-0.m4v"


def open_provider() -> "BigBlueButtonProvider":
    """The provider, which has nothing to open."""
    return BigBlueButtonProvider()


class BigBlueButtonProvider:
    """LiveProvider for one server, or for a load balancer in front of some."""

    fields = (
        Field("url", "Server URL", "Such as https://bbb.example.org/bigbluebutton/, as `bbb-conf --secret` prints it."),
        Field("secret", "Shared secret", secret=True),
        Field("checksum", "Checksum", "sha256, or sha1 for a server that takes no other.", optional=True),
    )
    abilities = Abilities(
        joins=True, creates_rooms=True, recreates=True, records=True, polls=True, calls_roll=True
    )  # fmt: skip

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The events of a callback whose address has our mark, and whose token the server's signature."""
        return events.read(headers, raw, read(secret)["secret"])

    def greeting(self, headers: Mapping[str, str], raw: bytes, secret: str) -> dict[str, str] | None:
        """None: BigBlueButton asks for no handshake."""
        return None

    def make_secret(self) -> str:
        """Credentials of a made-up server, for sandboxes."""
        return keep({"url": "https://bbb.example/bigbluebutton", "secret": secrets.token_hex(20)})

    def checked_secret(self, secret: str) -> str:
        """The kept credentials themselves, when they read."""
        return secret if secret.startswith("{") else self.check({"secret": secret})

    def check(self, given: Mapping[str, str]) -> str:
        """The credentials as they are kept."""
        values = stripped(self.fields, given)
        check_printed(values, "secret")
        if values.get("checksum", "sha256") not in DIGESTS:
            raise FieldRefused("checksum", "Say sha256 or sha1, or leave it empty.")
        values["url"] = address("url", values["url"], "https://bbb.example.org/bigbluebutton/").removesuffix("/api")
        return keep(values)

    def open(self, secret: str, outbound: Outbound, memory: dict[str, Token]) -> "BigBlueButtonHosting":
        """The server as the holder of its secret."""
        return BigBlueButtonHosting(read(secret), outbound)


class BigBlueButtonHosting:
    """Hosting by GET requests whose query is signed with the shared secret."""

    def __init__(self, values: Mapping[str, str], outbound: Outbound) -> None:
        self._url, self._secret = values["url"], values["secret"]
        self._digest = DIGESTS[values.get("checksum", "sha256")]
        self._wire = Wire(outbound, "BigBlueButton", values["url"])

    async def probe(self) -> str:
        """How many meetings run now."""
        found = await self._call("getMeetings", {})
        return f"BigBlueButton accepts the secret; {len(found.findall('meetings/meeting'))} meetings run now."

    async def create_room(self, meeting: Meeting) -> Room:
        """The meeting of the class, recorded, and kept open until a quarter of an hour after it."""
        class_id, seconds = str(meeting.class_id), (meeting.ends_at - datetime.now(UTC)).total_seconds()
        left = max(1, int(seconds / 60)) + GRACE_MINUTES
        # The server keeps what the first of these calls says for as long as the meeting stands.
        sitting = str(int(datetime.now(UTC).timestamp()))
        marked = {
            about: events.marked(meeting.callback, about, class_id, sitting, self._secret)
            for about in (events.READY, events.ENDED, events.CAME)
        }
        made = await self._call(
            "create",
            {
                "meetingID": class_id,
                "name": meeting.title[:100] if len(meeting.title) > 1 else f"{meeting.title} ·",
                # Without the very same passwords making it again is refused.
                "attendeePW": self._password("attendee", class_id),
                "moderatorPW": self._password("moderator", class_id),
                "record": "true",
                "autoStartRecording": "true",
                "meetingExpireIfNoUserJoinedInMinutes": str(left),
                "meetingExpireWhenLastUserLeftInMinutes": str(left),
                "meetingKeepEvents": "true",
                "meta_bbb-recording-ready-url": marked[events.READY],
                "meta_endCallbackUrl": marked[events.ENDED],
                "meta_analytics-callback-url": marked[events.CAME],
            },
        )
        return Room(class_id, {"created": made.findtext("createTime", "")})

    async def join_url(self, room: Room, participant: Participant) -> str:
        """A signed link for this member into this sitting of the meeting, and no later one."""
        teaches = participant.part is Part.TEACHER
        query = {
            "meetingID": room.ref,
            "fullName": participant.name[:100] or "Student",
            "userID": str(participant.id),
            "role": "MODERATOR" if teaches else "VIEWER",
            "redirect": "true",
        }
        if room.facts.get("created"):
            query["createTime"] = room.facts["created"]
        return self._signed("join", query)

    async def end_room(self, room: Room) -> None:
        """End the meeting for all."""
        try:
            await self._call("end", {"meetingID": room.ref, "password": self._password("moderator", room.ref)})
        except ProviderRefused as refused:
            if refused.code != "no_such_room":
                raise

    async def room_state(self, room: Room) -> RoomState:
        """Open while the server knows the meeting and it was not ended."""
        told = await self._meeting(room)
        return RoomState("ended") if told is None else _state(told)

    async def list_people(self, room: Room) -> list[Present]:
        """The attendees that the server lists, by the id that we let them in under; it does not say since when."""
        told = await self._meeting(room)
        if told is None or _state(told).word == "ended":
            return []
        if told.find("attendees") is None:
            raise ProviderDown("BigBlueButton answered with something that is not its XML. Check the server URL.")
        listed = [events.listed(each) for each in told.findall("attendees/attendee") if each.findtext("userID")]
        return [Present(who.text("ext_user_id", 200), who.word("name")) for who in listed]

    async def list_stays(self, room: Room, since: datetime) -> list[Stay]:
        """None: the server tells them by itself after the meeting, and cannot be asked."""
        return []

    async def list_recordings(self, room: Room, since: datetime) -> list[FoundRecording]:
        """What the server published of the meeting's sittings; nothing of what it still works on."""
        told = await self._call("getRecordings", {"meetingID": room.ref})
        found = [_found(each) for each in told.findall("recordings/recording") if _is_whole(each)]
        return sorted(
            (each for each in found if each.started_at is not None and each.started_at >= since),
            key=lambda each: str(each.started_at),
        )

    async def open_recording(self, room: Room, key: str, url: str) -> Download:
        """Where it was said to lie."""
        return Download(url)

    async def _meeting(self, room: Room) -> Element | None:
        """What the server says of the meeting; None when it knows none such."""
        try:
            return await self._call("getMeetingInfo", {"meetingID": room.ref})
        except ProviderRefused as refused:
            if refused.code == "no_such_room":
                return None
            raise

    def _password(self, part: str, class_id: str) -> str:
        return hmac.new(self._secret.encode(), f"guildhall {part} {class_id}".encode(), sha256).hexdigest()[:20]

    def _signed(self, call: str, query: Mapping[str, str]) -> str:
        written = urlencode(query)
        told = self._digest(f"{call}{written}{self._secret}".encode()).hexdigest()
        return f"{self._url}/api/{call}?{written}{'&' if written else ''}checksum={told}"

    async def _call(self, call: str, query: Mapping[str, str]) -> Element:
        answer = await self._wire.ask("GET", self._signed(call, query))
        if answer.status in {401, 403}:
            raise self._wire.keys_refused(answer, CURE)
        if answer.status == 404:
            raise ProviderRefused("There is no BigBlueButton at this URL. Check the server URL.", "no_server", 502)
        told = _xml(answer.body)
        if told.findtext("returncode") != "SUCCESS":
            raise self._refusal(told.findtext("messageKey", ""), told.findtext("message", ""))
        return told

    def _refusal(self, key: str, said: str) -> ProviderRefused:
        if key == "checksumError":
            return ProviderRefused(
                f"BigBlueButton does not accept these credentials. {CURE}", "credentials_refused", 502
            )
        if key in {"notFound", "invalidMeetingIdentifier"}:
            return ProviderRefused("BigBlueButton has no such meeting.", "no_such_room", 404)
        if key == "idNotUnique":
            return ProviderRefused("Another application holds a meeting of this class's id.", "taken", 502)
        if key in {"maxParticipantsReached", "maxConcurrent", "tooManyMeetings"}:
            return ProviderRefused(f"BigBlueButton's limit is reached: {sentence(said)}", "room_limit", 502)
        return ProviderRefused(f"BigBlueButton refused this: {sentence(said or key)}", "refused", 502)


def _xml(body: bytes) -> Element:
    """The answer; ProviderDown for what is no XML, or holds declarations of entities."""
    try:
        if b"<!" in body.replace(b"<![CDATA[", b"").replace(b"<!--", b""):
            raise ProviderDown("BigBlueButton answered with XML that declares things of its own.")
        return fromstring(body)  # noqa: S314 - without a document type there are no entities to expand
    except ParseError as wrong:
        raise ProviderDown(
            "BigBlueButton answered with something that is not its XML. Check the server URL."
        ) from wrong


def _state(meeting: Element) -> RoomState:
    ended = meeting.findtext("endTime", "0")
    if ended.isascii() and ended.isdigit() and int(ended) > 0:
        return RoomState("ended", _moment(ended))
    return RoomState("open")


def _is_whole(recording: Element) -> bool:
    return recording.findtext("state", "published") in {"published", "unpublished"} and (
        recording.find("playback/format") is not None
    )


def _found(recording: Element) -> FoundRecording:
    key = recording.findtext("recordID", "")[:200]
    began = _moment(recording.findtext("startTime", ""))
    formats = {each.findtext("type", "").strip(): each for each in recording.findall("playback/format")}
    for kind in FILMS:
        if kind in formats:
            url = formats[kind].findtext("url", "").strip()
            size = formats[kind].findtext("size", "")
            return FoundRecording(
                key, _film(url), "video/mp4", int(size) if size.isascii() and size.isdigit() else None, began
            )
    return FoundRecording(key, started_at=began, failed=NO_FILM)


def _film(url: str) -> str:
    last = url.rpartition("/")[2]
    return url if "." in last else f"{url.rstrip('/')}/{FILM_OF_PAGE}"


def _moment(milliseconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as wrong:
        raise ProviderDown("BigBlueButton told a time that is none.") from wrong
