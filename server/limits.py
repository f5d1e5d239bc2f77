"""Rate limits: the table of policies, what each sender has left, and how that is said in headers."""

import hashlib
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from aiohttp import web
from limits import RateLimitItem, RateLimitItemPerSecond

from server.counters import Counters
from tenants.errors import TooFast

RELAXED = 100
MOST_LEASES = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """At most `amount` in `seconds`; a process may take `block` at once and spend them unasked.

    `fixed` policies stay as they are when limits are relaxed.
    """

    name: str
    amount: int
    seconds: int
    block: int = 1
    fixed: bool = False


API = Policy("api", 600, 60, block=30)
API_ANONYMOUS = Policy("api-anonymous", 60, 60, block=3)
SIGN_UP = Policy("sign-up", 5, 3600)
SIGN_IN_ADDRESS = Policy("sign-in-address", 10, 60)
SIGN_IN_PERSON = Policy("sign-in-person", 10, 60)
LINK_BY_MAIL = Policy("link-by-mail", 5, 900)
SIGN_IN_FAILURES = Policy("sign-in-failures", 5, 600, fixed=True)
SIGN_IN_PAUSE = Policy("sign-in-pause", 1, 600, fixed=True)
FOUNDING = Policy("founding", 20, 3600)
INVITING = Policy("inviting", 50, 3600)
POSTING = Policy("posting", 30, 10)
TRIALS = Policy("trials", 10, 60)
WEBHOOK_TESTS = Policy("webhook-tests", 5, 60)
PAGE_READS = Policy("pages", 600, 60, block=60)
WEBHOOK = Policy("webhook", 1200, 60, block=30)
# Of what is signed; so that nobody else uses it up.
INCOMING = Policy("incoming", 60, 60)
REFUSALS_KEPT = Policy("refusals-kept", 30, 60)
VERIFY = Policy("verify", 30, 60, fixed=True)
UNKNOWN_CODE_COST = 10


class Standing(NamedTuple):
    """Where a sender stands with one policy: what is left, and seconds until it is whole again."""

    policy: Policy
    remaining: int
    reset: float
    refused: bool = False


@dataclass(slots=True)
class Lease:
    """What this process may still spend unasked until `ends` (monotonic seconds), and what is left beyond it."""

    ends: float
    here: int
    elsewhere: int


@dataclass(slots=True)
class Limiter:
    """Spends from policies; exact across processes, and free of any round trip while a lease lasts."""

    counters: Counters
    mode: Literal["standard", "relaxed"] = "standard"
    _leases: dict[tuple[str, str], Lease] = field(default_factory=dict)

    async def spend(self, policy: Policy, subject: str, cost: int = 1) -> Standing:
        """Count `cost` against `subject` (an address, a person's id, an e-mail) and tell where it stands."""
        policy = self._as_set(policy)
        if policy.block == 1:
            return await self._spend_shared(policy, subject, cost)
        lease = self._leases.get((policy.name, subject))
        if lease is None or lease.ends <= time.monotonic() or (lease.here < cost and lease.elsewhere > 0):
            lease = await self._lease(policy, subject, max(cost, policy.block))
        refused = lease.here < cost
        if not refused:
            lease.here -= cost
        return Standing(policy, lease.here + lease.elsewhere, lease.ends - time.monotonic(), refused)

    async def look(self, policy: Policy, subject: str) -> Standing:
        """Where `subject` stands, at no cost; `refused` when nothing is left."""
        policy = self._as_set(policy)
        stats = await self.counters.stats(_item(policy), _key(subject))
        return Standing(policy, stats.remaining, _until(stats.reset_time), stats.remaining <= 0)

    async def forgive(self, policy: Policy, subject: str) -> None:
        """Give `subject` back all it spent."""
        await self.counters.clear(_item(self._as_set(policy)), _key(subject))

    async def _spend_shared(self, policy: Policy, subject: str, cost: int) -> Standing:
        spent, left = await self.counters.take(_item(policy), _key(subject), cost)
        return Standing(policy, max(0, policy.amount - spent), left, spent > policy.amount)

    async def _lease(self, policy: Policy, subject: str, wanted: int) -> Lease:
        spent, left = await self.counters.take(_item(policy), _key(subject), wanted)
        rest = policy.amount - spent
        lease = Lease(time.monotonic() + left, max(0, wanted + min(0, rest)), max(0, rest))
        self._remember((policy.name, subject), lease)
        return lease

    def _remember(self, key: tuple[str, str], lease: Lease) -> None:
        old = self._leases.pop(key, None)
        if old is not None and old.ends > time.monotonic():
            lease.here += old.here
        if len(self._leases) >= MOST_LEASES:
            del self._leases[next(iter(self._leases))]
        self._leases[key] = lease

    def _as_set(self, policy: Policy) -> Policy:
        return policy if self.mode == "standard" or policy.fixed else _relaxed(policy)


