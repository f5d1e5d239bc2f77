"""Table classes: what every owned table shares, so that no noun can forget its channel.

An owned table has the primary key `(channel_id, id)`, and a reference from one owned table to another carries the
channel on both sides; a row that points into another channel cannot be written.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import SchemaItem

# Beyond every row there can be: where the first page of a list that descends begins.
EVER, LAST = datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1)

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)
Instant = DateTime(timezone=True)
Json = JSONB
Small = SmallInteger


def owned(name: str, *items: SchemaItem) -> Table:
    """A table of a channel: `channel_id` and `id` come first and are its primary key."""
    return Table(
        name,
        METADATA,
        Column("channel_id", Uuid, ForeignKey("channels.id"), primary_key=True),
        Column("id", Uuid, primary_key=True),
        *items,
        info={"channel_column": "channel_id"},
    )


def shared(name: str, *items: SchemaItem) -> Table:
    """A table of no channel (people, sessions); it never points at an owned one."""
    return Table(name, METADATA, *items)


def channel_itself(name: str, *items: SchemaItem) -> Table:
    """The table of channels: a channel owns its own row, by `id`."""
    return Table(name, METADATA, *items, info={"channel_column": "id"})


def is_owned(table: Table) -> bool:
    """Whether the table's rows belong to a channel."""
    return "channel_column" in table.info


def channel_column(table: Table) -> str:
    """The name of the column that says whose the row is."""
    return str(table.info["channel_column"])


def refers(column: str, table: str, *, on_delete: str | None = None) -> ForeignKeyConstraint:
    """A reference that stays inside the channel: `(channel_id, column)` to `(channel_id, id)` of an owned table."""
    return ForeignKeyConstraint(["channel_id", column], [f"{table}.channel_id", f"{table}.id"], ondelete=on_delete)


def instant(name: str, *, now: bool = False, nullable: bool | None = None) -> "Column[Any]":
    """A time stamp column in UTC; `now` fills it at birth and forbids NULL unless told."""
    default = func.now() if now else None
    return Column(name, Instant, server_default=default, nullable=(not now) if nullable is None else nullable)


def text(name: str, *, nullable: bool = False, default: str | None = None) -> "Column[Any]":
    """A text column, NOT NULL unless told."""
    return Column(name, Text, nullable=nullable, server_default=default)


def binds(*names: str) -> dict[str, BindParameter[Any]]:
    """`{name: bind of that name}`, for the values of an insert or update."""
    return {name: bindparam(name) for name in names}
