"""A worker process that is killed by its own hand: between storing a paper and publishing it, or between hearing who is
in a class and writing it down."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from providers.live.hosts import LiveHosts
from tenants import work
from tenants.certificates import certificates
from tenants.live import attendance
from tests.databases import Databases
from tests.workers.shop import make_shop
from workers.run import perform_leased


async def main(database: str, home: str, channel_id: str, job_id: str, *hosts: str) -> None:
    """Do one job, up to the moment of its death."""

    async def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    certificates.publish = die
    attendance.call_roll = die
    shop = replace(make_shop(Databases.tenancy(database), Path(home)), live=LiveHosts(hosts))
    leased = await work.take(shop.tenancy, work.read_ticket(["channel", channel_id, job_id]))
    if leased is not None:
        await perform_leased(shop, leased)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
