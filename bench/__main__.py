"""`python -m bench [NAME]`: run one measurement, or all, and print what each one says."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from bench import history, http, ingest, memory, nginx, pages, seen, services, sockets, start, storage, unread
from bench.report import Report, show

FILM_MB = 1000
BENCHES: dict[str, Callable[[], Coroutine[Any, Any, Report | None]]] = {
    "http": http.main,
    "memory": memory.main,
    "start": start.main,
    "nginx": nginx.main,
    "storage": storage.main,
    "services": services.main,
    "wire": sockets.main,
    "seen": seen.main,
    "pages": pages.main,
    "unread": unread.main,
    "history": history.main,
    "ingest": partial(ingest.main, FILM_MB),
}


def main() -> None:
    """Run what was asked for; a measurement without a table has said its line already.

    `services` is asked for by its name: nginx and storage are in it, and would be measured twice.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(BENCHES), help="one measurement; without it, all")
    wanted = parser.parse_args().name
    for name, bench in BENCHES.items():
        if (name == wanted or (wanted is None and name != "services")) and (report := asyncio.run(bench())):
            show(report)


if __name__ == "__main__":
    main()
