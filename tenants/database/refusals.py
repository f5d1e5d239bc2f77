"""What PostgreSQL says, as our refusals where the input or an outage is the cause; the rest stays a bug."""

import contextlib
from collections.abc import Callable
from typing import Any

import asyncpg

from tenants.errors import Conflict, Invalid, NotFound, Refusal, Unavailable

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    FileNotFoundError,
)
# A value of ours that does not fit its place, which the driver derives from what it raises for lost connections too.
WRONG_VALUE = asyncpg.exceptions._base.DataError  # noqa: SLF001
DOWN = "The database does not answer. Nothing was changed. Try again in a moment."
UNSURE = "The database went away while it was saving. Look whether it was saved before you try again."
BUSY = "The database is busy. Nothing was changed. Try again in a moment."


class _Refusals:
    """The context that `refusals` gives: one for all, for it holds nothing."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Raise the refusal that the error amounts to, if it amounts to one."""
        if error is not None and (refusal := refusal_of(error)) is not None:
            raise refusal from error


_REFUSALS = _Refusals()


def refusals() -> contextlib.AbstractContextManager[None]:
    """A context in which what PostgreSQL says becomes our refusals."""
    return _REFUSALS


def refusal_of(error: BaseException) -> Refusal | None:
    """The refusal that an error amounts to; None for a bug of ours and for what is none of the driver's."""
    return next((refuse(error) for kinds, refuse in _MEANINGS if isinstance(error, kinds)), None)


# The first that fits counts.
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[Any], Refusal | None]], ...] = (
    ((WRONG_VALUE,), lambda _: None),
    (
        (asyncpg.UniqueViolationError,),
        lambda error: Conflict("That exists already.", "exists", constraint=error.constraint_name),
    ),
    ((asyncpg.ForeignKeyViolationError,), lambda _: NotFound("What that refers to is not in this channel.")),
    (
        (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError),
        lambda _: Invalid("Text may not hold the character NUL.", "unreadable_text"),
    ),
    (
        (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.QueryCanceledError),
        lambda _: Unavailable("Somebody else was changing the same thing. Try again.", "busy", 1),
    ),
    (
        (asyncpg.DiskFullError,),
        lambda _: Unavailable("The database has no space left. Tell the operator.", "disk_full", 60),
    ),
    ((TimeoutError, asyncpg.TooManyConnectionsError), lambda _: Unavailable(BUSY, "busy")),
    (LOST, lambda _: Unavailable(DOWN, "database_down")),
)
