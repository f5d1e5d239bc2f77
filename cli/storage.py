"""`guildhall storage`: a bucket made ready for browsers, and a pass for programs that use Google's own client."""

import importlib
from typing import Annotated

import typer

from cli.console import say, show_table
from cli.servers import running_servers
from settings import load_settings

storage = typer.Typer(no_args_is_help=True, help="Where files are kept.")


@storage.callback()
def describe() -> None:
    """Where files are kept."""


@storage.command("prepare")
def prepare() -> None:
    """Set what the bucket needs: CORS for our pages, an end to broken-off uploads, no public access."""
    # Only this command needs the store's libraries.
    for line in importlib.import_module("cli.preparing").prepare(load_settings()):
        say(line)


@storage.command("pass")
def make_pass(
    channel: Annotated[str, typer.Argument(help="the channel's short name, as in /c/NAME")],
    hours: Annotated[int, typer.Option(help="how long it is good for", min=1, max=168)] = 1,
) -> None:
    """Print what a program needs to reach the files of one channel by Google's own client."""
    with running_servers(load_settings()) as settings:
        # Only this command needs the domain, whose statements take a third of a second to compile.
        made = importlib.import_module("cli.passing").make_pass(settings, channel, hours)
    show_table([("Endpoint", made.endpoint), ("Bucket", made.bucket), ("Names begin", made.prefix)])
    say(made.token)
