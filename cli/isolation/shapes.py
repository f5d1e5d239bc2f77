"""The shape of every table as pg_catalog tells it, so that tables to come are filled and attacked unnamed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

_COLUMNS = """
SELECT c.relname::text AS table_name, a.attname::text AS name, t.typname::text AS type, NOT a.attnotnull AS nullable,
  pg_get_expr(d.adbin, d.adrelid) AS fallback
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'alembic_version' AND a.attgenerated = '' AND a.attidentity = ''
ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT k.conrelid::regclass::text AS table_name, k.contype::text AS kind, pg_get_constraintdef(k.oid) AS words,
  k.confrelid::regclass::text AS other,
  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS n(number, place)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY n.place) AS here,
  ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS n(number, place)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number ORDER BY n.place) AS there
FROM pg_constraint k WHERE k.connamespace = 'public'::regnamespace AND k.conrelid <> 0
"""
_WORDS = re.compile(r"'((?:[^']|'')*)'::text")


@dataclass(frozen=True, slots=True)
class Column:
    """One column that can be written: `fallback` is its default as SQL, `words` the only texts that it takes."""

    name: str
    type: str
    nullable: bool
    fallback: str | None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns here that name a row of another table by its columns there."""

    columns: tuple[str, ...]
    table: str
    there: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its columns, what it refers to, and the columns of its keys."""

    name: str
    columns: tuple[Column, ...]
    references: tuple[Reference, ...]
    keys: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(column.name for column in self.columns)

    @property
    def owner(self) -> str | None:
        """The column that says which channel a row belongs to; None for a table of no channel."""
        if self.name == "channels":
            return "id"
        return "channel_id" if "channel_id" in self.names else None


async def read_shapes(connection: asyncpg.Connection) -> list[Shape]:
    """Every table, those that are referred to before those that refer."""
    constraints = await connection.fetch(_CONSTRAINTS)
    columns: dict[str, list[Column]] = {}
    for row in await connection.fetch(_COLUMNS):
        table = row["table_name"]
        words = _words_of(constraints, table, row["name"])
        columns.setdefault(table, []).append(Column(row["name"], row["type"], row["nullable"], row["fallback"], words))
    return _ordered([_shape(table, found, constraints) for table, found in columns.items()])


def _words_of(constraints: Sequence[asyncpg.Record], table: str, column: str) -> tuple[str, ...]:
    for row in constraints:
        if row["kind"] == "c" and row["table_name"] == table and row["here"] == [column] and "ANY" in row["words"]:
            return tuple(_WORDS.findall(row["words"]))
        if row["kind"] == "c" and row["table_name"] == table and row["here"] == [column] and " = '" in row["words"]:
            return tuple(_WORDS.findall(row["words"]))
    return ()


def _shape(table: str, columns: list[Column], constraints: Sequence[asyncpg.Record]) -> Shape:
    own = [row for row in constraints if row["table_name"] == table]
    references = tuple(
        Reference(tuple(row["here"]), row["other"], tuple(row["there"])) for row in own if row["kind"] == "f"
    )
    keys = frozenset(name for row in own if row["kind"] in ("p", "u") for name in row["here"])
    return Shape(table, tuple(columns), references, keys)


def _ordered(shapes: list[Shape]) -> list[Shape]:
    """Each after what it refers to; those of a circle keep their order."""
    done: list[Shape] = []
    waiting = list(shapes)
    while waiting:
        names = {shape.name for shape in waiting}
        ready = [s for s in waiting if not any(r.table in names and r.table != s.name for r in s.references)]
        done += ready or waiting[:1]
        waiting = [shape for shape in waiting if shape not in done]
    return done
