"""Refusals: what the domain says when it will not do a thing, carrying the status of the wire (HTTP words)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


class Said(str):
    """A sentence with its `%(name)s` filled in, which whoever speaks another language fills in anew.

    One that counts has a second form, for any `count` but one.
    """

    template: str
    many: str
    values: dict[str, Any]

    def __new__(cls, template: str, many: str = "", **values: Any) -> Self:
        """The sentence in English."""
        said = super().__new__(cls, (many if many and values["count"] != 1 else template) % values)
        said.template, said.many, said.values = template, many, values
        return said

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        """What a copy is made of: not what became of it."""
        return (self.template, self.many), self.values


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: a JSON pointer (RFC 6901), a short code, and a sentence that says what would be right."""

    pointer: str
    code: str
    detail: str


class Refusal(Exception):
    """An expected no: `status` as in HTTP, a stable `code`, a `message` for people, `data` for programs.

    One that `keeps` commits what was written before it was raised: the record of the refusal itself.
    """

    keeps = False

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.data = data


class NotFound(Refusal):
    """404: not there, or not in this channel; the two are never told apart."""

    def __init__(
        self, message: str = "There is nothing here by that name.", code: str = "not_found", **data: Any
    ) -> None:
        super().__init__(404, code, message, **data)


class Gone(Refusal):
    """410: it was here, and is not offered any more."""

    def __init__(self, message: str, code: str = "gone", **data: Any) -> None:
        super().__init__(410, code, message, **data)


class SignInNeeded(Refusal):
    """401: nobody is signed in, or no longer."""

    def __init__(self, message: str = "Sign in first.", code: str = "sign_in_needed", **data: Any) -> None:
        super().__init__(401, code, message, **data)


class Forbidden(Refusal):
    """403: known, but not allowed."""

    def __init__(self, message: str = "You may not do that here.", code: str = "forbidden", **data: Any) -> None:
        super().__init__(403, code, message, **data)


class PaymentNeeded(Refusal):
    """402: allowed once paid for."""

    def __init__(self, message: str, code: str = "payment_needed", **data: Any) -> None:
        super().__init__(402, code, message, **data)


class Conflict(Refusal):
    """409: clashes with what is there already."""

    def __init__(self, message: str, code: str = "conflict", **data: Any) -> None:
        super().__init__(409, code, message, **data)


class TooLarge(Refusal):
    """413: more than the limit, which the message names."""

    def __init__(self, message: str, code: str = "too_large", **data: Any) -> None:
        super().__init__(413, code, message, **data)


class Invalid(Refusal):
    """422: understood but wrong; `errors` names each wrong field."""

    def __init__(
        self,
        message: str = "Some of what was sent is not right.",
        code: str = "invalid",
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(422, code, message)
        self.errors = tuple(errors)

    @classmethod
    def field(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """A refusal of one field, which is also the whole message."""
        return cls(detail, code, [FieldError(pointer, code, detail)])

    @classmethod
    def fields(cls, errors: Sequence[FieldError]) -> "Invalid":
        """A refusal of some fields; where it is one, what is wrong with it is also the whole message."""
        return cls(errors[0].detail, errors=errors) if len(errors) == 1 else cls(errors=errors)


class TooFast(Refusal):
    """429: again after `retry_after` seconds."""

    def __init__(
        self, retry_after: float, message: str = "That was too fast. Wait a moment.", code: str = "too_fast"
    ) -> None:
        super().__init__(429, code, message, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """503: something we depend on does not answer; nothing was changed, try again after `retry_after` seconds."""

    def __init__(self, message: str, code: str = "unavailable", retry_after: float = 5) -> None:
        super().__init__(503, code, message, retry_after=retry_after)
        self.retry_after = retry_after
