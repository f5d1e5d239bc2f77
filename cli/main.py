"""The command `guildhall`: every subcommand is registered here; a failure becomes a sentence and an exit code."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.config import config
from cli.console import complain, say
from cli.jobs import jobs
from cli.listening import bind, listen
from cli.live import live
from cli.servers import running_servers
from cli.stop import Stop
from cli.storage import storage
from cli.up import check_given_servers, check_providers, migrate, seed, steward, up, web, work
from providers.embedded import ServerFault
from settings import Settings, SettingsFault, load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(config, name="config")
app.add_typer(live, name="live")
app.add_typer(jobs, name="jobs")
app.add_typer(storage, name="storage")


def main() -> None:
    """Run the subcommand that was asked for; wrong settings exit with 2, other failures with 1."""
    try:
        app()
    except SettingsFault as fault:
        for problem in fault.problems:
            complain(problem)
        sys.exit(2)
    except Stop as stop:
        complain(str(stop))
        sys.exit(stop.code)
    except ServerFault as fault:
        complain(str(fault))
        sys.exit(1)


@contextmanager
def checked_servers(needs: str) -> Iterator[Settings]:
    """The settings with addresses of servers that run; Stop with the cure when those that were given will not do.

    The module that the command needs is loaded first, so that the checks, each a process of its own, share it.
    """
    settings = load_settings()
    importlib.import_module(needs)
    check_given_servers(settings)
    check_providers(settings)
    with running_servers(settings) as addresses:
        yield addresses


@app.callback()
def describe() -> None:
    """Guildhall: a home for people who teach."""


@app.command("up")
def run_up(
    web_processes: Annotated[
        int | None, typer.Option("--web", min=1, max=32, help="how many web processes; without it, WEB")
    ] = None,
) -> None:
    """Run everything in the foreground: servers, web, workers, steward."""
    settings = load_settings()
    up(settings if web_processes is None else settings.model_copy(update={"web": web_processes}))


@app.command("web")
def run_web() -> None:
    """Run one web process."""
    with checked_servers("server.__main__") as settings, bind(settings) as listener:
        listen(listener, settings)
        web(settings, listener)


@app.command("worker")
def run_worker(
    queue: Annotated[
        Literal["render", "media", "index", "webhooks", "default"], typer.Argument(help="whose jobs to do")
    ],
) -> None:
    """Run one worker process, for one queue."""
    with checked_servers("workers.__main__") as settings:
        work(settings, queue)


@app.command("steward")
def run_steward() -> None:
    """Run the steward: it relays the outbox and keeps the clock. One is enough."""
    with checked_servers("workers.__main__") as settings:
        steward(settings)


@app.command("migrate")
def run_migrate() -> None:
    """Bring the database's roles and schema up to date."""
    with checked_servers("tenants.migrations") as settings:
        migrate(settings)
    say("The database is up to date.")


@app.command("reindex")
def run_reindex(
    channel: Annotated[str | None, typer.Argument(help="the channel's short name; without it, every channel")] = None,
) -> None:
    """Make the search index anew from the rows, while everything goes on."""
    with running_servers(load_settings()) as settings:
        migrate(settings)
        importlib.import_module("cli.reindex").reindex(settings, channel)


@app.command("invite")
def run_invite(
    email: Annotated[str, typer.Argument(help="whom to send the letter to")],
    name: Annotated[str, typer.Argument(help="what they are called")],
) -> None:
    """Invite somebody by mail: the letter's link makes an account, whatever SIGN_UP says."""
    with running_servers(load_settings()) as settings:
        migrate(settings)
        # Only this command needs the domain, whose statements take a third of a second to compile.
        importlib.import_module("cli.inviting").invite(settings, email, name)
    say(f"A letter to {email} is on its way, as soon as the installation runs.")


@app.command("demo")
def run_demo() -> None:
    """Make the demo world anew (needs GUILDHALL_DEMO=1)."""
    settings = load_settings()
    if not settings.demo:
        raise Stop("The demo world exists only in demo mode: set GUILDHALL_DEMO=1.")
    with running_servers(settings) as addresses:
        migrate(addresses)
        seed(addresses)
    say("The demo world is there.")


@app.command("doctor")
def run_doctor() -> None:
    """Name each problem of this installation, and its cure."""
    settings = load_settings()
    # Only the doctor looks at the printer, whose libraries take half a second to load.
    importlib.import_module("cli.doctor").doctor(settings)


@app.command("drill")
def run_drill(
    seed: Annotated[int, typer.Option(help="the same seed, the same dice")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="faults whose names hold this; may be given again")] = None,
) -> None:
    """Break each part of a scratch installation while it works; print what people saw and what was lost or doubled."""
    importlib.import_module("cli.drill.command").drill(seed, only or [])


@app.command("nginx")
def run_nginx(
    output: Annotated[Path, typer.Option(help="the folder to write guildhall.conf into")] = Path(),
    upstream: Annotated[str, typer.Option(help="host:port of the web processes; without it, BIND and PORT")] = "",
    certificates: Annotated[
        Path, typer.Option(help="a folder with HOST/fullchain.pem and HOST/privkey.pem for each host")
    ] = Path("/etc/guildhall/certificates"),
    cache: Annotated[Path, typer.Option(help="the folder for nginx's cache")] = Path("/var/cache/guildhall"),
    log: Annotated[Path, typer.Option(help="nginx's log of requests")] = Path("/var/log/nginx/guildhall.log"),
    challenges: Annotated[Path, typer.Option(help="certbot's webroot")] = Path("/var/www/html"),
    http: Annotated[int, typer.Option(help="the port that leads to https")] = 80,
    https: Annotated[int, typer.Option(help="the port of https")] = 443,
    ipv6: Annotated[bool, typer.Option(help="listen on IPv6 too")] = True,
) -> None:
    """Write the site of this installation for nginx."""
    settings = load_settings()
    # It speaks the application's own words, which take half a second to load.
    site = importlib.import_module("cli.nginx")
    front = site.Front(upstream, certificates, cache, log, challenges, http, https, ipv6)
    say(f"Written: {site.write(settings, front, output)}. Check it with `nginx -t`.")


@app.command("isolation")
def run_isolation() -> None:
    """Prove that no channel sees another: read the live database, attack a scratch one beside it."""
    with running_servers(load_settings()) as settings:
        # It loads the whole house, to look at every statement in it.
        importlib.import_module("cli.isolation.proofs").isolate(settings)


if __name__ == "__main__":
    main()
