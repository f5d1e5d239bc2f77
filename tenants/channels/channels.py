"""Channels: the table of tenants, what may be set of one, and edits that never lose one another.

A channel is born in `members.founding`, inside its own scope and with its owner, and found through the directory.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import Boolean, Column, Computed, Text, Uuid, func, insert, select, update

from tenants import audit
from tenants.channels import brand
from tenants.channels.blocks import clean_landing
from tenants.errors import Invalid
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, channel_itself, instant, text
from tenants.texts import clean_line, clean_text

_LOOKS = "replace(replace(translate(slug, '01', 'ol'), 'rn', 'm'), 'vv', 'w')"
CHANNELS = channel_itself(
    "channels",
    Column("id", Uuid, primary_key=True),
    text("slug"),
    text("name"),
    text("tagline", default=""),
    text("about", default=""),
    Column("brand", Json, nullable=False, server_default="{}"),
    Column("landing", Json, nullable=False, server_default="{}"),
    text("locale", default="en"),
    text("time_zone", default="UTC"),
    text("host", nullable=True),
    text("state", default="open"),
    Column("listed", Boolean, nullable=False, server_default="true"),
    Column("link_previews", Boolean, nullable=False, server_default="true"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    Column("looks", Text, Computed(_LOOKS, persisted=True), nullable=False),
)
NAME_LENGTH = 80
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?")
_SETTINGS = ("name", "tagline", "about", "brand", "landing", "locale", "time_zone", "listed", "link_previews")
_C = CHANNELS.c
_SHOWN = (_C.id, _C.slug, *(_C[name] for name in _SETTINGS), _C.host, _C.state, _C.created_at, _C.updated_at)
_READ = scoped(select(*_SHOWN))
_LOCKED = scoped(select(*(_C[name] for name in _SETTINGS)).with_for_update())
_FOUND = scoped(insert(CHANNELS).values(**binds("slug", *_SETTINGS)))
_EDIT = scoped(update(CHANNELS).values(**binds(*_SETTINGS), updated_at=func.now()).returning(*_SHOWN))


def clean_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were given, each one checked and tidied; Invalid at the first that is wrong."""
    unknown = given.keys() - _CLEAN.keys()
    if unknown:
        raise Invalid.field(f"/{min(unknown)}", "unknown", "A channel has no such setting. Leave it out.")
    return {name: _CLEAN[name](value) for name, value in given.items()}


def clean_brand(given: Any) -> dict[str, Any]:
    """`{colour, accent, logo, cover}`: hex colours and ids of files, null to take one away."""
    if not isinstance(given, dict):
        raise Invalid.field("/brand", "object", "The brand is an object with named fields.")
    if unknown := given.keys() - _BRAND.keys():
        raise Invalid.field(f"/brand/{min(unknown)[:40]}", "unknown", "A brand has no such part. Leave it out.")
    return {name: None if value is None else _BRAND[name](value, f"/brand/{name}") for name, value in given.items()}


def without_gaps(brand_parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a brand that are set."""
    return {name: value for name, value in brand_parts.items() if value is not None}


def clean_time_zone(value: Any, pointer: str = "/time_zone") -> str:
    """The name of a zone of the IANA database, such as Europe/Lisbon."""
    if value not in available_timezones():
        raise Invalid.field(pointer, "time_zone", "Name a time zone by continent and city, such as Europe/Lisbon.")
    return str(value)


async def read(scope: Scope) -> Record:
    """The scope's channel: `id, slug, name, tagline, about, brand, landing, locale, time_zone, listed, state` …"""
    return await scope.one(_READ)


async def found(scope: Scope, slug: str, settings: Mapping[str, Any]) -> None:
    """Write the row of the scope's own channel; Conflict when the slug, or one that looks like it, is taken."""
    clean = clean_settings(settings)
    clean["brand"] = without_gaps(clean.get("brand", {}))
    await scope.run(_FOUND, **_DEFAULTS | {"slug": slug} | clean)


async def edit(scope: Scope, changes: Mapping[str, Any]) -> Record:
    """Set what is given, leave the rest; parts of the brand are set one by one. The channel as it now is."""
    scope.require(Action.CHANNEL_EDIT)
    clean = clean_settings(changes)
    # The row is locked before it is read, so that two edits at once both stand.
    before = dict(await scope.one(_LOCKED))
    if "brand" in clean:
        clean["brand"] = without_gaps({**before["brand"], **clean["brand"]})
    after = await scope.one(_EDIT, **before | clean)
    await audit.record(scope, "channel.edit", scope.channel_id, settings=sorted(clean))
    return after


def _colour(value: Any, pointer: str) -> str:
    try:
        return brand.parse(str(value))
    except Invalid as error:
        raise Invalid.field(pointer, "colour", error.message) from None


def _file(value: Any, pointer: str) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise Invalid.field(pointer, "id", "Give the id of an uploaded file.") from None


def _locale(value: Any) -> str:
    if not isinstance(value, str) or not _LOCALE.fullmatch(value):
        raise Invalid.field("/locale", "locale", "Name a language as in en, pt-BR or zh-Hant.")
    return value


def _yes_or_no(name: str) -> Callable[[Any], bool]:
    def clean(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Invalid.field(f"/{name}", "boolean", "Say true or false.")
        return value

    return clean


_BRAND: dict[str, Callable[[Any, str], str]] = {"colour": _colour, "accent": _colour, "logo": _file, "cover": _file}
_CLEAN: dict[str, Callable[[Any], Any]] = {
    "name": lambda value: clean_line(value, "/name", longest=NAME_LENGTH),
    "tagline": lambda value: clean_line(value, "/tagline", longest=160, shortest=0),
    "about": lambda value: clean_text(value, "/about", most_bytes=20 * 1024),
    "brand": clean_brand,
    "landing": clean_landing,
    "locale": _locale,
    "time_zone": clean_time_zone,
    "listed": _yes_or_no("listed"),
    "link_previews": _yes_or_no("link_previews"),
}
_DEFAULTS: dict[str, Any] = {
    "tagline": "", "about": "", "brand": {}, "landing": {}, "locale": "en", "time_zone": "UTC", "listed": True,
    "link_previews": True,
}  # fmt: skip
