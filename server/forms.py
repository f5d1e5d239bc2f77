"""Forms of pages: what was typed comes back beside what is wrong with it, each word at its own field."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from server.bodies import read_fields
from server.web.views.frame import Form
from tenants.errors import Invalid, Refusal

__all__ = ["day", "moment", "named", "read_fields", "refill", "whole"]

SECRET = frozenset({"password", "present"})
GOES_ELSEWHERE = frozenset({401, 404})


def refill(refusal: Refusal, fields: Mapping[str, str], **aliases: str) -> Form:
    """The form again, with the refusal beside its fields; `aliases` name a field that the domain calls otherwise.

    Raises the refusal again when no form can answer it: who reads, or what is asked for, is not there.
    """
    if refusal.status in GOES_ELSEWHERE and refusal.code != "wrong_credentials":
        raise refusal
    kept = {name: value for name, value in fields.items() if name not in SECRET}
    if not isinstance(refusal, Invalid):
        return Form(kept, {}, refusal.message)
    errors: dict[str, str] = {}
    others: list[str] = []
    for error in refusal.errors:
        last = error.pointer.rpartition("/")[2]
        name = aliases.get(last, last)
        if name in fields:
            errors.setdefault(name, error.detail)
        else:
            others.append(error.detail)
    return Form(kept, errors, " ".join(others) or ("" if errors else refusal.message))


def whole(fields: Mapping[str, str], name: str, otherwise: int = 0) -> int:
    """A field as a whole number of at most nine digits; `otherwise` when it is empty."""
    typed = fields.get(name, "").strip()
    if not typed:
        return otherwise
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
        raise Invalid.field(f"/{name}", "number", "Write a whole number, such as 12.")
    return int(typed)


def day(fields: Mapping[str, str], name: str) -> date | None:
    """A field as a day (`2026-12-24`), or None when it is empty."""
    typed = fields.get(name, "").strip()
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Invalid.field(f"/{name}", "date", "Write a day as year-month-day, such as 2026-12-24.") from None


def moment(fields: Mapping[str, str], name: str, zone: ZoneInfo) -> datetime:
    """A field as a time of day in `zone` (`2026-12-24T19:00`)."""
    try:
        return datetime.fromisoformat(fields.get(name, "").strip()).replace(tzinfo=zone)
    except ValueError:
        raise Invalid.field(f"/{name}", "time", "Choose a day and a time, such as 2026-12-24T19:00.") from None


def named(fields: Mapping[str, str], name: str) -> UUID | None:
    """A field as the id of a thing, or None when it is empty."""
    typed = fields.get(name, "").strip()
    if not typed:
        return None
    try:
        return UUID(typed)
    except ValueError:
        raise Invalid.field(f"/{name}", "id", "Choose one of the list.") from None
