"""Times in the sentences that people are told."""

from datetime import UTC, datetime, tzinfo
from typing import Self


class Moment(str):
    """A time of a day in a zone, as English pages write it: `28 Nov 2026, 21:48 UTC`; others say it their way."""

    at: datetime

    def __new__(cls, at: datetime, zone: tzinfo = UTC) -> Self:
        """The time in the zone."""
        local = at.astimezone(zone)
        said = super().__new__(cls, f"{local.day} {local:%b %Y, %H:%M %Z}")
        said.at = local
        return said
