"""`guildhall live`: connections between a channel and the providers of its live classes."""

import importlib
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.console import say, show_table
from cli.servers import running_servers
from cli.stop import Stop
from cli.up import migrate
from settings import load_settings

live = typer.Typer(no_args_is_help=True, help="Live classes.")
Kind = Literal["livekit", "zoom", "bigbluebutton", "link", "generic"]
LONGEST_FILE = 64 * 1024


@live.callback()
def describe() -> None:
    """Connections to the providers of live classes."""


@live.command("connect")
def connect(
    channel: Annotated[str, typer.Argument(help="the channel's short name, as in /c/NAME")],
    provider: Annotated[Kind, typer.Option(help="which kind of provider")] = "generic",
    name: Annotated[str, typer.Option(help="how the studio calls this connection")] = "Live classes",
    url: Annotated[str, typer.Option(help="server (livekit, bigbluebutton), meeting (link) or API (zoom)")] = "",
    key_id: Annotated[str, typer.Option(help="API key (livekit) or client id (zoom)")] = "",
    secret: Annotated[
        str, typer.Option(help="API, client, shared or webhook secret; @FILE keeps it off the screen")
    ] = "",
    account_id: Annotated[str, typer.Option(help="account id (zoom)")] = "",
    webhook_secret: Annotated[str, typer.Option(help="secret token of the event subscription (zoom)")] = "",
    host: Annotated[str, typer.Option(help="e-mail of the user who holds the classes (zoom)")] = "",
    page_url: Annotated[str, typer.Option(help="page that opens the class (livekit)")] = "",
    recordings: Annotated[str, typer.Option(help="bucket or own (livekit)")] = "",
    bucket: Annotated[str, typer.Option(help="Google Cloud bucket for recordings (livekit)")] = "",
    bucket_key: Annotated[str, typer.Option(help="JSON key of that bucket's account, best as @FILE (livekit)")] = "",
    checksum: Annotated[str, typer.Option(help="sha256 or sha1 (bigbluebutton)")] = "",
    check: Annotated[bool, typer.Option("--check", help="ask the provider at once whether it takes them")] = False,
) -> None:
    """Connect a channel to a provider: prints where it posts its webhooks and, if we made one, their secret, once."""
    given = {
        "url": url, "key_id": key_id, "secret": secret, "account_id": account_id, "webhook_secret": webhook_secret,
        "host": host, "page_url": page_url, "recordings": recordings, "bucket": bucket, "bucket_key": bucket_key,
        "checksum": checksum,
    }  # fmt: skip
    credentials = {field: read_value(value) for field, value in given.items() if value}
    with running_servers(load_settings()) as settings:
        migrate(settings)
        # Only this command needs the domain, whose statements take a third of a second to compile.
        made = importlib.import_module("cli.connecting").connect(
            settings, channel, provider, name, credentials, check=check
        )
    show_table([row for row in (("Webhook URL", made.url), ("Secret", made.secret), ("Check", made.said)) if row[1]])
    if made.secret:
        say("Give both to the provider now: the secret is not shown again.")
    elif made.url:
        say("Give this address to the provider as its webhook.")


def read_value(stated: str) -> str:
    """An option's value, or for `@FILE` what the file holds; Stop when it cannot be read."""
    if not stated.startswith("@"):
        return stated
    try:
        with Path(stated[1:]).open(encoding="utf-8") as file:
            return file.read(LONGEST_FILE).strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Stop(f"Cannot read {stated[1:]}: name a text file that this user may read.") from wrong
