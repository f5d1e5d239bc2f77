"""LiveKit's webhooks: a token over the body's hash, and ProtoJSON in our words."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from providers import PayloadRefused, SignatureRefused
from providers.live import (
    BODY_LIMIT,
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingReady,
    RoomEnded,
    jwt,
)
from providers.live.fields import Fields
from providers.live.hosting import FoundRecording, Present

LIVES_SECONDS = 360
NANOSECONDS = 10**9
DONE = {"EGRESS_COMPLETE", "EGRESS_LIMIT_REACHED"}
FAILED = {"EGRESS_FAILED", "EGRESS_ABORTED"}
LEFT = {"participant_left", "participant_connection_aborted"}
# Recorders and robots also come in; they are nobody's attendance.
PEOPLE = {"", "STANDARD", "SIP"}
# Whoever is still knocking has not come in: the webhook tells of them once they are through.
INSIDE = {"JOINED", "ACTIVE"}
DEEPEST = 8
UNREACHABLE = (
    "LiveKit keeps the recording where it cannot be fetched from ({}). Give the connection a bucket, or set the egress "
    "service up with a storage that answers by https."
)


def verify(headers: Mapping[str, str], raw: bytes, key_id: str, secret: str) -> None:
    """Pass when the token is of this key, of these minutes, and names the SHA-256 of these bytes."""
    if len(raw) > BODY_LIMIT:
        raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
    token = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    claims = jwt.read(token.removeprefix("Bearer "), secret)
    if claims.get("iss") != key_id:
        raise SignatureRefused("The token is of another API key.")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] > datetime.now(UTC).timestamp() + LIVES_SECONDS:
        raise SignatureRefused("The token has no end within some minutes, so nobody can say when it was sent.")
    named = str(claims.get("sha256", "")).encode()
    if not hmac.compare_digest(named, base64.b64encode(hashlib.sha256(raw).digest())):
        raise SignatureRefused("The token is of another body.")


def parse(raw: bytes) -> list[LiveEvent]:
    """The events of a verified body; none for rooms that are not classes."""
    body = Fields.parse(raw)
    kind, delivery = body.text("event", 100), body.text("id", 200)
    if kind == "egress_ended":
        return _ended_recording(delivery, body.inner("egressInfo"))
    if kind not in {"participant_joined", "room_finished", *LEFT}:
        return []
    room = _class_of(body.inner("room").word("name"))
    if room is None:
        return []
    at = body.epoch("createdAt")
    return [RoomEnded(delivery, room, at)] if kind == "room_finished" else _moved(delivery, room, body, at)


def _moved(delivery: str, room: UUID, body: Fields, at: datetime) -> list[LiveEvent]:
    who = body.inner("participant")
    if who.word("kind") not in PEOPLE:
        return []
    known = who.text("identity", 200), who.word("name")
    if body.text("event", 100) in LEFT:
        return [ParticipantLeft(delivery, room, *known, at)]
    joined = who.epoch("joinedAt") if who.has("joinedAt") else at
    return [ParticipantJoined(delivery, room, *known, joined)]


def under_usual_names(answer: dict[str, Any], deep: int = DEEPEST) -> dict[str, Any]:
    """An answer of the server API under ProtoJSON's usual names, as webhooks have them (`joinedAt`).

    By default Twirp, which LiveKit answers by, takes the names of the protocol's files (`joined_at`).
    """
    return {_usual(name): _renamed(value, deep) for name, value in answer.items()}


def present(who: Fields) -> Present | None:
    """A listed participant, under the identity and since the moment that their webhook tells; None for no person."""
    if who.word("kind") not in PEOPLE or who.word("state") not in INSIDE:
        return None
    return Present(who.text("identity", 200), who.word("name"), who.epoch("joinedAt"))


def recordings_of(egress: Fields, since: datetime) -> list[FoundRecording]:
    """What a recording became: its files, or why there is none; nothing while it is under way."""
    status, key = egress.word("status"), egress.text("egressId", 150)
    files = egress.each("fileResults") or ([egress.inner("file")] if egress.has("file") else [])
    if status in DONE and files:
        found = [_file(key if place == 0 else f"{key}/{place}", each) for place, each in enumerate(files)]
    elif status in FAILED or (status in DONE and not files):
        reason = egress.word("error", 400) or f"LiveKit ended it as {status or 'unknown'}."
        found = [FoundRecording(key, failed=f"LiveKit could not record the class: {reason}")]
    else:
        found = []
    return [each for each in found if each.started_at is None or each.started_at >= since]


def _file(key: str, file: Fields) -> FoundRecording:
    location, began = file.word("location", 4096), file.epoch("startedAt", NANOSECONDS)
    if not location.startswith("https://") and not location.startswith("http://"):
        return FoundRecording(key, failed=UNREACHABLE.format(location[:100] or "nowhere"))
    return FoundRecording(key, file.url("location"), "video/mp4", file.count("size"), began)


def _ended_recording(delivery: str, egress: Fields) -> list[LiveEvent]:
    room = _class_of(egress.word("roomName"))
    if room is None:
        return []
    return [
        RecordingFailed(f"{delivery}/{each.key}", room, each.key, each.failed)
        if each.failed or each.started_at is None
        else RecordingReady(
            f"{delivery}/{each.key}", room, each.key, each.url, each.content_type, each.size, each.started_at
        )
        for each in recordings_of(egress, datetime(2000, 1, 1, tzinfo=UTC))
    ]


def _renamed(value: Any, deep: int) -> Any:
    if isinstance(value, dict) and deep:
        return under_usual_names(value, deep - 1)
    return [_renamed(each, deep - 1) for each in value] if isinstance(value, list) and deep else value


def _usual(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _class_of(name: str) -> UUID | None:
    try:
        found = UUID(name)
    except ValueError:
        return None
    return found if str(found) == name else None
