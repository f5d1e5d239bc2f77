"""Names of objects: which keys, prefixes and media types a store accepts, the same for every adapter."""

import re

from providers import ProviderRefused

_CHANNEL = r"c/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/"
_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"
_KEY = re.compile(rf"{_CHANNEL}{_SEGMENT}(?:/{_SEGMENT}){{0,9}}")
_PREFIX = re.compile(rf"{_CHANNEL}(?:{_SEGMENT}/){{0,9}}")
_TYPE = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}(?:; ?[a-z-]+=[A-Za-z0-9\"_.,+-]{1,60}){0,3}"
)
_KEY_LIMIT = 500


def checked_key(key: str) -> str:
    """The key itself, when it is `c/{channel_id}/{segment}…` in plain letters; else 400 `bad_key`."""
    if len(key) > _KEY_LIMIT or not _KEY.fullmatch(key):
        raise ProviderRefused("That is not the name of a file here: c/{channel_id}/… in plain letters.", "bad_key", 400)
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself, when it holds a channel and ends in a slash; else 400 `bad_key`."""
    if len(prefix) > _KEY_LIMIT or not _PREFIX.fullmatch(prefix):
        raise ProviderRefused("That is not a folder of files here: c/{channel_id}/ and no less.", "bad_key", 400)
    return prefix


def checked_type(content_type: str) -> str:
    """The media type in lower case, `application/octet-stream` for none; else 400 `bad_type` (RFC 6838)."""
    named, mark, parameters = content_type.strip().partition(";")
    plain = named.strip().lower() + mark + parameters or "application/octet-stream"
    if not _TYPE.fullmatch(plain):
        raise ProviderRefused("That is not a media type, such as video/mp4.", "bad_type", 400)
    return plain
