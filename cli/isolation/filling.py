"""Filling: rows in every table for a twin, and the hashes that tell whether they are still what they were."""

# ruff: noqa: S608 - the statements are made of names in our own catalog; nothing that anybody sent is in them

import json
import secrets
from typing import Any
from uuid import UUID

import asyncpg

from cli.isolation.shapes import Shape
from cli.isolation.twins import HOSTED, Twin
from cli.isolation.values import value_of
from tenants.directory import hash_of
from tenants.ids import new_id
from tenants.people.sessions import HOSTED as HOSTED_TOKEN
from tenants.people.sessions import at_host

FEWEST, MOST = 5, 9
# Whoever knows an address may try a password on it; its person sees that in their login history, and shall.
NOT_TRIED = "outcome <> 'wrong password'"


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
    values = {column.name: value_of(shape, column, twin, number) for column in shape.columns}
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
            found |= {here: str(twin.channel_id) for here in reference.columns if values.get(here) is not None}
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


async def _sign_in(owner: asyncpg.Connection, twin: Twin) -> None:
    """A token for one member of each role."""
    for member in twin.rows["members"]:
        if member["role"] in twin.tokens:
            continue
        person, session = UUID(member["person_id"]), new_id()
        await owner.execute("INSERT INTO sessions (id, person_id, kind) VALUES ($1, $2, 'api')", session, person)
        twin.tokens[member["role"]] = token = secrets.token_urlsafe(32)
        await _keep(owner, token, person, session)
        if member["role"] == "student":
            await _sign_in_at_host(owner, twin, person, session)


async def _sign_in_at_host(owner: asyncpg.Connection, twin: Twin, person: UUID, begun_from: UUID) -> None:
    session, token = new_id(), HOSTED_TOKEN + secrets.token_urlsafe(32)
    await owner.execute(
        "INSERT INTO sessions (id, person_id, kind, for_channel, host, begun_from)"
        " VALUES ($1, $2, 'browser', $3, $4, $5)",
        session, person, twin.channel_id, twin.host, begun_from,
    )  # fmt: skip
    await _keep(owner, at_host(token, twin.host), person, session)
    twin.tokens[HOSTED] = token


async def _keep(owner: asyncpg.Connection, token: str, person: UUID, session: UUID) -> None:
    await owner.execute(
        "INSERT INTO tokens (hash, person_id, session_id, kind, expires_at)"
        " VALUES ($1, $2, $3, 'access', now() + interval '1 hour')",
        hash_of(token), person, session,
    )  # fmt: skip


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
    if shape.name == "sign_ins":
        return f"person_id = ANY ($1::uuid[]) AND {NOT_TRIED}"
    if "person_id" in shape.names:
        return "person_id = ANY ($1::uuid[])"
    return "id = ANY ($1::uuid[])" if shape.name == "people" else ""
