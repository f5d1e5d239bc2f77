"""Credentials of a live connection: which fields each kind of provider asks for, and the one text they are kept as."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from providers.outbound import parse_url

_PRINTED = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a provider gives to a creator; `secret` ones are shown by nothing again."""

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    optional: bool = False
    longest: int = 500


class FieldRefused(ValueError):
    """A credential that cannot be right: the `field`'s name, and a sentence that says what would be."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


def stripped(fields: tuple[Field, ...], given: Mapping[str, str]) -> dict[str, str]:
    """What was given by field, without the spaces that copying brings; empty ones are left out."""
    known = {field.name for field in fields}
    if unknown := sorted(given.keys() - known):
        names = ", ".join(sorted(known)) or "none"
        raise FieldRefused(unknown[0], f"This provider asks for no {unknown[0][:40]!r}. Its fields: {names}.")
    found = {field.name: given.get(field.name, "").strip() for field in fields}
    for field in fields:
        if not found[field.name] and not field.optional:
            raise FieldRefused(field.name, f"{field.label} is missing. {field.hint}".strip())
        if len(found[field.name]) > field.longest:
            raise FieldRefused(field.name, f"{field.label} has at most {field.longest} characters.")
    return {name: value for name, value in found.items() if value}


def keep(values: Mapping[str, str]) -> str:
    """The one text that credentials are kept as."""
    return orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS).decode()


def read(kept: str) -> dict[str, str]:
    """The credentials in a kept text."""
    values: dict[str, str] = orjson.loads(kept)
    return values


def check_printed(values: Mapping[str, str], *names: str) -> None:
    """FieldRefused unless these are visible ASCII without spaces, as keys are."""
    for name in names:
        if name in values and not _PRINTED.fullmatch(values[name]):
            raise FieldRefused(name, "This holds spaces or letters that no key has. Copy it again.")


def address(field: str, stated: str, example: str) -> str:
    """An http or https address without a trailing slash; whether plain http may be asked is decided when it is."""
    try:
        parse_url(stated)
        parts = urlsplit(stated)
        good = stated.isascii() and " " not in stated and not parts.query and not parts.fragment
    except Exception as wrong:
        raise FieldRefused(field, f"Give the address as {example}.") from wrong
    if not good:
        raise FieldRefused(field, f"Give the address as {example}.")
    return stated.rstrip("/")
