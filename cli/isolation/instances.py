"""Instances of JSON schemas: values that a request or event would take, with the other twin's ids wherever they fit."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Pick = Callable[[str], str]
DEEPEST = 4
EMOJI = "\N{THUMBS UP SIGN}"


class Instances:
    """Makes values at random; `pick(name)` gives an id for a field of that name, `baits` are texts to send."""

    def __init__(self, chance: random.Random, pick: Pick, baits: Sequence[str]) -> None:
        self._random, self._pick, self._baits = chance, pick, baits

    def make(
        self, schema: Mapping[str, Any], name: str = "", root: Mapping[str, Any] | None = None, deep: int = 0
    ) -> Any:
        """One value of the schema; `$ref`s are looked up in `root`."""
        root = schema if root is None else root
        if "$ref" in schema:
            return self.make(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], name, root, deep)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self.make(self._choose(choices), name, root, deep)
        return self._of_type(schema, name, root, deep)

    def _choose(self, choices: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Mostly one that is no null."""
        full = [choice for choice in choices if choice.get("type") != "null"]
        return self._random.choice(full if full and self._random.random() < 0.9 else choices)

    def _of_type(self, schema: Mapping[str, Any], name: str, root: Mapping[str, Any], deep: int) -> Any:
        match schema.get("type"):
            case "object":
                return self._object(schema, root, deep)
            case "array":
                inner = schema.get("items", {})
                most = 0 if deep > DEEPEST else max(1, schema.get("minItems", 0))
                return [self.make(inner, name.removesuffix("s"), root, deep + 1) for _ in range(most)]
            case "integer" | "number":
                return self._number(schema)
            case "boolean":
                return self._random.random() < 0.5
            case "string":
                return self._string(schema, name)
        return None

    def _object(self, schema: Mapping[str, Any], root: Mapping[str, Any], deep: int) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self.make(inner, name, root, deep + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or self._random.random() < 0.6
        }

    def _number(self, schema: Mapping[str, Any]) -> int:
        lowest = int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
        return self._random.randint(lowest, max(lowest, int(min(schema.get("maximum", 40), lowest + 40))))

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        soon = datetime.now(UTC) + timedelta(days=self._random.randint(1, 9))
        match schema.get("format"):
            case "uuid":
                return self._pick(name)
            case "date":
                return soon.date().isoformat()
            case "date-time":
                return soon.isoformat()
        if name == "emoji":
            return EMOJI
        words = (
            self._random.choice(self._baits)
            if self._random.random() < 0.5
            else f"plain {name} {self._random.randrange(10**6)}"
        )
        return words.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 200)]
