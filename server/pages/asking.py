"""A poll as the form beside the composer gives it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from server.forms import whole
from tenants.community import polls
from tenants.community.polls import Asked

# More than a poll may last, so that what is refused says so.
MOST_HOURS = 24 * (polls.MOST_DAYS + 1)


def asked_by(fields: Mapping[str, str]) -> Asked | None:
    """The poll that a form gives: `option-1` to `option-10`, `several`, `anonymous`, `ends` in hours; None without."""
    if "poll" not in fields:
        return None
    given = (fields.get(f"option-{n}", "") for n in range(1, polls.MOST + 1))
    hours = min(whole(fields, "ends"), MOST_HOURS)
    ends_at = datetime.now(UTC) + timedelta(hours=hours) if hours else None
    options = [each for each in given if each.strip()]
    return polls.check(options, several="several" in fields, anonymous="anonymous" in fields, ends_at=ends_at)
