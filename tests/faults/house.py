"""The house that suffers: servers behind taps, two web processes and a steward, each a process of its own."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from cli.drill.processes import Process, free_port
from cli.drill.servers import Servers, served
from cli.drill.taps import Streams
from tenants import migrations

WEBS = 2


@dataclass
class House:
    """Its servers, and its web processes by number; new connections go round those that are up."""

    servers: Servers
    settings: dict[str, str]
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(WEBS)])
    webs: dict[int, Process] = field(default_factory=dict)
    _turn: int = 0

    @property
    def url(self) -> str:
        """The address of a web process."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def begin(self, number: int) -> None:
        """Start a web process."""
        port = self.ports[number]
        log = self.servers.home / f"web-{number}.log"
        self.webs[number] = Process.start("web", self.settings | {"PORT": str(port)}, log)

    async def ready(self) -> None:
        """Wait until every web process says that it is ready."""
        for number, web in self.webs.items():
            await web.ready(f"http://127.0.0.1:{self.ports[number]}")

    async def connect(self) -> Streams:
        """A connection to the next web process that takes one, as a balancer would."""
        for _ in range(WEBS):
            self._turn += 1
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.ports[self._turn % WEBS])
        raise ConnectionRefusedError("no web process is up")

    @contextlib.asynccontextmanager
    async def killed(self, number: int) -> AsyncIterator[None]:
        """A web process ends without a word, and is started again as the supervisor does."""
        self.webs[number].kill()
        self.begin(number)
        yield

    @contextlib.asynccontextmanager
    async def paused(self, number: int) -> AsyncIterator[None]:
        """A web process stands still within the block."""
        web = self.webs[number].running
        web.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            web.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def housed(home: Path) -> AsyncIterator[House]:
    """The house in the folder `home`, ready; all of it has ended when the block has."""
    async with served(home) as servers:
        await asyncio.to_thread(migrations.upgrade, servers.postgres.database_url, {})
        settings = {"GUILDHALL_HOME": str(home / "var"), "GUILDHALL_DEMO": "1", "LOG_FORMAT": "json"}
        house = House(servers, settings | servers.environment)
        steward = Process.start("steward", house.settings | {"PORT": str(free_port())}, home / "steward.log")
        try:
            for number in range(WEBS):
                house.begin(number)
            await house.ready()
            yield house
        finally:
            everything = [steward, *house.webs.values()]
            for process in everything:
                process.ask_to_end()
            for process in everything:
                process.end()
