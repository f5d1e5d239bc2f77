"""A worker that does one job and may be killed at it: its words are DATABASE, HOME, HOST and those of the ticket."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from tenants import work
from tests.databases import Databases
from tests.workers.shop import make_shop
from workers.run import perform_leased


async def do(database: str, home: str, host: str, *words: str) -> None:
    """Lease the ticket and perform it."""
    tenancy = Databases.tenancy(database)
    shop = replace(make_shop(tenancy, Path(home)), recording_hosts=(host,))
    leased = await work.take(tenancy, work.read_ticket(list(words)))
    if leased is not None:
        await perform_leased(shop, leased)
    await tenancy.close()


if __name__ == "__main__":
    asyncio.run(do(*sys.argv[1:]))
