"""Hostile SQL: what a bug or a forgotten WHERE would ask of the database, aimed at the other twin's rows.

Setting `app.channel_id` to the other's is not among them: it is what a scope does, and row-level security is no wall
against those who may run any SQL. Everything else that the application's role could say is.
"""

# ruff: noqa: S608 - the statements are made of names in our own catalog; nothing that anybody sent is in them

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from cli.isolation.shapes import Column, Reference, Shape
from cli.isolation.twins import Twin
from tenants.ids import new_id

Attack = tuple[str, str]
ROLES = (
    "guildhall_relay",
    "guildhall_backup",
    "guildhall_directory",
    "guildhall_search",
    "guildhall_owner",
)
READS = (
    "SELECT t.* FROM {table} t",
    "SELECT t.* FROM {table} t WHERE {owner} = '{other}'",
    "SELECT t.* FROM {table} t WHERE {owner} <> '{own}'",
    "SELECT t.* FROM {table} t WHERE {owner} IN ('{own}', '{other}')",
    "SELECT t.* FROM {table} t WHERE {owner} = '{own}' OR true",
    "SELECT t.* FROM {table} t WHERE t::text LIKE '%{mark}%'",
    "SELECT t.* FROM {table} t WHERE to_jsonb(t) @> '{{}}' ORDER BY random() FOR UPDATE",
    "SELECT count(*), jsonb_agg(t) FROM {table} t",
    "SELECT string_agg(t::text, '') FROM {table} t GROUP BY {owner}",
    "SELECT DISTINCT ON ({owner}) t.* FROM {table} t",
    "WITH all_rows AS MATERIALIZED (SELECT * FROM {table}) SELECT * FROM all_rows WHERE {owner} = '{other}'",
    "SELECT (SELECT jsonb_agg(i) FROM {table} i WHERE i.{owner} = '{other}') FROM {table} t LIMIT 1",
    "SELECT * FROM {table} t WHERE 1 / (CASE WHEN t::text LIKE '%{mark}%' THEN 0 ELSE 1 END) = 1",
    "SELECT * FROM {table} t WHERE (t::text)::integer = 1",
    "SELECT t.*, x.* FROM {table} t FULL JOIN {table} x ON x.{owner} <> t.{owner}",
    "SELECT x.* FROM {table} t CROSS JOIN LATERAL (SELECT * FROM {table} i WHERE i.{owner} <> t.{owner}) x",
    "SELECT * FROM {table} TABLESAMPLE SYSTEM (100)",
    "TABLE {table}",
    "COPY {table} TO STDOUT",
    "SELECT s::text FROM pg_stats s WHERE tablename = '{table}' AND most_common_vals::text LIKE '%{mark}%'",
    "SELECT s::text FROM pg_statistic s",
    "SELECT s::text FROM pg_stats_ext s WHERE tablename = '{table}' AND most_common_vals::text LIKE '%{mark}%'",
    "SELECT query_to_xml('SELECT * FROM {table}', true, false, '')",
    "SELECT table_to_xml('{table}', true, false, '')",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM {table} WHERE {owner} = '{other}'",
    "SET LOCAL row_security = off; SELECT * FROM {table}",
    "DECLARE peek CURSOR FOR SELECT * FROM {table}; FETCH ALL FROM peek",
)
WRITES = (
    "UPDATE {table} SET {owner} = '{other}'",
    "UPDATE {table} SET {owner} = {owner} WHERE {owner} = '{other}' RETURNING *",
    "UPDATE {table} t SET {owner} = x.{owner} FROM {table} x WHERE x.{owner} <> t.{owner} RETURNING t.*",
    "DELETE FROM {table} WHERE {owner} = '{other}' RETURNING *",
    "DELETE FROM {table} t USING {table} x WHERE x.{owner} = '{other}' RETURNING x.*",
    "MERGE INTO {table} t USING (SELECT '{other}'::uuid AS o) s ON t.{owner} = s.o WHEN MATCHED THEN DELETE",
)
SCHEMA = (
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {table} OWNER TO guildhall_app",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP POLICY tenant ON {table}",
    "ALTER POLICY tenant ON {table} USING (true)",
    "CREATE POLICY open ON {table} USING (true)",
    "CREATE RULE open AS ON SELECT TO {table} DO INSTEAD SELECT * FROM {table}",
    "CREATE TRIGGER open BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE VIEW public.open AS SELECT * FROM {table}",
    "CREATE TEMP VIEW open AS SELECT * FROM {table}; SELECT * FROM open",
    "CREATE FUNCTION public.open() RETURNS SETOF {table} LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM {table}'",
    "CREATE TEMP TABLE open (o uuid REFERENCES {table} (id))",
    "CREATE TABLE public.open AS SELECT * FROM {table}",
    "GRANT ALL ON {table} TO PUBLIC",
    "COPY {table} TO '/tmp/open'",
    "COPY {table} TO PROGRAM 'cat'",
    "SET session_replication_role = replica",
    "ALTER ROLE guildhall_app BYPASSRLS",
    "ALTER ROLE guildhall_app SUPERUSER",
)


