"""A worker process of the index queue: `python -m tests.workers.index_worker DATABASE REDIS PREFIX FOLDER`."""

import sys
from pathlib import Path

from redis import Redis
from rq.serializers import JSONSerializer

from tests.databases import Databases
from tests.workers.shop import SECRET, make_shop
from workers.__main__ import Worker
from workers.queues import Dispatched, Queues
from workers.run import HANDS, Hands


def main(database: str, redis_url: str, prefix: str, folder: str) -> None:
    """Work until told to end."""
    HANDS[:] = [Hands(make_shop(Databases.tenancy(database), Path(folder)))]
    redis = Redis.from_url(redis_url)
    queue = Queues(redis, prefix, SECRET.encode()).queue("index")
    Worker([queue], connection=redis, serializer=JSONSerializer, job_class=Dispatched).work(logging_level="WARNING")


if __name__ == "__main__":
    main(*sys.argv[1:])
