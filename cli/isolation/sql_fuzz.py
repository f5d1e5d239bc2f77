"""SQL fuzz: hostile statements as the application's role in one twin's channel; nothing of the other may show."""

import itertools
import re
from collections.abc import Iterable
from typing import Any

import asyncpg

from cli.isolation.hostile import Attacker
from cli.isolation.shapes import Shape
from cli.isolation.tally import Tally
from cli.isolation.twins import Twin

# What a transaction keeps: these aim at single rows of the other twin, so that one's own are not used up.
KEPT = frozenset({"insert", "insert reference", "conflict", "write by id", "people", "schema"})
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


async def fuzz_sql(app: asyncpg.Connection, shapes: list[Shape], own: Twin, other: Twin, many: int, seed: int) -> Tally:
    """Run `many` attacks, each in a transaction of its own scope."""
    tally = Tally("SQL fuzz")
    secrets = frozenset(other.uuids())
    for kind, sql in itertools.islice(Attacker(shapes, own, other, seed).attacks(), many):
        tally.tried[kind] += 1
        shown, done = await _attack(app, own, sql, keep=kind in KEPT and "TEMP" not in sql)
        if seen := _foreign(shown, other.mark, secrets, sql):
            tally.leak(f"{kind} showed {seen}: {sql[:160]}")
        if done and kind in ("update reference", "insert reference"):
            tally.leak(f"{kind} made a row that points into the other channel: {sql[:160]}")
    return tally


async def _attack(app: asyncpg.Connection, own: Twin, sql: str, *, keep: bool) -> tuple[Iterable[Any], int]:
    """What the statement showed, an error's words included, and how many rows a write touched."""
    transaction = app.transaction()
    await transaction.start()
    kept = False
    try:
        await app.execute(
            f"SET LOCAL app.channel_id = '{own.channel_id}'; SET LOCAL app.person_id = '{own.people[0]}';"
            " SET LOCAL lock_timeout = '2s'"
        )
        shown = await _run(app, sql)
        kept = keep
        touched = len(shown) if sql.startswith("INSERT") else 0
        if sql.startswith("UPDATE") and "RETURNING" not in sql:
            touched = len(await app.fetch(f"{sql} RETURNING 1"))
        return shown, touched
    except asyncpg.PostgresError as error:
        return [str(error), error.detail or ""], 0
    finally:
        await (transaction.commit() if kept else transaction.rollback())
        await app.execute("RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE")


async def _run(app: asyncpg.Connection, sql: str) -> list[Any]:
    *before, last = sql.split("; ")
    for statement in before:
        await app.execute(statement)
    if last.startswith("COPY"):
        pieces: list[bytes] = []

        async def take(piece: bytes) -> None:
            pieces.append(piece)

        table = last.split(" ")[1]
        if "STDOUT" in last:
            await app.copy_from_table(table, output=take)
            return [piece.decode() for piece in pieces]
    return list(await app.fetch(last))


def _foreign(shown: Iterable[Any], mark: str, secrets: frozenset[str], sql: str) -> str:
    """A piece of the other twin's rows in what was shown that the attacker did not say themselves."""
    text = " ".join(str(tuple(row.values())) if isinstance(row, asyncpg.Record) else str(row) for row in shown)
    if sql.startswith("SELECT EXISTS"):
        return "that a row exists" if "True" in text else ""
    marks = set(re.findall(rf"{mark}[-a-z0-9]+", text)) - set(re.findall(rf"{mark}[-a-z0-9]+", sql))
    told = (set(_UUID.findall(text)) & secrets) - set(_UUID.findall(sql))
    found = sorted(marks | told)
    return found[0] if found else ""
