"""The house rules: the import map, sizes, names, docstrings; every setting, event and job in its one place."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cli.isolation.plan_lint import modules
from cli.isolation.socket_fuzz import events
from settings import Settings
from tenants.jobs import Job
from workers import registry

ROOT = Path(__file__).parents[2]
PACKAGES = ("cli", "server", "realtime", "search", "workers", "tenants", "providers", "bench", "tests")
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "service"}
MOST_LINES, MOST_IN_FUNCTION = 300, 40
# Told from process to process, never to a client.
INTERNAL = {"member.banned", "room.left"}


def sources() -> Iterator[Path]:
    """Every Python file of the house."""
    for package in PACKAGES:
        yield from (path for path in sorted((ROOT / package).rglob("*.py")) if "node_modules" not in path.parts)
    yield from sorted(ROOT.glob("*.py"))


def shown(path: Path) -> str:
    """The path as people say it."""
    return path.relative_to(ROOT).as_posix()


def test_imports_keep_to_the_map() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    assert [shown(path) for path in sources() if len(path.read_text().splitlines()) > MOST_LINES] == []


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{shown(path)}::{node.name}"
        for path in sources()
        if path.parts[len(ROOT.parts)] != "tests"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_IN_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is() -> None:
    assert [
        shown(path) for path in sources() if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [shown(path) for path in sources() if path.stem in FORBIDDEN or path.parent.name in FORBIDDEN] == []


def test_statements_are_made_at_import_where_the_plan_lint_finds_them() -> None:
    late = [
        f"{shown(path)}::{function.name}"
        for path in sources()
        if path.parts[len(ROOT.parts)] not in {"tests", "bench"}
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"scoped", "personal", "Scoped", "Personal"}
    ]
    assert late == []


def test_every_setting_is_documented_with_its_default() -> None:
    words = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", words, re.MULTILINE))
    assert sorted(rows) == sorted(name.upper() for name in Settings.model_fields)
    plain = {name: field.default for name, field in Settings.model_fields.items() if type(field.default) in {str, int}}
    assert [name for name, value in plain.items() if value != "" and f"`{value}`" not in rows[name.upper()]] == []


def test_every_event_is_documented() -> None:
    words = (ROOT / "docs" / "events.md").read_text()
    assert [event for event in sorted({*events(), *told()} - INTERNAL) if f"| `{event}` |" not in words] == []


def told() -> Iterator[str]:
    """Every event that a notice can have."""
    for node in ast.walk(ast.parse((ROOT / "tenants" / "notices.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Notice":
            first = node.args[0]
            assert isinstance(first, ast.Constant), "an event is named where its notice is made"
            yield str(first.value)


def test_every_job_has_one_performer() -> None:
    kinds = {kind.__name__: kind for module in modules() for kind in _kinds(module)}
    assert set(registry.MODULES) == set(kinds)
    assert {name: registry.performance(name).kind for name in kinds} == kinds
    assert {kind.queue for kind in kinds.values()} <= {"render", "media", "index", "webhooks", "default"}


def _kinds(module: object) -> Iterator[type[Job]]:
    if getattr(module, "__name__", "") == "tenants.jobs":
        yield from (kind for kind in vars(module).values() if isinstance(kind, type) and kind.__base__ is Job)
