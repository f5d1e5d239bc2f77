"""The landing page straight from the web process, through nginx, and from its cache: what the front costs and gives."""

import asyncio
import contextlib
import os
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench import peers
from bench.cpu import cores, cpu_seconds
from bench.peers import BASE_URL, Side
from bench.report import Report, platform_facts
from bench.stage import Stage, staged
from bench.wire import CONNECTIONS, Sender, Tally, request
from cli import nginx
from cli.nginx import Front
from settings import Settings
from tests.nginx.authority import Authority
from tests.nginx.front import Ports, find, program, running

HOST = str(urlsplit(BASE_URL).hostname)
REPEATS, SECONDS, WARM_UP_SECONDS = 5, 2.0, 0.6
MOST_COST, LEAST_GAIN = 0.15, 5.0
WAYS = ("straight", "through nginx", "from its cache")


@dataclass(frozen=True, slots=True)
class Door:
    """One way to the page: where, by which TLS if any, what is sent, and whose CPU time it takes."""

    port: int
    tls: ssl.SSLContext | None
    sent: bytes
    pids: tuple[int, ...]


@dataclass(slots=True)
class Figures:
    """What one way did: one number per repeat."""

    per_second: list[float] = field(default_factory=list)
    per_cpu_second: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    faults: int = 0


async def main() -> Report | None:
    """Measure the three ways, interleaved; the web process has a core of its own, nginx shares that of the load."""
    if find() is None:
        print("nginx: there is none here (on Debian and Ubuntu: apt install nginx-light)")
        return None
    app_core, rest = cores()
    os.sched_setaffinity(0, {rest})
    async with staged() as stage:
        with peers.ours(stage, app_core) as web, _front(web) as (ports, front, trust):
            ways = _ways(stage, web, ports, front, trust)
            figures = {name: Figures() for name in WAYS}
            for repeat in range(REPEATS):
                for name in WAYS[repeat % 3 :] + WAYS[: repeat % 3]:
                    await _once(ways[name], figures[name])
    return _report(figures)


@contextlib.contextmanager
def _front(web: Side) -> Iterator[tuple[Ports, tuple[int, ...], ssl.SSLContext]]:
    """The written site before `web`; its limits are lifted, for all the load comes from one address."""
    ports, authority = Ports(), Authority()
    with tempfile.TemporaryDirectory(prefix="gn-") as made:
        folder = Path(made)
        authority.certify(folder / "certificates" / HOST, HOST)
        settings = Settings(
            guildhall_home=folder / "var", port=web.port, base_url=f"https://{HOST}:{ports.https}", trusted_proxies=1
        )
        front = Front(
            upstream="", certificates=folder / "certificates", cache=folder / "cache", log=folder / "requests.log",
            challenges=folder, http=ports.http, https=ports.https, ipv6=False,
        )  # fmt: skip
        site = nginx.write(settings, front, folder)
        site.write_text(unlimited(site.read_text()))
        with running(folder, ports) as pid:
            yield ports, programs(pid), authority.trusting()


def programs(master: int) -> tuple[int, ...]:
    """The processes of an nginx, once its workers are there: it listens before it makes them."""
    deadline = time.monotonic() + 10
    while len(workers := psutil.Process(master).children()) < 2:
        if time.monotonic() > deadline:
            raise RuntimeError("nginx made no workers")
        time.sleep(0.02)
    return master, *(each.pid for each in workers)


def unlimited(site: str) -> str:
    """The site for load that comes from one address over a few connections without end."""
    for limit, wide in (("rate=50r/s", "rate=1000000r/s"), ("keepalive_timeout 75s;", "keepalive_requests 10000000;")):
        if limit not in site:
            raise RuntimeError(f"the site says no more {limit!r}: say here what it says now")
        site = site.replace(limit, wide)
    return site


def _ways(stage: Stage, web: Side, ports: Ports, front: tuple[int, ...], trust: ssl.SSLContext) -> dict[str, Door]:
    path = f"/c/{stage.world.pottery.slug}"
    plain = request("GET", path).replace(b"Host: 127.0.0.1", f"Host: {HOST}".encode())
    # A cookie that means nothing to the application lets nginx ask it each time; all else is the same.
    known = plain.replace(b"\r\n\r\n", b"\r\nCookie: theme=dark\r\n\r\n")
    return {
        "straight": Door(web.port, None, known, (web.pid,)),
        "through nginx": Door(ports.https, trust, known, (web.pid, *front)),
        "from its cache": Door(ports.https, trust, plain, (web.pid, *front)),
    }


async def _once(door: Door, figures: Figures) -> None:
    await _load(door, WARM_UP_SECONDS)
    before = sum(map(cpu_seconds, door.pids))
    tally = await _load(door, SECONDS)
    figures.per_second.append(tally.good / SECONDS)
    figures.per_cpu_second.append(tally.good / (sum(map(cpu_seconds, door.pids)) - before))
    figures.p99_ms.append(tally.quantile(0.99) * 1000)
    figures.faults += sum(tally.other.values())


async def _load(door: Door, seconds: float) -> Tally:
    loop, tally, until = asyncio.get_running_loop(), Tally(200), time.perf_counter() + seconds

    def endless() -> Iterator[bytes]:
        while True:
            yield door.sent

    host = HOST if door.tls else None
    pairs = [
        await loop.create_connection(
            lambda: Sender(endless(), tally, until), "127.0.0.1", door.port, ssl=door.tls, server_hostname=host
        )
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(sender.done for _, sender in pairs))
    return tally


def _report(figures: dict[str, Figures]) -> Report:
    middle = {name: statistics.median(each.per_second) for name, each in figures.items()}
    goals = {"through nginx": f"≥ {1 - MOST_COST:g}×", "from its cache": f"≥ {LEAST_GAIN:g}×"}
    rows = [
        [
            name, _span(each.per_second), f"{middle[name] / middle['straight']:.2f}×", goals.get(name, ""),
            _span(each.per_cpu_second), f"{statistics.median(each.p99_ms):.1f}", each.faults,
        ]
        for name, each in figures.items()
    ]  # fmt: skip
    columns = ["landing page", "a second", "÷ straight", "goal", "a CPU-second, of all programs", "p99 ms", "faults"]
    facts = platform_facts() | {"nginx": _version()}
    return Report("nginx", columns, rows, facts, {name: asdict(each) for name, each in figures.items()})


def _span(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"


def _version() -> str:
    """Which nginx this is, as it says itself."""
    return (
        subprocess.run([program(), "-v"], capture_output=True, text=True, check=True).stderr.strip().partition("/")[2]
    )
