"""Reading a provider's JSON: bounded, typed, and free of what no name or link may hold."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from providers import PayloadRefused
from providers.live import BODY_LIMIT

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
_LARGEST = 2**53


class Fields:
    """A JSON object read field by field; each method raises PayloadRefused with a sentence that names the field."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    @classmethod
    def parse(cls, raw: bytes) -> "Fields":
        """The object in a webhook's body."""
        if len(raw) > BODY_LIMIT:
            raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
        try:
            read = orjson.loads(raw)
        except orjson.JSONDecodeError as wrong:
            raise PayloadRefused("The body is not JSON in UTF-8.") from wrong
        if not isinstance(read, dict):
            raise PayloadRefused("The body should be a JSON object.")
        return cls(read)

    def inner(self, name: str) -> "Fields":
        """The object in the field `name`."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise PayloadRefused(f"`{name}` should be an object.")
        return Fields(value)

    def text(self, name: str, longest: int, default: str | None = None) -> str:
        """Text of 1 to `longest` characters without control characters; `default` when absent."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            raise PayloadRefused(f"`{name}` should be text of 1 to {longest} characters.")
        if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in value):
            raise PayloadRefused(f"`{name}` holds control characters.")
        return value

    def id(self, name: str) -> UUID:
        """A UUID in its usual form."""
        stated = self.text(name, 36)
        try:
            value = UUID(stated)
        except ValueError as wrong:
            raise PayloadRefused(f"`{name}` should be a UUID.") from wrong
        if str(value) != stated.lower():
            raise PayloadRefused(f"`{name}` should be a UUID.")
        return value

    def url(self, name: str) -> str:
        """An http or https URL with a host and no credentials; whether it may be fetched is decided when it is."""
        stated = self.text(name, 4096)
        try:
            parts = urlsplit(stated)
            fit = parts.scheme in {"http", "https"} and parts.hostname and parts.username is None and parts.port != 0
        except ValueError:
            fit = False
        if not fit or not stated.isascii() or " " in stated:
            raise PayloadRefused(f"`{name}` should be an http or https URL without a password.")
        return stated

    def size(self, name: str) -> int | None:
        """A number of bytes, or None when absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
            raise PayloadRefused(f"`{name}` should be a number of bytes.")
        return value

    def time(self, name: str) -> datetime:
        """A moment with its zone (RFC 3339), from 2000 to tomorrow."""
        stated = self.text(name, 40)
        try:
            value = datetime.fromisoformat(stated).astimezone(UTC) if "T" in stated else None
            zoned = value and datetime.fromisoformat(stated).tzinfo
        except (ValueError, OverflowError):
            value = zoned = None
        if not value or not zoned or not _EARLIEST <= value <= datetime.now(UTC) + _AHEAD:
            raise PayloadRefused(
                f"`{name}` should be a time with its zone, such as 2026-11-21T09:00:00Z, and not ahead."
            )
        return value

    def epoch(self, name: str, per_second: int = 1) -> datetime:
        """A moment as a count since 1970, as a number or (as ProtoJSON has it) text, from 2000 to tomorrow."""
        stated = self._values.get(name)
        if isinstance(stated, str) and stated.isascii() and stated.isdigit() and len(stated) <= 20:
            stated = int(stated)
        if isinstance(stated, bool) or not isinstance(stated, int) or not 0 <= stated <= 2**63:
            raise PayloadRefused(f"`{name}` should be a time as a whole number.")
        if not _EARLIEST.timestamp() <= stated / per_second <= (datetime.now(UTC) + _AHEAD).timestamp():
            raise PayloadRefused(f"`{name}` should be a time, and not ahead.")
        return datetime.fromtimestamp(stated / per_second, UTC)

    def count(self, name: str) -> int | None:
        """A whole number, also as ProtoJSON's text, or None when absent."""
        stated = self._values.get(name)
        if isinstance(stated, str) and stated.isascii() and stated.isdigit() and len(stated) <= 16:
            return int(stated)
        return self.size(name)

    def word(self, name: str, longest: int = 200) -> str:
        """Text for people, its control characters dropped and its length cut; empty when absent or no text."""
        value = self._values.get(name)
        letters = value[:longest] if isinstance(value, str) else ""
        return "".join(letter for letter in letters if ord(letter) >= 32 and not 127 <= ord(letter) < 160)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._values.get(name) is not None

    def each(self, name: str) -> list["Fields"]:
        """The objects in a list, none when it is absent; at most 2,000."""
        found = self._values.get(name)
        if found is None:
            return []
        if not isinstance(found, list) or len(found) > 2000 or not all(isinstance(each, dict) for each in found):
            raise PayloadRefused(f"`{name}` should be a list of objects.")
        return [Fields(each) for each in found]

    def times(self, name: str) -> list[datetime]:
        """The moments in a list, none when it is absent; at most 500."""
        found = self._values.get(name)
        if found is None:
            return []
        if not isinstance(found, list) or len(found) > 500:
            raise PayloadRefused(f"`{name}` should be a list of times.")
        return [Fields({name: each}).time(name) for each in found]

    def time_or_none(self, name: str) -> datetime | None:
        """The same, or None when absent."""
        return None if self._values.get(name) is None else self.time(name)
