"""What a revision is written with: one helper per kind of table, so that no policy or grant can be forgotten."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

CHANNEL = "channel_id = (select nullif(current_setting('app.channel_id', true), '')::uuid)"
PERSON = "person_id = (select nullif(current_setting('app.person_id', true), '')::uuid)"
WRITE = "SELECT, INSERT, UPDATE, DELETE"


def create_owned(
    name: str, *items: SchemaItem, grant: str = WRITE, relay: str = "", directory: bool = False, statistics: str = ""
) -> None:
    """A table of a channel: composite key, forced row-level security, grants; `relay`/`directory` may look across.

    `grant` is what the application may do, `relay` what the relay role may do, `statistics` a list of columns that
    depend on one another, such as `channel_id, room_id`.
    """
    op.create_table(
        name,
        sa.Column("channel_id", sa.Uuid, sa.ForeignKey("channels.id", name=f"{name}_channel_id_fkey"), nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        *items,
        sa.PrimaryKeyConstraint("channel_id", "id", name=f"{name}_pkey"),
    )
    secure(name, CHANNEL, grant=grant, relay=relay, directory=directory)
    if statistics:
        op.execute(f"CREATE STATISTICS {name}_together (dependencies, ndistinct) ON {statistics} FROM {name}")


def create_shared(
    name: str, *items: SchemaItem, policy: str = PERSON, grant: str = WRITE, relay: str = "", directory: bool = False
) -> None:
    """A table of no channel, guarded by `policy`; marked `global` for the schema lint."""
    op.create_table(name, *items)
    op.execute(f"COMMENT ON TABLE {name} IS 'global'")
    secure(name, policy, grant=grant, relay=relay, directory=directory)


def secure(name: str, policy: str, *, grant: str, relay: str, directory: bool) -> None:
    """Force row-level security with one policy for the application, and read-only ones for backup and directory."""
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {name} TO guildhall_app USING ({policy}) WITH CHECK ({policy})")
    op.execute(f"GRANT {grant} ON {name} TO guildhall_app")
    op.execute(f"CREATE POLICY backup ON {name} FOR SELECT TO guildhall_backup USING (true)")
    op.execute(f"GRANT SELECT ON {name} TO guildhall_backup")
    if relay:
        op.execute(f"CREATE POLICY relay ON {name} TO guildhall_relay USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {relay} ON {name} TO guildhall_relay")
    if directory:
        show_directory(name)


def show_directory(name: str) -> None:
    """Let the directory's functions read a table across channels."""
    op.execute(f"CREATE POLICY directory ON {name} FOR SELECT TO guildhall_directory USING (true)")
    op.execute(f"GRANT SELECT ON {name} TO guildhall_directory")


def create_function(
    signature: str, returns: str, body: str, *, owner: str = "guildhall_directory", volatility: str = "STABLE",
    language: str = "sql",
) -> None:  # fmt: skip
    """A function that runs as `owner` (SECURITY DEFINER), its search path pinned; only the application calls it."""
    name = signature.split("(", 1)[0]
    op.execute(
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE {language} {volatility} SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $body$ {body} $body$"
    )
    op.execute(f"GRANT CREATE ON SCHEMA public TO {owner}")
    op.execute(f"ALTER FUNCTION {name} OWNER TO {owner}")
    op.execute(f"REVOKE CREATE ON SCHEMA public FROM {owner}")
    op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO guildhall_app")


def reference(column: str, table: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """A foreign key inside the channel: `(channel_id, column)` to `(channel_id, id)` of `table`."""
    return sa.ForeignKeyConstraint(["channel_id", column], [f"{table}.channel_id", f"{table}.id"], ondelete=ondelete)


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """A unique key that holds the channel first."""
    return sa.UniqueConstraint("channel_id", *columns, name=f"{table}_{'_'.join(('channel_id', *columns))}_key")


def index(table: str, *columns: str, where: str = "", name: str = "") -> None:
    """An index led by the channel; `columns` may be expressions such as `seq DESC`."""
    name = name or f"{table}_{'_'.join(column.split()[0] for column in columns)}_idx"
    tail = f" WHERE {where}" if where else ""
    op.execute(f"CREATE INDEX {name} ON {table} (channel_id, {', '.join(columns)}){tail}")


def instant(name: str, *, now: bool = False) -> "sa.Column[Any]":
    """A UTC time stamp; `now` fills it at birth and forbids NULL."""
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=not now, server_default=sa.text("now()") if now else None
    )


def text(name: str, *, nullable: bool = False, default: str | None = None) -> "sa.Column[Any]":
    """A text column, NOT NULL unless told."""
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def one_of(table: str, column: str, words: Sequence[str]) -> sa.CheckConstraint:
    """A check that a column holds one of a few words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_check")


@contextlib.contextmanager
def unforced(table: str) -> Iterator[None]:
    """Let the owner change rows of all channels inside a revision; the caller asserts how many it changed."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
