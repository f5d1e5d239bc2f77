"""Landing blocks: what a creator may put on the landing page, block by block; each kind has its fields and limits."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tenants.errors import Invalid
from tenants.texts import clean_line, clean_text

MOST_BLOCKS = 20
Clean = Callable[[Any, str], Any]


def clean_landing(landing: Any, pointer: str = "/landing") -> dict[str, Any]:
    """`{"blocks": [{"kind": …, …}]}` with every field checked and tidied; Invalid at the first that is wrong."""
    given = _mapping(landing, pointer)
    if unknown := given.keys() - {"blocks"}:
        raise Invalid.field(f"{pointer}/{min(unknown)[:40]}", "unknown", "There is no such field here. Leave it out.")
    blocks = _items(given.get("blocks", []), f"{pointer}/blocks", MOST_BLOCKS)
    return {"blocks": [_clean_block(block, f"{pointer}/blocks/{place}") for place, block in enumerate(blocks)]}


def _clean_block(block: Any, pointer: str) -> dict[str, Any]:
    given = _mapping(block, pointer)
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid.field(f"{pointer}/kind", "unknown", f"A block is one of: {', '.join(KINDS)}.")
    fields = _clean_fields({name: given[name] for name in given if name != "kind"}, pointer, KINDS[kind])
    return {"kind": kind, **fields}


def _clean_fields(given: Any, pointer: str, fields: Mapping[str, Clean]) -> dict[str, Any]:
    mapping = _mapping(given, pointer)
    if unknown := mapping.keys() - fields.keys():
        raise Invalid.field(f"{pointer}/{min(unknown)[:40]}", "unknown", "There is no such field here. Leave it out.")
    return {name: fields[name](value, f"{pointer}/{name}") for name, value in mapping.items()}


def _line(value: Any, pointer: str, *, longest: int) -> str:
    return clean_line(_string(value, pointer), pointer, longest=longest, shortest=0)


def _text(value: Any, pointer: str, *, most_bytes: int) -> str:
    return clean_text(_string(value, pointer), pointer, most_bytes=most_bytes)


def _list(value: Any, pointer: str, *, fields: Mapping[str, Clean], most: int) -> list[dict[str, Any]]:
    items = _items(value, pointer, most)
    return [_clean_fields(item, f"{pointer}/{place}", fields) for place, item in enumerate(items)]


def _string(value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise Invalid.field(pointer, "string", "Write a text here.")
    return value


def _items(value: Any, pointer: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid.field(pointer, "list", "This is a list.")
    if len(value) > most:
        raise Invalid.field(pointer, "too_many", f"At most {most} fit here.")
    return value


def _mapping(value: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid.field(pointer, "object", "This is an object with named fields.")
    return value


_SHORT: Clean = partial(_line, longest=80)
_HEADING: Clean = partial(_line, longest=120)
_PARAGRAPH: Clean = partial(_text, most_bytes=4096)
_QUOTE: dict[str, Clean] = {"text": _PARAGRAPH, "name": _SHORT, "when": _SHORT}
_QUESTION: dict[str, Clean] = {"question": partial(_line, longest=200), "answer": _PARAGRAPH}
_FACT: dict[str, Clean] = {"value": _SHORT, "note": _HEADING}
_TEACHER: dict[str, Clean] = {"name": _SHORT, "place": _SHORT, "about": _PARAGRAPH}
KINDS: dict[str, dict[str, Clean]] = {
    "hero": {"promise": _HEADING, "lead": partial(_text, most_bytes=1200)},
    "facts": {"items": partial(_list, fields=_FACT, most=6)},
    "outcomes": {"title": _HEADING},
    "curriculum": {"title": _HEADING, "note": partial(_line, longest=300)},
    "schedule": {"title": _HEADING},
    "teachers": {"title": _HEADING, "items": partial(_list, fields=_TEACHER, most=12)},
    "testimonials": {"title": _HEADING, "items": partial(_list, fields=_QUOTE, most=20)},
    "pricing": {"title": _HEADING, "note": partial(_line, longest=300)},
    "faq": {"title": _HEADING, "items": partial(_list, fields=_QUESTION, most=30)},
}
