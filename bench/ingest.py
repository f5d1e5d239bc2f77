"""What bringing a recording in costs: CPU seconds per GB, and the most memory held.

    python -m bench.ingest [megabytes]

Makes a film with its index last, serves it on loopback, copies it into a disk store in a process of its own.
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.films import make_big_film
from tests.standins.recordings import recording_server
from tests.workers.media.rooms import KEY, store_in

GB = 1_000_000_000


async def main(megabytes: int) -> None:
    """Measure once and print one line."""
    with tempfile.TemporaryDirectory() as place:
        film = await asyncio.to_thread(make_big_film, Path(place) / "film.mp4", megabytes)
        session = await store_in(Path(place)).start_resumable(KEY, "video/mp4")
        server, port = await _serve(film)
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        said = await _run("tests.workers.media.copier", f"http://{port}/x.mp4", port, session, place, str(64 << 20))
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        server.kill()
        await server.wait()
    size, _, own, examiner = map(int, said.split())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{size / GB:.2f} GB: {wall * GB / size:.2f} s/GB, {cpu * GB / size:.2f} CPU s/GB, "
        f"{own / 1024:.0f} MB copying, {examiner / 1024:.0f} MB examining"
    )


async def _serve(film: Path) -> tuple[asyncio.subprocess.Process, str]:
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.ingest", "serve", str(film), stdout=pipe)
    assert server.stdout is not None
    return server, (await server.stdout.readline()).decode().strip()


async def _run(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *words, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode()


async def serve(film: Path) -> None:
    """Offer the film until killed, so that the far side's cost is not counted."""
    async with recording_server(film) as server:
        print(server.host, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[2])) if sys.argv[1:2] == ["serve"] else main(int([*sys.argv, "1000"][1])))
