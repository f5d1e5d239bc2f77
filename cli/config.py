"""`guildhall config`: what is set, as this process would understand it."""

import typer

from cli.console import say
from settings import load_settings, shown

config = typer.Typer(no_args_is_help=True, help="The settings.")


@config.callback()
def describe() -> None:
    """The settings, from the environment and `.env`."""


@config.command("show")
def show() -> None:
    """Print every setting as it is in force; secrets are masked."""
    for name, value in shown(load_settings()).items():
        say(f"{name}={value}")
