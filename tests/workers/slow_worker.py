"""A worker process whose jobs take a moment and leave files behind: `python -m tests.workers.slow_worker …`."""

import asyncio
import sys
from pathlib import Path

from redis import Redis
from rq.serializers import JSONSerializer

from tests.databases import Databases
from tests.workers.shop import SECRET, make_shop
from tests.workers.traces import Trace
from workers.__main__ import Worker
from workers.queues import Dispatched, Queues
from workers.registry import Work, performs
from workers.run import HANDS, Hands


def main(database: str, redis_url: str, prefix: str, folder: str) -> None:
    """Work until told to end."""
    traces = Path(folder)

    @performs(Trace)
    async def trace(work: Work, asked: Trace) -> None:
        (traces / f"{work.job_id}.begun").touch()
        await asyncio.sleep(0.3)
        (traces / f"{work.job_id}.done").touch()

    HANDS[:] = [Hands(make_shop(Databases.tenancy(database), traces))]
    redis = Redis.from_url(redis_url)
    queue = Queues(redis, prefix, SECRET.encode()).queue("default")
    Worker([queue], connection=redis, serializer=JSONSerializer, job_class=Dispatched).work(logging_level="WARNING")
    HANDS[0].rest()


if __name__ == "__main__":
    main(*sys.argv[1:])
