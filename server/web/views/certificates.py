"""The verdict on a certificate, and the form that asks for one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from server.web.views.frame import ChannelMark, Form, Link

State = Literal["valid", "expired", "revoked", "superseded", "rendering", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One act in a certificate's life: `act` is a state's word in lower case, `by` who did it (may be empty)."""

    at: datetime
    act: Literal["issued", "revoked", "superseded", "expired"]
    by: str = ""
    log: int | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """A known certificate. `holder` is empty when it is hidden: the page then says "the holder".

    `hours` and `rule` are in words and may be empty. `pdf` is None for a revoked award and while the paper is made.
    """

    holder: str
    title: str
    channel: ChannelMark
    issued: date
    expires: date | None = None
    ended: date | None = None
    reason: str = ""
    heir: Link | None = None
    hours: str = ""
    hours_note: str = ""
    rule: str = ""
    domain: str = ""
    pdf: str | None = None
    credential: str | None = None
    history: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyView:
    """The page at `/verify/{code}`, `code` as it is printed (`7K4M-Q2XD-9FTA-H`); `award` is None when it is unknown.

    `checked` is the moment of the look-up. `slip`: the check character does not fit, so it is a typing slip.
    `checked_file` is the verdict on an uploaded PDF in a sentence, `file_fits` whether it is this award's.
    """

    state: State
    code: str
    checked: datetime
    award: Award | None = None
    slip: bool = False
    checked_file: str = ""
    file_fits: bool = False


@dataclass(frozen=True, slots=True)
class VerifyFormView:
    """The page at `/verify`; a plain GET with `code`, answered by a redirect to the verdict."""

    form: Form