class Attacker:
    """Makes hostile statements of `own` against `other`, at random from a seed so that a finding can be repeated."""

    def __init__(self, shapes: list[Shape], own: Twin, other: Twin, seed: int) -> None:
        self._shapes, self._own, self._other = shapes, own, other
        self._owned = [shape for shape in shapes if shape.owner and own.rows[shape.name]]
        self._foreign = other.uuids()
        self.random = random.Random(seed)  # noqa: S311 - a fuzz wants to be repeatable, not secret
        self._pairs: list[tuple[Shape, Reference]] = []

    def attacks(self) -> Iterator[Attack]:
        """Kinds and statements without end."""
        makers: tuple[Callable[[], Attack], ...] = (
            self._read, self._read, self._read_by_id, self._read_by_id, self._join, self._as_role, self._write,
            self._write_by_id, self._insert, self._insert_reference, self._insert_reference, self._update_reference,
            self._clash, self._schema, self._person,
        )  # fmt: skip
        while True:
            yield self.random.choice(makers)()

    def _filled(self, pattern: str, shape: Shape) -> str:
        return pattern.format(
            table=shape.name, owner=shape.owner, own=self._own.channel_id, other=self._other.channel_id,
            mark=self._other.mark,
        )  # fmt: skip

    def _read(self) -> Attack:
        return "read", self._filled(self.random.choice(READS), self.random.choice(self._owned))

    def _read_by_id(self) -> Attack:
        shape = self.random.choice(self._owned)
        column = self.random.choice([column.name for column in shape.columns if column.type == "uuid"])
        wanted = ", ".join(f"'{value}'" for value in self.random.sample(self._foreign, 5))
        row = self.random.choice(self._other.rows[shape.name] or [{}]).get(column)
        mine = f", '{row}'" if row else ""
        inner = f"SELECT * FROM {shape.name} WHERE {column} IN ({wanted}{mine})"
        forms = (inner, f"SELECT EXISTS ({inner}) AS seen", f"{inner} UNION ALL {inner}")
        return "read by id", self.random.choice(forms)

    def _join(self) -> Attack:
        shape = self.random.choice([shape for shape in self._owned if shape.references])
        reference = self.random.choice(shape.references)
        here, there = reference.columns[-1], reference.there[-1]
        kind = self.random.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"))
        condition = self.random.choice((f"a.{here} = b.{there}", "true", f"a.{here} <> b.{there}"))
        condition = f"a.{here} = b.{there}" if kind == "FULL JOIN" else condition
        return "join", f"SELECT a.*, b.* FROM {shape.name} a {kind} {reference.table} b ON {condition}"

    def _as_role(self) -> Attack:
        shape = self.random.choice(self._owned)
        door = self.random.choice(("SET LOCAL ROLE {}", "SET SESSION AUTHORIZATION {}", "SET ROLE {}")).format(
            self.random.choice(ROLES)
        )
        return "other role", f"{door}; SELECT * FROM {shape.name}"

    def _write(self) -> Attack:
        return "write", self._filled(self.random.choice(WRITES), self.random.choice(self._owned))

    def _write_by_id(self) -> Attack:
        shape = self.random.choice([shape for shape in self._owned if "id" in shape.names])
        row = self.random.choice(self._other.rows[shape.name])
        verb = self.random.choice((f"UPDATE {shape.name} SET id = id", f"DELETE FROM {shape.name}"))
        return "write by id", f"{verb} WHERE id = '{row['id']}' RETURNING *"

    def _insert(self) -> Attack:
        """A row of the other channel, made from one of one's own."""
        shape = self.random.choice(self._owned)
        values = {str(shape.owner): str(self._other.channel_id), "id": str(new_id())}
        return "insert", self._copied(shape, {k: v for k, v in values.items() if k in shape.names})

    def _insert_reference(self) -> Attack:
        """A row of one's own that points at one of the other's."""
        shape, reference = self._pointing()
        fresh = {column.name: self._fresh(column) for column in shape.columns if column.name in shape.keys}
        fresh = {name: value for name, value in fresh.items() if value is not None and name not in _named(shape)}
        changed = {**fresh, "id": str(new_id()), reference.columns[-1]: self._pointed(reference)}
        return "insert reference", self._copied(shape, changed)

    def _fresh(self, column: Column) -> Any:
        """A value that no key holds yet, so that a reference is what the row is refused for."""
        if column.words:
            return None
        return {"uuid": str(new_id()), "text": str(new_id())}.get(column.type, self.random.randrange(10**6, 10**9))

    def _update_reference(self) -> Attack:
        shape, reference = self._pointing()
        return "update reference", f"UPDATE {shape.name} SET {reference.columns[-1]} = '{self._pointed(reference)}'"

    def _pointing(self) -> tuple[Shape, Reference]:
        """One reference after the other, so that none is left out however many tables there are."""
        if not self._pairs:
            self._pairs = [
                (s, r) for s in self._owned for r in s.references if s.owner in r.columns and len(r.columns) > 1
            ]
            self.random.shuffle(self._pairs)
        return self._pairs.pop()

    def _pointed(self, reference: Reference) -> str:
        return str(self.random.choice(self._other.rows[reference.table])[reference.there[-1]])

    def _clash(self) -> Attack:
        """The other's key again: it is neither told apart from a free one, nor overwritten."""
        shape = self.random.choice([shape for shape in self._owned if "id" in shape.names and shape.name != "channels"])
        theirs = self.random.choice(self._other.rows[shape.name])["id"]
        insert = self._copied(shape, {"id": theirs, str(shape.owner): str(self._other.channel_id)})
        tail = self.random.choice(
            ("ON CONFLICT DO NOTHING", f"ON CONFLICT ({shape.owner}, id) DO UPDATE SET id = EXCLUDED.id")
        )
        return "conflict", insert.replace(" RETURNING *", f" {tail} RETURNING *")

    def _copied(self, shape: Shape, changed: dict[str, Any]) -> str:
        row = {**self.random.choice(self._own.rows[shape.name]), **changed}
        names = ", ".join(column.name for column in shape.columns)
        literal = json.dumps(row).replace("'", "''")
        return (
            f"INSERT INTO {shape.name} ({names}) SELECT {names}"
            f" FROM jsonb_populate_record(null::{shape.name}, '{literal}'::jsonb) RETURNING *"
        )

    def _schema(self) -> Attack:
        return "schema", self._filled(self.random.choice(SCHEMA), self.random.choice(self._owned))

    def _person(self) -> Attack:
        """What belongs to the other's people."""
        shape = self.random.choice(
            [shape for shape in self._shapes if "person_id" in shape.names or shape.name == "people"]
        )
        who = "id" if shape.name == "people" else "person_id"
        listed = ", ".join(f"'{person}'" for person in self._other.people)
        verb = self.random.choice(("SELECT *", "DELETE"))
        tail = " RETURNING *" if verb == "DELETE" else ""
        return "people", f"{verb} FROM {shape.name} WHERE {who} IN ({listed}){tail}"


def _named(shape: Shape) -> frozenset[str]:
    """The columns of a table that name rows of others."""
    return frozenset(name for reference in shape.references for name in reference.columns)
