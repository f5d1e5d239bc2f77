"""A process that copies a recording, and may be killed at it: its words are URL, HOST, SESSION, FOLDER and EVERY."""

import asyncio
import resource
import sys
from pathlib import Path

from providers.outbound import Outbound
from tests.workers.media.rooms import Notes, store_in
from workers.media.prepare import prepare
from workers.media.probe import probe
from workers.media.source import open_source
from workers.media.transfer import transfer


async def copy(url: str, host: str, session: str, folder: Path, every: int) -> None:
    """Copy, then print length, checksum and the most memory this process and its examiner held, in KiB."""
    sink = store_in(folder).resumable(session)
    async with Outbound([host]) as way, open_source(way, url) as source, prepare(source) as layout:
        await probe(layout)
        done = await transfer(layout, sink, Notes(folder / "notes"), every=every)
    examiner = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    sys.stdout.write(f"{done.size} {done.crc32c} {_own_peak()} {examiner}\n")


def _own_peak() -> int:
    # Not ru_maxrss: across fork and exec it keeps the size of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    asyncio.run(copy(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5])))
