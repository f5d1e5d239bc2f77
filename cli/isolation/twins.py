"""Twins: two channels of one shape, every table filled from its catalog; one of them full of strings nobody may see.

A twin's texts carry its mark. Those of a key (slugs, codes) are baits, which an attacker may know and send; all
others are canaries, which no answer to the other twin may hold.
"""

# ruff: noqa: S608 - the statements are made of names in our own catalog; nothing that anybody sent is in them

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from cli.isolation.shapes import Column, Shape
from tenants.ids import new_id

BAITS = ("slug", "code", "host", "object_key", "email", "email_key", "event_id", "provider_key", "participant", "key")
# What a value must be beyond its type, where the schema cannot say so.
PARTICULAR: dict[str, Any] = {
    "rooms.head_seq": 40,
    "rooms.kind": ("members", "announcement", "private"),
    "channels.brand": {},
    "channels.landing": {},
    "messages.reactions": [],
    "messages.files": [],
    "courses.outcomes": [],
    "progress.played": [],
    "courses.state": "published",
    "lessons.state": "published",
    "lessons.kind": "text",
    "lessons.free": False,
    "live_classes.ends_at": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
    "files.state": "ready",
}
ENDED = ("ended_at", "revoked", "superseded")
FEWEST, MOST = 5, 9


@dataclass(slots=True)
class Twin:
    """A channel and all its rows: `mark` begins each of its texts, `tokens` sign its people in."""

    mark: str
    channel_id: UUID = field(default_factory=new_id)
    people: list[UUID] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    unfilled: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The channel's slug."""
        return str(self.rows["channels"][0]["slug"])

    def ids(self) -> list[str]:
        """Every id, slug and code in its rows: what an attacker could have learnt."""
        return sorted({value for rows in self.rows.values() for row in rows for value in _known(row, self.mark)})

    def uuids(self) -> list[str]:
        """Those of its ids that are UUIDs."""
        return [value for value in self.ids() if _is_uuid(value)]


def new_twin() -> Twin:
    """A twin with a mark that is in no other text of the database."""
    return Twin("zq" + secrets.token_hex(4))


async def fill(owner: asyncpg.Connection, shapes: list[Shape], twin: Twin) -> None:
    """Rows in every table for one twin; row-level security is unforced for it within one transaction."""
    async with owner.transaction():
        for shape in shapes:
            await owner.execute(f"ALTER TABLE {shape.name} NO FORCE ROW LEVEL SECURITY")
        for shape in shapes:
            twin.rows[shape.name] = []
            for number in range(_how_many(shape)):
                await _insert(owner, shape, twin, number)
            if not twin.rows[shape.name]:
                twin.unfilled.append(shape.name)
        await _sign_in(owner, twin)
        for shape in shapes:
            if shape.name != "search_documents":
                await owner.execute(f"ALTER TABLE {shape.name} FORCE ROW LEVEL SECURITY")


def _how_many(shape: Shape) -> int:
    if shape.name == "channels":
        return 1
    return min(MOST, max([FEWEST, *(len(column.words) for column in shape.columns)]))


async def _insert(owner: asyncpg.Connection, shape: Shape, twin: Twin, number: int) -> None:
    values = {column.name: _value(shape, column, twin, number) for column in shape.columns}
    values |= _referred(shape, twin, number, values)
    given = {name: value for name, value in values.items() if value is not None}
    listed = ", ".join(given)
    sql = (
        f"INSERT INTO {shape.name} ({listed}) SELECT {listed} FROM jsonb_populate_record(null::{shape.name}, $1::jsonb)"
        f" RETURNING to_jsonb({shape.name}.*)"
    )
    try:
        async with owner.transaction():
            row = json.loads(await owner.fetchval(sql, json.dumps(given)))
    except asyncpg.IntegrityConstraintViolationError:
        return
    twin.rows[shape.name].append(row)
    if shape.name == "people":
        twin.people.append(UUID(row["id"]))


def _referred(shape: Shape, twin: Twin, number: int, values: dict[str, Any]) -> dict[str, Any]:
    """Values of the columns that name rows of other tables: rows of the same twin."""
    found: dict[str, Any] = {}
    for reference in shape.references:
        if reference.table == "channels":
            continue
        rows = twin.rows.get(reference.table, [])
        if reference.table == shape.name:
            continue
        if rows:
            row = rows[number % len(rows)]
            found |= {here: row[there] for here, there in zip(reference.columns, reference.there, strict=True)}
        else:
            found |= {here: None for here in reference.columns if here != "channel_id"}
    return {name: value for name, value in found.items() if name != shape.owner and name in values}


def _value(shape: Shape, column: Column, twin: Twin, number: int) -> Any:
    place = f"{shape.name}.{column.name}"
    if column.name == shape.owner:
        return str(twin.channel_id)
    if column.name == "person_id" and twin.people:
        return str(twin.people[number % len(twin.people)])
    if place in PARTICULAR:
        given = PARTICULAR[place]
        return given[number % len(given)] if isinstance(given, tuple) else given
    if column.words:
        return _word(column, number)
    if column.type in _MAKERS:
        return _MAKERS[column.type](shape, column, twin, number)
    return None


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


def _json(shape: Shape, column: Column, twin: Twin, _number: int) -> Any:
    words = f"{twin.mark}-canary-{shape.name}-{column.name}"
    return [words] if (column.fallback or "").startswith("'[") else {"note": words}


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
    "bytea": lambda *_: "\\x" + secrets.token_hex(32),
    "_text": lambda *_: [],
    "_uuid": lambda *_: [],
}


async def _sign_in(owner: asyncpg.Connection, twin: Twin) -> None:
    """A token for one member of each role."""
    for member in twin.rows["members"]:
        if member["role"] in twin.tokens:
            continue
        token, session = secrets.token_urlsafe(32), new_id()
        await owner.execute(
            "INSERT INTO sessions (id, person_id, kind) VALUES ($1, $2, 'api')", session, UUID(member["person_id"])
        )
        await owner.execute(
            "INSERT INTO tokens (hash, person_id, session_id, kind, expires_at)"
            " VALUES ($1, $2, $3, 'access', now() + interval '1 hour')",
            sha256(token.encode()).digest(),
            UUID(member["person_id"]),
            session,
        )
        twin.tokens[member["role"]] = token


async def fingerprint(reader: asyncpg.Connection, shapes: list[Shape], twin: Twin) -> dict[str, str]:
    """A hash of the twin's rows in each table; `reader` is signed in as the backup role, which sees all rows."""
    hashes = {}
    for shape in shapes:
        where = _whose(shape)
        if where:
            hashes[shape.name] = await reader.fetchval(
                f"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
                f" FROM {shape.name} t WHERE {where}",
                twin.channel_id if shape.owner else twin.people,
            )
    return hashes


def _whose(shape: Shape) -> str:
    if shape.owner:
        return f"{shape.owner} = $1"
    if "person_id" in shape.names:
        return "person_id = ANY ($1::uuid[])"
    return "id = ANY ($1::uuid[])" if shape.name == "people" else ""


def _known(row: dict[str, Any], mark: str) -> list[str]:
    return [
        value
        for value in row.values()
        if isinstance(value, str) and (_is_uuid(value) or value.startswith(f"{mark}-bait"))
    ]


def _is_uuid(value: str) -> bool:
    return len(value) == 36 and value.count("-") == 4 and not value.startswith("zq")
