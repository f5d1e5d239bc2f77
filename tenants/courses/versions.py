"""Versions: a number that grows with each edit, so that nobody overwrites what they have not seen."""

from tenants.errors import Conflict
from tenants.scope import Record


def check_version(row: Record, version: int) -> None:
    """Conflict `changed_meanwhile`, with the present version, unless `version` is the row's own."""
    if row["version"] != version:
        message = "Somebody changed this in the meantime. Reload it, then make your change again."
        raise Conflict(message, "changed_meanwhile", version=row["version"])
