"""Webhooks signed as Standard Webhooks has it (standardwebhooks.com, v1): making, checking and keeping to the time."""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

from providers import SignatureRefused

_DELIVERY = re.compile(r"[\x21-\x7e]{1,200}")
_MOMENT = re.compile(r"[0-9]{1,11}", re.ASCII)
_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def make_secret() -> str:
    """A fresh `whsec_` secret of 32 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def checked_secret(secret: str) -> str:
    """The secret itself, when it is `whsec_` and base64 of 24 to 64 bytes; ValueError with a sentence otherwise."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError("The webhook secret should be whsec_ and base64 of 24 to 64 bytes, as the provider shows it.")
    return secret


def sign(secret: str, event_id: str, at: datetime, raw: bytes) -> dict[str, str]:
    """The headers with which a sender signs `raw`; `secret` is `whsec_` and base64."""
    moment = at.astimezone(UTC)
    signature = Webhook(secret).sign(event_id, moment, raw.decode())
    return dict(zip(_NAMES, (event_id, str(int(moment.timestamp())), signature), strict=True))


def verify(secret: str, headers: Mapping[str, str], raw: bytes) -> str:
    """The id of the delivery, once its signature holds over the bytes as they came; no more than five minutes off.

    Raises SignatureRefused; the comparison takes constant time.
    """
    found = {name.lower(): value for name, value in headers.items() if name.lower() in _NAMES}
    delivery, moment = found.get(_NAMES[0], ""), found.get(_NAMES[1], "")
    if not _DELIVERY.fullmatch(delivery) or not _MOMENT.fullmatch(moment) or len(found.get(_NAMES[2], "")) > 2000:
        raise SignatureRefused("Send webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks).")
    try:
        Webhook(checked_secret(secret)).verify(raw, found, json_parse=False)
    except (WebhookVerificationError, ValueError) as wrong:
        raise SignatureRefused("The signature does not hold, or its time is more than 5 minutes off.") from wrong
    return delivery
