"""`guildhall storage`: the bucket of this installation, made ready for browsers."""

import importlib

import typer

from cli.console import say
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
