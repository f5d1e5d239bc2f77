"""The generic live provider: any service that signs by Standard Webhooks (standardwebhooks.com, v1)."""

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

from providers import PayloadRefused, SignatureRefused
from providers.live import (
    BODY_LIMIT,
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingReady,
    RoomEnded,
)
from providers.live.fields import Fields

_DELIVERY = re.compile(r"[\x21-\x7e]{1,200}")
_MOMENT = re.compile(r"[0-9]{1,11}", re.ASCII)
_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def open_provider() -> "GenericProvider":
    """The provider, which has nothing to open."""
    return GenericProvider()


class GenericProvider:
    """LiveProvider for `{type, data}` bodies as the contract names them."""

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The one event of the webhook; no older and no newer than five minutes, by the raw bytes as they came."""
        if len(raw) > BODY_LIMIT:
            raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
        delivery = self._verify(headers, raw, secret)
        body = Fields.parse(raw)
        read = _READERS.get(body.text("type", 100))
        return [read(delivery, body.inner("data"))] if read else []

    def make_secret(self) -> str:
        """A fresh `whsec_` secret of 32 random bytes."""
        return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"

    def checked_secret(self, secret: str) -> str:
        """The secret itself, when it is `whsec_` and base64 of 24 to 64 bytes."""
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
            raise ValueError(
                "The webhook secret should be whsec_ and base64 of 24 to 64 bytes, as the provider shows it."
            )
        return secret

    def _verify(self, headers: Mapping[str, str], raw: bytes, secret: str) -> str:
        """The id of the delivery, once its signature holds; the comparison inside takes constant time."""
        found = {name.lower(): value for name, value in headers.items() if name.lower() in _NAMES}
        delivery, moment = found.get(_NAMES[0], ""), found.get(_NAMES[1], "")
        if not _DELIVERY.fullmatch(delivery) or not _MOMENT.fullmatch(moment) or len(found.get(_NAMES[2], "")) > 2000:
            raise SignatureRefused("Send webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks).")
        try:
            Webhook(self.checked_secret(secret)).verify(raw, found, json_parse=False)
        except (WebhookVerificationError, ValueError) as wrong:
            raise SignatureRefused("The signature does not hold, or its time is more than 5 minutes off.") from wrong
        return delivery


def sign(secret: str, event_id: str, at: datetime, raw: bytes) -> dict[str, str]:
    """The headers with which a sender signs `raw` (for sandboxes and tests)."""
    moment = at.astimezone(UTC)
    signature = Webhook(secret).sign(event_id, moment, raw.decode())
    return dict(zip(_NAMES, (event_id, str(int(moment.timestamp())), signature), strict=True))


def _joined(delivery: str, data: Fields) -> LiveEvent:
    return ParticipantJoined(delivery, data.id("class"), *_participant(data))


def _left(delivery: str, data: Fields) -> LiveEvent:
    return ParticipantLeft(delivery, data.id("class"), *_participant(data))


def _participant(data: Fields) -> tuple[str, str, datetime]:
    return data.text("participant", 200), data.text("name", 200, default=""), data.time("at")


def _ready(delivery: str, data: Fields) -> LiveEvent:
    media = data.text("content_type", 100)
    started = data.time("started_at")
    return RecordingReady(
        delivery, data.id("class"), data.text("recording", 200), data.url("url"), media, data.size("size"), started
    )


def _failed(delivery: str, data: Fields) -> LiveEvent:
    reason = data.text("reason", 500, default="")
    return RecordingFailed(delivery, data.id("class"), data.text("recording", 200), reason)


def _ended(delivery: str, data: Fields) -> LiveEvent:
    return RoomEnded(delivery, data.id("class"), data.time_or_none("at"))


_READERS: dict[str, Callable[[str, Fields], LiveEvent]] = {
    "participant.joined": _joined,
    "participant.left": _left,
    "recording.ready": _ready,
    "recording.failed": _failed,
    "room.ended": _ended,
}
