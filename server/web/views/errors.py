"""A page instead of the one asked for."""

from dataclasses import dataclass

from server.web.views.frame import Link


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A sentence, what is safe, one way on, and what to quote when asking for help."""

    status: int
    sentence: str
    safe: str
    way: Link
    request_id: str
    other: Link | None = None
