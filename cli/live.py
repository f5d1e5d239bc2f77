"""`guildhall live`: connections between a channel and the providers of its live classes."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

import typer

from cli.console import say, show_table
from cli.servers import running_servers
from cli.stop import Stop
from cli.up import migrate
from providers.live import choose
from settings import Settings, load_settings
from tenants import directory, links
from tenants.errors import Refusal
from tenants.live import connections
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.sealing import Seals

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
    secret = choose(provider).make_secret()
    with running_servers(load_settings()) as settings:
        migrate(settings)
        try:
            connection_id = asyncio.run(_connect(settings, channel, provider, name, secret))
        except Refusal as refusal:
            raise Stop(refusal.message) from None
    url = links.absolute(settings.base_url, links.live_webhook(connection_id))
    show_table([("Webhook URL", url), ("Secret", secret)])
    say("Give both to the provider now: the secret is not shown again.")


async def _connect(settings: Settings, slug: str, provider: str, name: str, secret: str) -> UUID:
    tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"))
    seals = Seals(settings.secret_key.get_secret_value().encode())
    try:
        channel = await directory.channel_at(tenancy, slug=slug)
        async with tenancy.scope(channel.id, acting_system("live connect")) as scope:
            row = await connections.add(scope, seals, name=name, provider=provider, secret=secret)
    finally:
        await tenancy.close()
    return UUID(str(row["id"]))
