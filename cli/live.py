"""`guildhall live`: connections between a channel and the providers of its live classes."""

import importlib
from typing import Annotated, Literal

import typer

from cli.console import say, show_table
from cli.servers import running_servers
from cli.up import migrate
from settings import load_settings

live = typer.Typer(no_args_is_help=True, help="Live classes.")


@live.callback()
def describe() -> None:
    """Connections to the providers of live classes."""


@live.command("connect")
def connect(
    channel: Annotated[str, typer.Argument(help="the channel's short name, as in /c/NAME")],
    provider: Annotated[Literal["generic"], typer.Option(help="which kind of provider")] = "generic",
    name: Annotated[str, typer.Option(help="how the studio calls this connection")] = "Live classes",
) -> None:
    """Connect a channel to a provider: prints where it posts its webhooks, and their secret, once."""
    with running_servers(load_settings()) as settings:
        migrate(settings)
        # Only this command needs the domain, whose statements take a third of a second to compile.
        made = importlib.import_module("cli.connecting").connect(settings, channel, provider, name)
    show_table([("Webhook URL", made.url), ("Secret", made.secret)])
    say("Give both to the provider now: the secret is not shown again.")
