"""Passwords: argon2id (RFC 9106) off the event loop, a bounded number at a time; one hash for each attempt."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from tenants.errors import Invalid, Said, TooFast

Result = TypeVar("Result")
SHORTEST, LONGEST = 8, 200
THREADS, WAITING = 2, 64
# OWASP's smallest recommended setting: 19 MiB, two passes; about 36 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


class Passwords:
    """Hashes and checks passwords in its own two threads; TooFast when too many are waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "argon2")
        self._waiting = 0
        # Checked when an e-mail is unknown, so that the answer takes the time it always takes.
        self._nobody = _HASHER.hash("nobody has this password")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """The hash to keep; Invalid when the password is too short or too long."""
        check(password)
        return await self._run(_HASHER.hash, password)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one of `kept`; costs the same when there is none."""
        right = await self._run(_matches, kept or self._nobody, password[:LONGEST])
        return right and kept is not None

    async def _run(self, work: Callable[..., Result], *given: str) -> Result:
        if self._waiting >= WAITING:
            raise TooFast(2, "Too many people are signing in at this moment. Try again in two seconds.", "busy")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._waiting -= 1


def check(password: str) -> None:
    """Invalid when the password is too short or too long."""
    if len(password) < SHORTEST:
        raise Invalid.field(
            "/password", "too_short", Said("A password has at least %(shortest)s characters.", shortest=SHORTEST)
        )
    if len(password) > LONGEST:
        raise Invalid.field(
            "/password", "too_long", Said("A password has at most %(longest)s characters.", longest=LONGEST)
        )


def outdated(kept: str) -> bool:
    """Whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(kept)


def _matches(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
