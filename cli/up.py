"""`guildhall up`: everything from one command. One preloaded parent starts the servers and forks the roles."""

import gc
import importlib
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import NoReturn

from cli.console import say, show_table, step
from cli.ground import check_ground
from cli.listening import answers, bind, listen, make_doors
from cli.roles import Role, Rolling, run_apart
from cli.servers import addressed, embedded
from cli.stop import Stop
from cli.supervisor import Supervisor
from settings import Settings
from tenants.jobs import QUEUES

PRELOADED = ("server.__main__", "workers.__main__")
READY_SECONDS = 60.0


def up(settings: Settings) -> None:
    """Run everything in the foreground until SIGINT or SIGTERM; Stop or ServerFault when it cannot."""
    signal.signal(signal.SIGTERM, leave)
    check_ground(settings.home)
    listener = bind(settings)
    check_given_servers(settings)
    servers = embedded(settings)
    try:
        for server in servers:
            server.launch()
        with step("Code loaded"):
            preload()
        check_providers(settings)
        for server in servers:
            with step(f"{server.name} answers"):
                server.wait()
        settings = addressed(settings)
        sample = run_apart("prepare", partial(prepare, settings))
        listen(listener, settings)
        with Supervisor(servers, roles(settings, listener), say) as watch:
            with step("Web answers"):
                await_ready(watch, settings)
            show_table(places(settings, sample))
            watch.run()
    finally:
        for server in servers:
            server.stop()
    say("All ended.")


def check_given_servers(settings: Settings) -> None:
    """Stop with the cure when a PostgreSQL or Redis that settings name cannot be used."""
    if not (settings.database_url or settings.redis_url):
        return
    with step("Given servers answer"):
        problem = run_apart("check", lambda: importlib.import_module("cli.server_checks").check_given(settings))
        if problem:
            raise Stop(problem)


def check_providers(settings: Settings) -> None:
    """Stop with the cure when a provider sees that its setting is wrong, though of the right form; nobody is asked."""
    problem = run_apart("check", lambda: importlib.import_module("cli.server_checks").provider_problem(settings))
    if problem:
        raise Stop(problem, 2)


def leave(_sign: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM before the watch began: unwind, so that the servers are shut down in order."""
    sys.exit(128 + signal.SIGTERM)


def preload() -> None:
    """Import what the roles need, so that they share one copy of it in memory."""
    gc.disable()  # a tenth of the time would go into looking for garbage among what stays
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else each role's collector would touch, and so copy, every page
    gc.enable()


def prepare(settings: Settings) -> str | None:
    """Bring the database up to date and seed the demo; the path of a sample certificate, if there is one."""
    with step("Database up to date"):
        migrate(settings)
    if not settings.demo:
        return None
    with step("Demo world there"):
        return seed(settings)


def migrate(settings: Settings) -> None:
    """Bring roles and schema up to date."""
    importlib.import_module("tenants.migrations").upgrade(settings.database_url, settings.role_passwords())


def seed(settings: Settings) -> str | None:
    """Make the demo world; the path of a sample certificate."""
    path: str | None = importlib.import_module("cli.demo").seed(settings)
    return path


def roles(settings: Settings, listener: socket.socket) -> list[Role]:
    """One process each: web (as many as set), a worker for each queue, the steward."""
    workers = [Role(queue, partial(work, settings, queue)) for queue in QUEUES]
    return [*webs(settings, listener), *workers, Role("steward", partial(steward, settings))]


def webs(settings: Settings, listener: socket.socket) -> list[Rolling]:
    """The web processes; several have a door each, by which they pass on what belongs to another."""
    if settings.web == 1:
        return [Rolling("web", partial(web, settings, listener))]
    doors = make_doors(settings.home, settings.web)
    paths = tuple(door.getsockname() for door in doors)
    return [
        Rolling(f"web-{number}", partial(web, settings, listener, place=(number, door, paths)))
        for number, door in enumerate(doors, 1)
    ]


def web(
    settings: Settings,
    listener: socket.socket,
    on_ready: Callable[[], None] | None = None,
    place: tuple[int, socket.socket, tuple[str, ...]] | None = None,
) -> None:
    """Serve HTTP and sockets until told to end; of several, `place` is its number, its door and the paths of all."""
    among = place and importlib.import_module("server.neighbours").Among(*place)
    importlib.import_module("server.__main__").run(settings, listener, on_ready, among)


def work(settings: Settings, queue: str) -> None:
    """Do the jobs of one queue until told to end."""
    importlib.import_module("workers.__main__").run(settings, queue)


def steward(settings: Settings) -> None:
    """Relay the outbox and keep the clock until told to end."""
    importlib.import_module("workers.__main__").run_steward(settings)


def await_ready(watch: Supervisor, settings: Settings) -> None:
    """Watch until /readyz answers; Stop when it does not within a minute, or when a signal says to end."""
    deadline = time.monotonic() + READY_SECONDS
    while not answers(settings):
        if not watch.step(0.05):
            sys.exit(128 + signal.SIGTERM)
        if time.monotonic() > deadline:
            raise Stop(f"The web process did not become ready within {READY_SECONDS:g} s: its messages are above.")


def places(settings: Settings, sample: str) -> list[tuple[str, str]]:
    """What the newcomer needs now."""
    url = settings.base_url
    rows = [("Guildhall", url)]
    if settings.demo:
        rows += [
            ("Sign in as", "ana@guildhall.example (owner), ben@ (teacher), mia@ (moderator), sam@ and zoe@ (students)"),
            ("Other channel", "otto@guildhall.example (owner), eve@ (student)"),
            ("Password of all", "guildhall-demo"),
            ("Mail viewer", f"{url}/mail"),
        ]
    if sample:
        rows.append(("A certificate", f"{url}{sample}"))
    return [*rows, ("To end", "Ctrl-C")]
