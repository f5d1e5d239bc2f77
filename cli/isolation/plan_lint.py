"""Plan lint: every statement that a Scope can run is planned; each scan of an owned table must start at its channel.

Statements are found by importing the whole house and walking what its modules hold.
"""

import dataclasses
import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import asyncpg
import orjson

from cli.isolation.tally import Tally
from tenants.statements import Scoped

PACKAGES = ("tenants", "search", "realtime", "server", "workers")
SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Tid Scan", "Sample Scan")
NOWHERE = "00000000-0000-0000-0000-000000000000"
_NUMBERS = itertools.count(1)
_PLACE = re.compile(r"\$(\d+)")
_OWNED = """
SELECT c.relname::text AS name, CASE WHEN c.relname = 'channels' THEN 'id' ELSE 'channel_id' END AS lead
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND (c.relname = 'channels'
  OR coalesce(obj_description(c.oid, 'pg_class'), '') <> 'global' AND c.relname <> 'alembic_version')
"""
# Indexes of those who look across channels; a statement that the planner sends there has its channel in the filter.
_ACROSS = """
SELECT c.relname::text AS name FROM pg_class c
WHERE c.relkind = 'i' AND obj_description(c.oid, 'pg_class') IN ('relay', 'directory', 'search')
"""


def statements() -> dict[str, Scoped]:
    """Every scoped statement of the house by the name it is found under, such as `tenants.work._OF_CHANNEL.take`."""
    found: dict[int, tuple[str, Scoped]] = {}
    for module in modules():
        for name, value in list(vars(module).items()):
            for path, statement in _walk(f"{module.__name__}.{name}", value, 4):
                found.setdefault(id(statement), (path, statement))
    return dict(found.values())


def modules() -> Iterator[ModuleType]:
    """Every module of the house but the commands and the numbered revisions."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield root
        for info in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not info.name.startswith("tenants.migrations"):
                yield importlib.import_module(info.name)


def _walk(path: str, value: Any, depth: int) -> Iterator[tuple[str, Scoped]]:
    if isinstance(value, Scoped):
        yield path, value
    elif depth and isinstance(value, Mapping):
        for key, inner in list(value.items()):
            yield from _walk(f"{path}[{key!r}]", inner, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for place, inner in enumerate(value):
            yield from _walk(f"{path}[{place}]", inner, depth - 1)
    elif depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _walk(f"{path}.{field.name}", getattr(value, field.name, None), depth - 1)


async def lint_plans(connection: asyncpg.Connection, found: Mapping[str, Scoped], *, policies: bool = True) -> Tally:
    """Plan each statement in a transaction that is rolled back; the connection is the application role's.

    Where no policies are in force, the statement's own predicate is what is looked for, in a filter too.
    """
    tally = Tally("Plan lint" if policies else "Plan lint without policies")
    leads = {row["name"]: row["lead"] for row in await connection.fetch(_OWNED)}
    across = frozenset(row["name"] for row in await connection.fetch(_ACROSS))
    for path, statement in found.items():
        tally.tried["statements"] += 1
        try:
            plan = await explain(connection, statement.sql)
        except asyncpg.PostgresError as error:
            tally.leak(f"{path} cannot be planned: {error}")
            continue
        for table, condition in loose_scans(plan, leads, across, filters=not policies):
            tally.leak(f"{path} scans {table} without its channel (condition: {condition or 'none'})")
    return tally


async def explain(connection: asyncpg.Connection, sql: str) -> dict[str, Any]:
    """The generic plan of a statement with `$n` places, sequential scans discouraged; nothing is run."""
    places = max((int(number) for number in _PLACE.findall(sql)), default=0)
    nulls = f"({', '.join(['NULL'] * places)})" if places else ""
    name = f"isolation_{next(_NUMBERS)}"
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            f"SET LOCAL app.channel_id = '{NOWHERE}'; SET LOCAL enable_seqscan = off;"
            f" SET LOCAL plan_cache_mode = force_generic_plan; PREPARE {name} AS {sql}"
        )
        raw = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE {name}{nulls}")
    finally:
        await transaction.rollback()
    return dict(orjson.loads(raw)[0]["Plan"])


def loose_scans(
    plan: Mapping[str, Any], leads: Mapping[str, str], across: frozenset[str], *, filters: bool
) -> Iterator[tuple[str, str]]:
    """Scans of owned tables that are not bound to the channel by an index (or a filter): `table, condition`."""
    table = str(plan.get("Relation Name"))
    if table in leads and plan["Node Type"] in SCANS:
        filtered = filters or plan.get("Index Name") in across
        condition = _condition(plan) + (str(plan.get("Filter", "")) if filtered else "")
        if not re.search(rf"\b{leads[table]} = ", condition):
            yield table, condition
    for inner in plan.get("Plans", ()):
        yield from loose_scans(inner, leads, across, filters=filters)


def _condition(plan: Mapping[str, Any]) -> str:
    """The index condition of a scan; of a bitmap, the conditions of the indexes it is made of."""
    own = str(plan.get("Index Cond", ""))
    return " ".join([own, *(_condition(inner) for inner in plan.get("Plans", ()) if "Bitmap" in inner["Node Type"])])
