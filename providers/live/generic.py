"""The generic live provider: any service that signs by Standard Webhooks (standardwebhooks.com, v1)."""

from collections.abc import Callable, Mapping
from datetime import datetime

from providers import PayloadRefused, standard_webhooks
from providers.live import (
    BODY_LIMIT,
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingReady,
    RoomEnded,
)
from providers.live.credentials import Field, FieldRefused, stripped
from providers.live.fields import Fields
from providers.live.hosting import Abilities, Hosting, NoHosting, Token
from providers.outbound import Outbound


def open_provider() -> "GenericProvider":
    """The provider, which has nothing to open."""
    return GenericProvider()


class GenericProvider:
    """LiveProvider for `{type, data}` bodies as the contract names them."""

    fields = (
        Field(
            "secret",
            "Webhook secret",
            "Only if your provider shows one; left empty, one is made for you to copy.",
            secret=True,
            optional=True,
        ),
    )
    abilities = Abilities(records=True)

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The one event of the webhook; no older and no newer than five minutes, by the raw bytes as they came."""
        if len(raw) > BODY_LIMIT:
            raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
        delivery = standard_webhooks.verify(secret, headers, raw)
        body = Fields.parse(raw)
        read = _READERS.get(body.text("type", 100))
        return [read(delivery, body.inner("data"))] if read else []

    def greeting(self, headers: Mapping[str, str], raw: bytes, secret: str) -> dict[str, str] | None:
        """None: Standard Webhooks have no handshake."""
        return None

    def check(self, given: Mapping[str, str]) -> str:
        """The provider's own secret, or a fresh one."""
        stated = stripped(self.fields, given).get("secret", "")
        try:
            return self.checked_secret(stated) if stated else self.make_secret()
        except ValueError as wrong:
            raise FieldRefused("secret", str(wrong)) from None

    def open(self, secret: str, outbound: Outbound, memory: dict[str, Token]) -> Hosting:
        """Nobody that could be asked."""
        return NoHosting()

    def make_secret(self) -> str:
        """A fresh `whsec_` secret of 32 random bytes."""
        return standard_webhooks.make_secret()

    def checked_secret(self, secret: str) -> str:
        """The secret itself, when it is `whsec_` and base64 of 24 to 64 bytes."""
        return standard_webhooks.checked_secret(secret)


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
