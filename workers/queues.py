"""RQ, as far as we let it: it carries signed tickets to workers, and its data may be lost at any moment.

One queue per worker process (a worker of several loses jobs when killed), JSON only, one allowed function.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any

from redis import Redis
from rq import Queue, Retry
from rq.job import Job
from rq.serializers import JSONSerializer

PERFORM = "workers.run.perform"
# Beyond every performance's own deadline: the last resort against code that does not yield.
SECONDS = 6 * 3600


class ForeignJob(Exception):
    """A queue held what this installation did not write."""


class Dispatched(Job):
    """A job as RQ keeps it, which can call one function only, whatever its data names."""

    @property
    def func(self) -> Callable[..., Any]:
        """The one function; ForeignJob when the data names another."""
        if self.func_name != PERFORM:
            raise ForeignJob(self.func_name)
        from workers import run  # noqa: PLC0415 - the relay sends jobs without loading what does them

        return run.perform


class Queues:
    """Sends tickets to the queues of one deployment."""

    def __init__(self, redis: "Redis", prefix: str, secret: bytes) -> None:
        self._redis, self._prefix, self._secret = redis, prefix, secret

    def queue(self, name: str) -> Queue:
        """The RQ queue of one worker process."""
        return Queue(f"{self._prefix}-{name}", connection=self._redis, serializer=JSONSerializer, job_class=Dispatched)

    def send(self, name: str, job_id: str, words: Sequence[str]) -> None:
        """Put a ticket on a queue, unless it is there already."""
        if not Dispatched.exists(job_id, connection=self._redis):
            self._enqueue(name, job_id, words)

    def send_again(self, name: str, job_id: str, words: Sequence[str]) -> None:
        """Put a ticket on a queue whose worker died over it."""
        self.drop([job_id])
        self._enqueue(name, job_id, words)

    def drop(self, job_ids: Iterable[str]) -> None:
        """Forget tickets."""
        for job_id in job_ids:
            self._redis.delete(Dispatched.key_for(job_id))

    def _enqueue(self, name: str, job_id: str, words: Sequence[str]) -> None:
        self.queue(name).enqueue_call(
            PERFORM,
            args=[list(words), sign(self._secret, words)],
            job_id=job_id,
            timeout=SECONDS,
            result_ttl=0,
            failure_ttl=60,
            retry=Retry(max=3),
        )


def sign(secret: bytes, words: Sequence[str]) -> str:
    """The proof that this installation wrote a ticket: who can write to Redis still cannot make work."""
    return hmac.new(secret, "\x1f".join(("ticket", *words)).encode(), sha256).hexdigest()


def check(secret: bytes, words: Sequence[str], proof: str) -> None:
    """Pass when the ticket is ours; ForeignJob when not."""
    if not hmac.compare_digest(sign(secret, words), proof):
        raise ForeignJob("a ticket with a wrong signature")


def check_redis(redis: "Redis") -> None:
    """Pass when Redis keeps what it is given; ValueError with what to set when it may drop or lose it."""
    if problem := keeping_problem(redis):
        raise ValueError(f"Redis: {problem}")


def keeping_problem(redis: "Redis") -> str:
    """Why Redis may drop or lose what it is given, with the cure; nothing when it keeps it.

    By INFO, for managed ones do not show their configuration.
    """
    policy = redis.info("memory").get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return f"it may evict jobs ({policy}): set maxmemory-policy to noeviction."
    if redis.info("persistence").get("aof_enabled", 1) == 0:
        return "a restart would lose jobs: set appendonly to yes."
    return ""