@lru_cache(maxsize=64)
def _relaxed(policy: Policy) -> Policy:
    return Policy(policy.name, policy.amount * RELAXED, policy.seconds, block=policy.block * RELAXED)


@lru_cache(maxsize=64)
def _item(policy: Policy) -> RateLimitItem:
    return RateLimitItemPerSecond(policy.amount, policy.seconds, namespace=policy.name)


def _key(subject: str) -> str:
    return hashlib.blake2b(subject.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _until(reset_time: float) -> float:
    return max(0.0, reset_time - time.time())


LIMITER = web.AppKey("limiter", Limiter)
STANDINGS = web.RequestKey("standings", list[Standing])


async def charge(request: web.Request, policy: Policy, subject: str, cost: int = 1) -> None:
    """Spend from `policy` for this request, to be told in its answer's headers; TooFast when it is used up."""
    standing = await request.app[LIMITER].spend(policy, subject, cost)
    request.setdefault(STANDINGS, []).append(standing)
    admit(standing)


async def charge_mailbox(request: web.Request, policy: str, email: str) -> None:
    """Spend from the letters of an address where every sign-up sends one; the same for a free and a taken one."""
    if policy == "confirm":
        await charge(request, LINK_BY_MAIL, email.strip().casefold())


def admit(standing: Standing, message: str = "That was too fast. Wait a moment.") -> None:
    """TooFast, with the seconds to wait, when the standing is a refusal."""
    if standing.refused:
        raise TooFast(max(1, math.ceil(standing.reset)), message)


def limit_headers(standings: Iterable[Standing]) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` as structured fields (draft-ietf-httpapi-ratelimit-headers-11)."""
    told = list(standings)
    return {
        "RateLimit-Policy": ", ".join([f'"{s.policy.name}";q={s.policy.amount};w={s.policy.seconds}' for s in told]),
        "RateLimit": ", ".join([f'"{s.policy.name}";r={s.remaining};t={math.ceil(s.reset)}' for s in told]),
    }


async def check_sign_in_pause(limiter: Limiter, email: str) -> None:
    """TooFast while `email` is paused after failed sign-ins, whether it belongs to anyone or not."""
    pause = await limiter.look(SIGN_IN_PAUSE, email)
    admit(pause, "Too many failed sign-ins for this e-mail address. Try again in a few minutes.")


async def note_failed_sign_in(limiter: Limiter, email: str) -> None:
    """Count one failed sign-in; the fifth within ten minutes pauses `email` for ten."""
    failures = await limiter.spend(SIGN_IN_FAILURES, email)
    if failures.remaining <= 0:
        await limiter.spend(SIGN_IN_PAUSE, email)
        await limiter.forgive(SIGN_IN_FAILURES, email)


async def note_good_sign_in(limiter: Limiter, email: str) -> None:
    """Forget the failed sign-ins of `email`."""
    await limiter.forgive(SIGN_IN_FAILURES, email)
