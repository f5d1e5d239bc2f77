"""Values for the columns of any table: made from the catalog alone, each text with the mark of its twin."""

import secrets
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid5

from cli.isolation.shapes import Column, Shape
from cli.isolation.twins import Twin
from tenants.certificates import codes
from tenants.certificates.snapshots import Snapshot
from tenants.ids import new_id

BAITS = ("slug", "code", "host", "object_key", "email", "email_key", "event_id", "provider_key", "participant", "key")
ENDED = ("ended_at", "revoked", "superseded")


def value_of(shape: Shape, column: Column, twin: Twin, number: int) -> Any:
    """The value of a column in a row of that number; None leaves it to its default, or NULL."""
    place = f"{shape.name}.{column.name}"
    if column.name == shape.owner:
        return str(twin.channel_id)
    if column.name == "person_id" and twin.people:
        return str(twin.people[number % len(twin.people)])
    if place in PARTICULAR:
        return _particular(PARTICULAR[place], twin, number)
    if column.words:
        return _word(column, number)
    if column.type in _MAKERS:
        return _MAKERS[column.type](shape, column, twin, number)
    return None


def _particular(given: Any, twin: Twin, number: int) -> Any:
    if callable(given):
        return given(twin, number)
    return given[number % len(given)] if isinstance(given, tuple) else given


def _code(twin: Twin, number: int) -> str:
    """A certificate's code that could have been issued, the same one wherever it is written."""
    drawn = sha256(f"{twin.mark} {number}".encode()).digest()
    body = "".join(codes.ALPHABET[byte % 32] for byte in drawn[: codes.LENGTH])
    return body + codes.check_character(body)


def _of_length(twin: Twin, number: int, length: int) -> str:
    """So many bytes that belong to the twin, as PostgreSQL writes them."""
    drawn = sha256(f"{twin.mark} {number}".encode()).digest()
    return "\\x" + (drawn * (length // len(drawn) + 1))[:length].hex()


def _word(column: Column, number: int) -> str:
    lasting = [word for word in column.words if word not in ENDED]
    return lasting[number % len(lasting)]


def _text(shape: Shape, column: Column, twin: Twin, number: int) -> str | None:
    if column.fallback not in (None, "''::text"):
        return None
    kind = "bait" if column.name in BAITS or column.name in shape.keys else "canary"
    return f"{twin.mark}-{kind}-{shape.name}-{column.name}-{number}".replace("_", "-")


def _uuid(shape: Shape, column: Column, twin: Twin, number: int) -> str | None:
    if column.name == "id" or column.name in shape.keys:
        return str(new_id())
    rows = twin.rows.get(column.name.removesuffix("_id") + "s", [])
    if rows and rows[0].get("id") and not any(column.name in r.columns for r in shape.references):
        return str(rows[number % len(rows)]["id"])
    return None if column.nullable else str(new_id())


def _instant(_shape: Shape, column: Column, _twin: Twin, _number: int) -> str | None:
    if column.nullable:
        return None
    later = column.name.startswith(("expires", "leased"))
    return (datetime.now(UTC) + timedelta(days=1 if later else 0)).isoformat()


def _number(_shape: Shape, column: Column, _twin: Twin, number: int) -> int | None:
    return None if column.fallback or (column.nullable and column.type != "int8") else number + 1


def _bytes(shape: Shape, column: Column, twin: Twin, number: int) -> str:
    """Random where it is a key, else the bytes of a canary."""
    if column.name in shape.keys:
        return "\\x" + secrets.token_hex(32)
    return "\\x" + f"{twin.mark}-canary-{shape.name}-{column.name}-{number}".replace("_", "-").encode().hex()


def _snapshot(twin: Twin, number: int) -> dict[str, Any]:
    """What a certificate says, each word of it a canary."""
    said: dict[str, Any] = {
        field.name: f"{twin.mark}-canary-certificates-{field.name}-{number}".replace("_", "-")
        for field in fields(Snapshot)
    }
    return said | {"colour": "#334455", "language": "en", "seconds": 60}


def _preview(twin: Twin, number: int) -> dict[str, str]:
    """What a link leads to, each word of it a canary."""
    words = f"{twin.mark}-canary-messages-preview-{number}"
    return {"url": f"https://{words}.example/"} | dict.fromkeys(("title", "description", "site"), words)


def _poll(twin: Twin, number: int) -> dict[str, Any]:
    """A poll, each option a canary."""
    options = [{"text": f"{twin.mark}-canary-poll-{number}-{place}", "count": 1} for place in range(2)]
    kind = {"several": bool(number % 2), "anonymous": bool(number % 3), "ends_at": None, "closed_at": None, "v": 1}
    return {"options": options, "voters": 1} | kind


def _json(shape: Shape, column: Column, twin: Twin, _number: int) -> Any:
    words = f"{twin.mark}-canary-{shape.name}-{column.name}"
    return [words] if (column.fallback or "").startswith("'[") else {"note": words}


# What a value must be beyond its type, where the schema cannot say so.
PARTICULAR: dict[str, Any] = {
    "certificates.code": _code,
    "certificates.snapshot": _snapshot,
    "certificate_codes.code": _code,
    "index_changes.kind": ("course", "lesson", "message"),
    "rooms.head_seq": 40,
    "pushes.p256dh": lambda twin, number: _of_length(twin, number, 65),
    "pushes.auth": lambda twin, number: _of_length(twin, number, 16),
    "rooms.kind": ("members", "announcement", "private", "batch", "direct"),
    "channels.brand": {},
    "channels.landing": {},
    "messages.program_id": lambda twin, number: str(uuid5(twin.channel_id, "program")) if number % 2 else None,
    "messages.program": lambda twin, number: f"{twin.mark}-canary-messages-program-{number}" if number % 2 else None,
    "messages.reactions": [],
    "messages.files": [],
    "messages.preview": _preview,
    "messages.poll": _poll,
    "withheld.poll": _poll,
    "poll_votes.options": [0],
    "courses.outcomes": [],
    "courses.price_amount": (None, 2500),
    "courses.price_currency": (None, "EUR"),
    "batches.price_amount": (None, None, 900),
    "batches.price_currency": (None, None, "EUR"),
    "billing_accounts.country": "PT",
    "billing_accounts.ready": True,
    "ledger_entries.currency": "EUR",
    "orders.amount": 2500,
    "orders.currency": "EUR",
    "profiles.links": [],
    "profiles.time_zone": "Europe/Lisbon",
    "progress.played": [],
    "courses.state": "published",
    "lessons.state": "published",
    "lessons.kind": "text",
    "lessons.free": False,
    "live_classes.ends_at": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
    "files.state": "ready",
    "moderation_reports.figures": {
        "flags": {},
        "rooms": [],
        "acts": {},
        "catches": [],
        "appeals": {"made": 1, "upheld": 0, "overturned": 0},
        "cases": {"opened": 1, "decided": 0, "waiting": 1, "median_seconds": None},
    },
}
_MAKERS: dict[str, Any] = {
    "text": _text,
    "varchar": _text,
    "uuid": _uuid,
    "timestamptz": _instant,
    "date": lambda *_: datetime.now(UTC).date().isoformat(),
    "int2": _number,
    "int4": _number,
    "int8": _number,
    "float4": _number,
    "float8": _number,
    "numeric": _number,
    "bool": lambda _s, column, *_: None if column.fallback else False,
    "jsonb": _json,
    "bytea": _bytes,
    "_text": lambda *_: [],
    "_uuid": lambda *_: [],
}
