"""`guildhall config`: what is set, as this process would understand it."""

import re
from typing import Any

import typer

from cli.console import say
from settings import Settings, load_settings

config = typer.Typer(no_args_is_help=True, help="The settings.")


@config.callback()
def describe() -> None:
    """The settings, from the environment and `.env`."""


@config.command("show")
def show() -> None:
    """Print every setting as it is in force; secrets are masked."""
    for name, value in shown(load_settings()).items():
        say(f"{name}={value}")


def shown(settings: Settings) -> dict[str, str]:
    """Every setting by its name, passwords and keys masked."""
    return {name.upper(): mask(getattr(settings, name)) for name in Settings.model_fields}


def mask(value: Any) -> str:
    """The value as text, without what must stay secret."""
    if isinstance(value, tuple):
        return ",".join(value)
    return re.sub(r"(?<=://)([^/@]*?):[^/@]*@", r"\1:***@", str(value))
