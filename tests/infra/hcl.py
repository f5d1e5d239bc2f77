"""Terraform's language, read as data: one module is one folder."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hcl2.api import loads

META = {"source", "for_each", "count", "depends_on", "providers", "version"}


@dataclass(frozen=True)
class Module:
    """One folder of `.tf` files."""

    folder: Path

    @cached_property
    def blocks(self) -> dict[str, list[Any]]:
        """Every block by its kind: `variable`, `resource`, `module` …"""
        found: dict[str, list[Any]] = {}
        for path in sorted(self.folder.glob("*.tf")):
            for kind, blocks in loads(path.read_text()).items():
                found.setdefault(kind, []).extend(blocks)
        return found

    def named(self, kind: str) -> dict[str, Any]:
        """The blocks of one kind by their names."""
        return {name: body for block in self.blocks.get(kind, []) for name, body in block.items()}

    @property
    def locals(self) -> dict[str, Any]:
        """All local values."""
        return {name: value for block in self.blocks.get("locals", []) for name, value in block.items()}

    @property
    def resources(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Each resource: its type, its name, what is in it."""
        for block in self.blocks.get("resource", []):
            for kind, named in block.items():
                yield from ((kind, name, body) for name, body in named.items())

    @property
    def calls(self) -> dict[str, dict[str, Any]]:
        """The modules it is made of, by the names it has for them."""
        return self.named("module")

    def called(self, name: str) -> "Module":
        """One of them, read from its folder."""
        return Module((self.folder / self.calls[name]["source"]).resolve())

    @property
    def required(self) -> set[str]:
        """Variables without a default."""
        return {name for name, body in self.named("variable").items() if "default" not in body}

    def mentioned(self, pattern: str) -> set[str]:
        """What the first group of `pattern` finds in all its expressions."""
        return set(re.findall(pattern, json.dumps(self.blocks)))


def modules(folder: Path) -> list[Module]:
    """Every module at or below `folder`."""
    return [Module(each) for each in sorted({path.parent for path in folder.rglob("*.tf")})]


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Each key with its value, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)
