"""A request to the disk store's HTTP faces and the answer to it, in plain words: the handlers know no framework."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from providers import ProviderDown, ProviderRefused

_CLOSED = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: `name` is what the path ends in, header names are in lower case, `length` None when not announced."""

    method: str
    name: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    length: int | None
    body: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: a body, or a file to be sent with its ranges; `hang_up` when the request's body was not read."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    file: Path | None = None
    hang_up: bool = False


async def answered(handler: Callable[[Ask], Awaitable[Answer]], ask: Ask) -> Answer:
    """The handler's answer, which no browser runs; refusals as JSON in the form of the Cloud Storage API."""
    try:
        answer = await handler(ask)
    except ProviderRefused as refused:
        answer = _refusal(refused.status, refused.code, refused.message)
    except ProviderDown as down:
        answer = _refusal(503, "storage_down", down.message)
    return replace(answer, headers=_CLOSED | answer.headers)


async def read_body(ask: Ask, limit: int) -> bytes:
    """The whole body; 413 `too_large` for more than `limit` bytes."""
    raw = bytearray()
    async for piece in ask.body:
        raw += piece
        if len(raw) > limit:
            raise ProviderRefused("That is too long to be sent in one piece. Send it resumably.", "too_large", 413)
    return bytes(raw)


def _refusal(status: int, code: str, message: str) -> Answer:
    error = {"error": {"code": status, "message": message, "errors": [{"reason": code}]}}
    return Answer(status, {"Content-Type": "application/json"}, orjson.dumps(error), hang_up=True)
