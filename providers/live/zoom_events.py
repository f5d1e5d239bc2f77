"""Zoom's webhooks: signed by the app's secret token, and their events in our words."""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from itertools import groupby
from uuid import UUID

from providers import PayloadRefused, SignatureRefused
from providers.live import (
    BODY_LIMIT,
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingReady,
    RoomEnded,
)
from providers.live.fields import Fields
from providers.live.hosting import FoundRecording

SECONDS = 300
_MOMENT = re.compile(r"[0-9]{1,11}", re.ASCII)
# What is asked to be proved must not look like what a webhook signs (`v0:time:body`).
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
VALIDATION = "endpoint.url_validation"
CHOICE = (
    "shared_screen_with_gallery_view",
    "shared_screen_with_speaker_view",
    "shared_screen_with_speaker_view(CC)",
    "shared_screen",
    "gallery_view",
    "speaker_view",
    "active_speaker",
)
"""Of the films of one stretch the first of these is taken, then any other MP4; the larger of two alike."""


def verify(headers: Mapping[str, str], raw: bytes, secret: str) -> None:
    """Pass when `x-zm-signature` is the HMAC of `v0:timestamp:body`, the time within five minutes of now."""
    if len(raw) > BODY_LIMIT:
        raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
    found = {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-zm-")}
    moment, signature = found.get("x-zm-request-timestamp", ""), found.get("x-zm-signature", "")
    if not _MOMENT.fullmatch(moment) or not signature.isascii():
        raise SignatureRefused("Send x-zm-request-timestamp and x-zm-signature.")
    if abs(time.time() - int(moment)) > SECONDS:
        raise SignatureRefused("The signature's time is more than 5 minutes off.")
    told = hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"v0={told}", signature):
        raise SignatureRefused("The signature does not hold. Copy the app's secret token again.")


def asks_for_proof(raw: bytes) -> bool:
    """Whether this is the request by which Zoom makes sure of an endpoint."""
    return len(raw) < 4096 and VALIDATION.encode() in raw and Fields.parse(raw).word("event") == VALIDATION


def proof(raw: bytes, secret: str) -> dict[str, str]:
    """What Zoom wants to hear: its plain token, and the HMAC of it."""
    plain = Fields.parse(raw).inner("payload").text("plainToken", 100)
    if not _PLAIN.fullmatch(plain):
        raise PayloadRefused("`plainToken` should be letters and digits.")
    return {
        "plainToken": plain,
        "encryptedToken": hmac.new(secret.encode(), plain.encode(), hashlib.sha256).hexdigest(),
    }


def parse(raw: bytes) -> list[LiveEvent]:
    """The events of a verified body; Zoom numbers none, so the body itself is the number."""
    body, delivery = Fields.parse(raw), hashlib.sha256(raw).hexdigest()
    kind = body.text("event", 100)
    if kind not in {"meeting.participant_joined", "meeting.participant_left", "meeting.ended", "recording.completed"}:
        return []
    held = body.inner("payload").inner("object")
    room = str(held.count("id") or held.text("id", 30))
    if kind == "meeting.ended":
        return [RoomEnded(delivery, room, held.time_or_none("end_time"))]
    if kind == "recording.completed":
        return _recorded(delivery, room, held, body.word("download_token", 4000))
    who = held.inner("participant")
    known = member(who, "email", "id", "user_id", "user_name"), who.word("user_name")
    if kind == "meeting.participant_left":
        return [ParticipantLeft(delivery, room, *known, who.time("leave_time"))]
    return [ParticipantJoined(delivery, room, *known, who.time("join_time"))]


def member(who: Fields, email: str, *names: str) -> str:
    """The member whose id the registration's mailbox begins with; else Zoom's own name of the person.

    The fields' names differ from webhook to report, what stands in them does not.
    """
    mailbox = who.word(email).partition("@")[0]
    try:
        return str(UUID(mailbox))
    except ValueError:
        return f"zoom:{next((known for name in names if (known := who.word(name, 100))), 'unknown')}"


def chosen_films(told: Fields) -> list[FoundRecording]:
    """One film of each recorded stretch of a meeting, by CHOICE, oldest first.

    The key is the sitting and the stretch, not the file: a better film that is ready later is the same recording.
    """
    sitting = told.text("uuid", 100)
    films = [each for each in told.each("recording_files") if _is_film(each)]
    films.sort(key=lambda film: film.time("recording_start"))
    found = []
    for began, stretch in groupby(films, lambda film: film.time("recording_start")):
        film = min(stretch, key=_rank)
        key = f"{sitting}|{began.isoformat()}"
        found.append(FoundRecording(key, film.url("download_url"), "video/mp4", film.count("file_size"), began))
    return found


def _recorded(delivery: str, room: str, held: Fields, token: str) -> list[LiveEvent]:
    return [
        RecordingReady(
            f"{delivery}/{place}", room, film.key, film.url, film.content_type, film.size, film.started_at, token
        )
        for place, film in enumerate(chosen_films(held))
        if film.started_at is not None
    ]


def _is_film(file: Fields) -> bool:
    return file.word("file_type") == "MP4" and file.word("status") in {"", "completed"} and file.has("download_url")


def _rank(film: Fields) -> tuple[int, int]:
    kind = film.word("recording_type")
    return (CHOICE.index(kind) if kind in CHOICE else len(CHOICE), -(film.count("file_size") or 0))
