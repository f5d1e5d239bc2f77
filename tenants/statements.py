"""Scoped statements: compiled once at import to PostgreSQL's `$n` form, with the channel bound in each owned table.

`RECENT = scoped(select(messages.c.id).where(...))` is the only thing that a Scope will run. Inner selects (EXISTS,
lateral, scalar, CTE) go through `within`; `scoped` refuses a statement that holds one which did not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import Column, Delete, FromClause, Insert, Join, Select, Table, Update, Uuid, bindparam
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import Alias, CompoundSelect

from tenants.tables import channel_column, is_owned

CHANNEL = bindparam("channel_id", type_=Uuid())
PERSON = bindparam("person_id", type_=Uuid())
_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
_NO_STATEMENT = _DIALECT.statement_compiler(_DIALECT, None)
# What `within` has given back: looking for its tables once more takes longer than compiling it.
_BOUND: "WeakSet[Select[Any]]" = WeakSet()
AnySelect = TypeVar("AnySelect", bound="Select[Any]")


class UnscopedQuery(TypeError):
    """A statement would run without its channel: a bug of ours, never of the asker."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `$n` places, the names of its binds in that order, and the values of those fixed at import."""

    sql: str
    names: tuple[str, ...]
    fixed: dict[str, Any]

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        """The values in order; TypeError when one is missing or unknown."""
        try:
            values = [given[name] if name in given else self.fixed[name] for name in self.names]
        except KeyError as missing:
            raise TypeError(f"bind {missing} was not given to: {self.sql}") from None
        if unknown := given.keys() - set(self.names) - {"channel_id", "person_id"}:
            raise TypeError(f"binds {sorted(unknown)} are unknown to: {self.sql}")
        return values


class Scoped(Statement):
    """A statement that carries its channel; a Scope runs no other."""


class Personal(Statement):
    """A statement over tables of no channel, run as one person."""


class Lookup(Statement):
    """A call of one of the directory's functions, the only doors across channels."""


def scoped(statement: "Select[Any] | CompoundSelect[Any] | Insert | Update | Delete") -> Scoped:
    """Compile a statement with `channel_id = $n` on each owned table it names; UnscopedQuery when that cannot be."""
    if isinstance(statement, Select):
        bound: ClauseElement = within(statement)
    elif isinstance(statement, Insert):
        bound = _bound_insert(statement)
    elif isinstance(statement, (Update, Delete)):
        table = _owned(statement.table)
        bound = statement.where(table.c[channel_column(table)] == CHANNEL)
    else:
        bound = statement
    for inner in visitors.iterate(bound):
        if isinstance(inner, Select) and inner not in _BOUND and not _is_within(inner):
            raise UnscopedQuery(f"an inner select misses within(): {inner}")
    return Scoped(*_compiled(bound))


def personal(statement: "Select[Any] | Insert | Update | Delete") -> Personal:
    """Compile a statement over tables of no channel; UnscopedQuery when it names an owned one."""
    for part in visitors.iterate(statement):
        if isinstance(part, Table) and is_owned(part):
            raise UnscopedQuery(f"{part.name} belongs to a channel; use scoped()")
    return Personal(*_compiled(statement))


def within(select: AnySelect) -> AnySelect:
    """The select with `channel_id = $n` on each owned table that it names."""
    for source, column in _owned_tables(select):
        select = select.where(source.c[column] == CHANNEL)
    _BOUND.add(select)
    return select


def _bound_insert(statement: Insert) -> Insert:
    table = _owned(statement.table)
    if statement.select is None:
        return statement.values({channel_column(table): CHANNEL})
    if "channel_id" not in (statement._select_names or ()):  # noqa: SLF001
        raise UnscopedQuery("INSERT … SELECT must name channel_id and select CHANNEL into it")
    return statement


def _owned(table: Any) -> Table:
    if not isinstance(table, Table) or not is_owned(table):
        raise UnscopedQuery(f"{table} belongs to no channel; use personal()")
    return table


def _owned_tables(select: "Select[Any]") -> Iterator[tuple[FromClause, str]]:
    # What `get_final_froms` answers, which would first compile the whole statement for it: a third of a start.
    for source in select._compile_state_factory(select, _NO_STATEMENT)._get_display_froms():  # noqa: SLF001
        yield from _leaves(source)


def _leaves(source: FromClause) -> Iterator[tuple[FromClause, str]]:
    """Owned tables of a FROM; the optional side of an outer join is bound by its composite ON instead."""
    if isinstance(source, Join):
        yield from _leaves(source.left)
        if not source.isouter:
            yield from _leaves(source.right)
    else:
        table = source.element if isinstance(source, Alias) else source
        if isinstance(table, Table) and is_owned(table):
            yield source, channel_column(table)


def _is_within(select: "Select[Any]") -> bool:
    where = select.whereclause
    columns = [] if where is None else [part for part in visitors.iterate(where) if isinstance(part, Column)]
    named = {(id(column.table), column.name) for column in columns}
    return all((id(source), column) in named for source, column in _owned_tables(select))


def _compiled(statement: ClauseElement) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    compiled = cast("SQLCompiler", statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True}))
    names = tuple(compiled.positiontup or ())
    fixed = {
        name: value for name, value in compiled.params.items() if value is not None or name not in _wanted(compiled)
    }
    return str(compiled), names, fixed


def _wanted(compiled: SQLCompiler) -> set[str]:
    return {bind.key for bind in compiled.binds.values() if bind.required}
