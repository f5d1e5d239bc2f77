"""LiveKit, hosted or one's own: rooms and tokens by its server API, recordings by its egress service.

Wire: docs.livekit.io, "Server APIs", "Webhooks", "Egress". Students may speak and show themselves; teachers may also
share screens and moderate. The way in is a page that takes `liveKitUrl` and `token`, as LiveKit Meet's `/custom` does.
"""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from providers import ProviderDown, ProviderRefused
from providers.live import LiveEvent
from providers.live import jwt as tokens
from providers.live import livekit_events as events
from providers.live.bucket import Bucket, check_key
from providers.live.credentials import Field, FieldRefused, address, check_printed, keep, read, stripped
from providers.live.fields import Fields
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
from providers.live.wire import Answer, Wire, sentence
from providers.outbound import Outbound

MEET = "https://meet.livekit.io/custom"
ENTRY_SECONDS = 600
CALL_SECONDS = 60
GRACE_SECONDS = 15 * 60
CURE = "Copy the API key and secret again from LiveKit's settings; a revoked key needs a new one."
STORES = ("bucket", "own")


def open_provider() -> "LiveKitProvider":
    """The provider, which has nothing to open."""
    return LiveKitProvider()


class LiveKitProvider:
    """LiveProvider for LiveKit Cloud and LiveKit servers of one's own."""

    fields = (
        Field("url", "Server URL", "Such as wss://school.livekit.cloud."),
        Field("key_id", "API key", "Begins with API."),
        Field("secret", "API secret", "Also signs the webhooks.", secret=True),
        Field("page_url", "Meeting page", f"The page that opens the class; {MEET} if left empty.", optional=True),
        Field(
            "recordings",
            "Recordings",
            "bucket: into the Google Cloud bucket below; own: where your egress service is set up to keep them; "
            "empty: none.",
            optional=True,
        ),
        Field("bucket", "Bucket", "Name of a Google Cloud Storage bucket.", optional=True),
        Field(
            "bucket_key",
            "Bucket key",
            "JSON key of a service account that may create and read objects in it.",
            secret=True,
            optional=True,
            longest=8000,
        ),
    )
    abilities = Abilities(
        joins=True, creates_rooms=True, recreates=True, records=True, polls=True, fresh_links=True, calls_roll=True
    )  # fmt: skip

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The events of a webhook whose token, signed with the API secret, names the SHA-256 of these very bytes."""
        values = read(secret)
        events.verify(headers, raw, values["key_id"], values["secret"])
        return events.parse(raw)

    def greeting(self, headers: Mapping[str, str], raw: bytes, secret: str) -> dict[str, str] | None:
        """None: LiveKit asks for no handshake."""
        return None

    def make_secret(self) -> str:
        """Credentials of a made-up project, for sandboxes."""
        values = {"url": "https://livekit.example", "key_id": f"API{secrets.token_hex(6)}"}
        return keep({**values, "secret": secrets.token_urlsafe(32)})

    def checked_secret(self, secret: str) -> str:
        """The kept credentials themselves, when they read."""
        return secret if secret.startswith("{") else self.check({"secret": secret})

    def check(self, given: Mapping[str, str]) -> str:
        """The credentials as they are kept."""
        values = stripped(self.fields, given)
        check_printed(values, "key_id", "secret", "bucket")
        if len(values["secret"]) < 16:
            raise FieldRefused("secret", "The API secret has at least 16 characters. Copy it again.")
        stated = values["url"].replace("wss://", "https://", 1).replace("ws://", "http://", 1)
        values["url"] = address("url", stated, "wss://school.livekit.cloud")
        if "page_url" in values:
            values["page_url"] = address("page_url", values["page_url"], MEET)
        _check_recordings(values)
        return keep(values)

    def open(self, secret: str, outbound: Outbound, memory: dict[str, Token]) -> "LiveKitHosting":
        """The server as the holder of this key."""
        return LiveKitHosting(read(secret), outbound)


def _check_recordings(values: dict[str, str]) -> None:
    if "bucket" in values or "bucket_key" in values:
        values.setdefault("recordings", "bucket")
    if values.get("recordings", "own") not in STORES:
        raise FieldRefused("recordings", "Say bucket or own, or leave it empty.")
    if values.get("recordings") == "bucket":
        if "bucket" not in values:
            raise FieldRefused("bucket", "Name the bucket that recordings go to.")
        check_key(values.get("bucket_key", ""))


class LiveKitHosting:
    """Hosting by the Twirp API, each call under a token of its own that lives a minute."""

    def __init__(self, values: Mapping[str, str], outbound: Outbound) -> None:
        self._values = values
        self._wire = Wire(outbound, "LiveKit", values["url"])

    async def probe(self) -> str:
        """How many rooms are open."""
        found = await self._call("RoomService", "ListRooms", {}, {"roomList": True})
        kept = {"bucket": "go to your bucket", "own": "are kept by your egress service"}
        recorded = kept.get(self._values.get("recordings", ""), "are not made")
        return f"LiveKit accepts the key; {len(_list(found, 'rooms'))} rooms are open now. Recordings {recorded}."

    async def create_room(self, meeting: Meeting) -> Room:
        """The room under the class's id, open until a quarter of an hour after the class; with its recording."""
        left = max(60, int((meeting.ends_at - datetime.now(UTC)).total_seconds()) + GRACE_SECONDS)
        wanted: dict[str, Any] = {"name": str(meeting.class_id), "emptyTimeout": left, "departureTimeout": left}
        problem = ""
        if egress := self._egress(str(meeting.class_id)):
            try:
                await self._call("RoomService", "CreateRoom", wanted | {"egress": egress}, _ROOM_AND_RECORD)
                return Room(str(meeting.class_id))
            except ProviderRefused as refused:
                if refused.code not in {"refused", "room_limit"}:
                    raise
                # A class without a recording is better than no class.
                problem = f"The class is not recorded: {refused.message}"
        await self._call("RoomService", "CreateRoom", wanted, {"roomCreate": True})
        return Room(str(meeting.class_id), problem=problem)

    async def join_url(self, room: Room, participant: Participant) -> str:
        """The meeting page with a token of this member for this room, good for entering within ten minutes."""
        teaches = participant.part is Part.TEACHER
        grants: dict[str, Any] = {"roomJoin": True, "room": room.ref, "canPublish": True, "canSubscribe": True}
        grants |= {"canPublishData": True, "roomAdmin": True} if teaches else {"canPublishData": True}
        if not teaches:
            grants["canPublishSources"] = ["camera", "microphone"]
        token = self._token(grants, ENTRY_SECONDS, str(participant.id), participant.name)
        server = self._values["url"].replace("http", "ws", 1)
        page = self._values.get("page_url", MEET)
        return f"{page}?{urlencode({'liveKitUrl': server, 'token': token})}"

    async def end_room(self, room: Room) -> None:
        """Delete the room, which sends everybody out."""
        try:
            await self._call("RoomService", "DeleteRoom", {"room": room.ref}, {"roomCreate": True})
        except ProviderRefused as refused:
            if refused.code != "no_such_room":
                raise

    async def room_state(self, room: Room) -> RoomState:
        """Open while the server lists it; LiveKit remembers no room that ended."""
        found = await self._call("RoomService", "ListRooms", {"names": [room.ref]}, {"roomList": True})
        return RoomState("open" if _list(found, "rooms") else "ended")

    async def list_people(self, room: Room) -> list[Present]:
        """The people that the server lists, each since they came in."""
        try:
            found = await self._call(
                "RoomService", "ListParticipants", {"room": room.ref}, {"roomAdmin": True, "room": room.ref}
            )
        except ProviderRefused as refused:
            if refused.code == "no_such_room":
                return []
            raise
        # Of an empty room some servers leave the list out; whoever says other things instead says nothing of it.
        if found and "participants" not in found:
            raise ProviderDown("LiveKit answered with something that is not its JSON.")
        return [here for one in _list(found, "participants") if (here := events.present(Fields(one))) is not None]

    async def list_stays(self, room: Room, since: datetime) -> list[Stay]:
        """None: LiveKit remembers nobody who has left."""
        return []

    async def list_recordings(self, room: Room, since: datetime) -> list[FoundRecording]:
        """What became of the room's recordings, also when no webhook told."""
        found = await self._call("Egress", "ListEgress", {"roomName": room.ref}, {"roomRecord": True})
        return [each for one in _list(found, "items") for each in events.recordings_of(Fields(one), since)]

    async def open_recording(self, room: Room, key: str, url: str) -> Download:
        """A signed address in the bucket, or the one that was told."""
        bucket = self._bucket()
        return Download(bucket.signed(url) if bucket and bucket.holds(url) else url)

    def _bucket(self) -> Bucket | None:
        if self._values.get("recordings") != "bucket":
            return None
        return Bucket(self._values["bucket"], self._values["bucket_key"])

    def _egress(self, room: str) -> dict[str, Any]:
        """What the room is recorded to; nothing when it is not."""
        if "recordings" not in self._values:
            return {}
        file: dict[str, Any] = {"fileType": "MP4", "filepath": f"guildhall/{room}/{{time}}.mp4"}
        if self._values["recordings"] == "bucket":
            file["gcp"] = {"bucket": self._values["bucket"], "credentials": self._values["bucket_key"]}
        return {"room": {"roomName": room, "layout": "speaker", "fileOutputs": [file]}}

    def _token(self, grants: Mapping[str, Any], seconds: int, identity: str = "", name: str = "") -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self._values["key_id"], "nbf": now - 5, "exp": now + seconds, "video": grants}
        claims |= {"sub": identity, "name": name} if identity else {}
        return tokens.sign(claims, self._values["secret"])

    async def _call(self, service: str, method: str, asked: Any, grants: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self._values['url']}/twirp/livekit.{service}/{quote(method)}"
        token = self._token(grants, CALL_SECONDS)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await self._wire.ask("POST", url, headers, orjson.dumps(asked))
        if answer.status != 200:
            raise self._refusal(answer)
        return events.under_usual_names(answer.json())

    def _refusal(self, answer: Answer) -> ProviderRefused | ProviderDown:
        """A Twirp error in our words."""
        told = Fields(answer.json_or_empty())
        code, said = told.word("code"), told.word("msg")
        if answer.status in {401, 403}:
            return self._wire.keys_refused(answer, CURE)
        if code == "not_found":
            return ProviderRefused("LiveKit has no such room.", "no_such_room", 404)
        if code == "resource_exhausted":
            return ProviderRefused(
                f"LiveKit's limit is reached: {sentence(said)} End other rooms, or raise the limit.", "room_limit", 502
            )
        if answer.status == 404 and not code:
            return ProviderRefused("There is no LiveKit server at this URL. Check the server URL.", "no_server", 502)
        return ProviderRefused(f"LiveKit refused this: {sentence(said or str(answer.status))}", "refused", 502)


_ROOM_AND_RECORD = {"roomCreate": True, "roomRecord": True}


def _list(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = found.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ProviderDown("LiveKit answered with something that is not its JSON.")
    return listed
