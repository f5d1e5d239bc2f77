"""Forms of pages: what was typed comes back beside what is wrong with it, each word at its own field."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from server import bodies
from server.web.views.frame import Form
from tenants.errors import FieldError, Invalid, Refusal, TooLarge
from tenants.texts import CONTROL

SECRET = frozenset({"password", "present"})
GOES_ELSEWHERE = frozenset({401, 404})
TAKEN_OUT = "This held a character that cannot be shown, and it was taken out. Look at the text and send it again."
BACK = "Go back to find what you wrote, and make it shorter."


class Typed(dict[str, str]):
    """What a form holds, without the characters that no text may hold; `refused` until the reader has been told."""

    refused: Refusal | None = None

    def require_fit(self) -> None:
        """Raise, once, the refusal of what was sent, so that the page comes again as for any other fault in it."""
        if self.refused is not None:
            refused, self.refused = self.refused, None
            raise refused


TYPED: web.RequestKey[Typed] = web.RequestKey("typed", Typed)


async def read_fields(request: web.Request) -> Typed:
    """The fields of a page's form; one that cannot be taken is refused where its handler begins to work with it.

    So the handler answers with its page: `Visit.enter` refuses, or `require_fit` where no channel is entered. Of a
    form above 1 MB nothing is kept. Raises Refusal 400 and 415 for what no form of ours has sent.
    """
    try:
        fields = Typed(await bodies.read_fields(request))
    except TooLarge as refusal:
        fields = Typed()
        fields.refused = TooLarge(f"{refusal.message} {BACK}")
    request[TYPED] = fields
    # A password is nobody's to change: it is refused for NUL alone, which none can hold.
    unfit = [name for name, text in fields.items() if ("\0" in text if name in SECRET else CONTROL.search(text))]
    for name in unfit:
        fields[name] = CONTROL.sub("", fields[name])
    if unfit:
        found = islice(unfit, bodies.MOST_ERRORS)
        fields.refused = Invalid(errors=[FieldError(f"/{name}", "control", TAKEN_OUT) for name in found])
    return fields


def require_fit(request: web.Request) -> None:
    """Refuse, once, a form that was read and cannot be taken."""
    if TYPED in request:
        request[TYPED].require_fit()


def refill(refusal: Refusal, fields: Mapping[str, str], **aliases: str) -> Form:
    """The form again, with the refusal beside its fields; `aliases` name a field that the domain calls otherwise.

    Raises the refusal again when no form can answer it: who reads, or what is asked for, is not there.
    """
    refusal = _with_unfit(refusal, fields)
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


def _with_unfit(refusal: Refusal, fields: Mapping[str, str]) -> Refusal:
    """What to tell of a form that was refused before anybody looked at what no text may hold."""
    if not isinstance(fields, Typed) or fields.refused is None:
        return refusal
    unfit, fields.refused = fields.refused, None
    if isinstance(unfit, Invalid) and isinstance(refusal, Invalid):
        return Invalid(errors=[*unfit.errors, *refusal.errors])
    return unfit


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
