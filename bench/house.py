"""The whole product as `make run` starts it, in a folder of the bench's own."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.peers import CHECKOUT, free_port

READY_SECONDS = 90.0
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class House:
    """A running product: its first process, and the seconds from its start to its first page."""

    pid: int
    port: int
    first_page: float


@contextlib.contextmanager
def running_house(home: Path) -> Iterator[House]:
    """`guildhall up` with the demo world, kept in `home`, until the block ends."""
    port = free_port()
    settings = {"GUILDHALL_HOME": str(home), "PORT": str(port), "GUILDHALL_DEMO": "1"}
    program, log = Path(sys.executable).with_name("guildhall"), home.with_suffix(".log")
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen([program, "up"], cwd=CHECKOUT, env=os.environ | settings, stdout=out, stderr=out)
    try:
        await_page(process, port, log)
        yield House(process.pid, port, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        finally:
            process.kill()


def await_page(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return when the home page is there; RuntimeError with the last words when it does not come."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.02)
    raise RuntimeError(f"guildhall up gave no page: {log.read_text()[-2000:]}")
