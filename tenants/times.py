"""Times in the sentences that people are told."""

from datetime import UTC, datetime, tzinfo


def moment(at: datetime, zone: tzinfo = UTC) -> str:
    """A time of a day, as pages write it: `28 Nov 2026, 21:48 UTC`."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"
