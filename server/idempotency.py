"""Idempotency keys of HTTP (draft-ietf-httpapi-idempotency-key-header): read here, kept by the domain."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from aiohttp import web

from tenants.errors import Refusal

VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}")


class Idempotency(Enum):
    """Whether an operation takes an `Idempotency-Key`; `REQUIRED` where money moves."""

    NONE = "none"
    TAKEN = "taken"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """One attempt: the client's key, the operation, and the SHA-256 of what was asked (method, path, body)."""

    key: str
    route: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given the first time."""

    status: int
    body: bytes


class Ledger(Protocol):
    """Where keys are kept: a row of the business transaction, per person and route, for 24 hours.

    `context` is what the handler works in, or the transaction that it opened itself. A context that is no transaction
    is passed over by both: its handler keeps the key.
    """

    async def begin(self, context: Any, attempt: KeyedRequest) -> StoredAnswer | None:
        """The answer to give again, or None to go on.

        Raises Invalid (422) when the key came with another fingerprint, Conflict (409) while the first is running.
        """

    async def finish(self, context: Any, attempt: KeyedRequest, answer: StoredAnswer) -> None:
        """Keep `answer` in the same transaction as its effects."""


def read_key(request: web.Request, rule: Idempotency, route: str, body: bytes) -> KeyedRequest | None:
    """The attempt the request's key makes, None without one; Refusal 400 for an ill-formed or missing key."""
    if rule is Idempotency.NONE:
        return None
    sent = request.headers.getall("Idempotency-Key", [])
    if not sent and rule is Idempotency.TAKEN:
        return None
    if not sent:
        raise Refusal(400, "idempotency_key_required", "Send an Idempotency-Key: a new UUID for each order.")
    key = _unquoted(sent[0])
    if len(sent) > 1 or not VISIBLE_ASCII.fullmatch(key):
        raise Refusal(400, "idempotency_key", "Send one Idempotency-Key of 1 to 255 visible ASCII characters.")
    asked = b"\0".join((request.method.encode(), request.raw_path.encode(), body))
    return KeyedRequest(key, route, hashlib.sha256(asked).digest())


def _unquoted(text: str) -> str:
    """The draft writes keys as quoted strings, most clients bare: both mean the same key."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text
