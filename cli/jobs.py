"""`guildhall jobs`: what waits, what failed and why, and doing it again."""

import importlib
from typing import Annotated
from uuid import UUID

import typer

from cli.console import say, show_table
from cli.servers import running_servers
from cli.stop import Stop
from cli.up import migrate
from settings import load_settings

ROWS = "cli.job_rows"

jobs = typer.Typer(no_args_is_help=True, help="The jobs that workers do.")
JobId = Annotated[UUID, typer.Argument(help="the id that `guildhall jobs list` shows")]


@jobs.callback()
def describe() -> None:
    """What waits, what failed and why."""


@jobs.command("list")
def show_list() -> None:
    """How each queue stands, and the jobs that were given up, newest first."""
    with running_servers(load_settings()) as settings:
        migrate(settings)
        # Only these commands need the domain, whose statements take a third of a second to compile.
        queues, failed = importlib.import_module(ROWS).overview(settings)
    show_table(queues)
    show_table(failed) if failed else say("No job has failed.")


@jobs.command("show")
def show_one(job_id: JobId) -> None:
    """All that is known of one job."""
    with running_servers(load_settings()) as settings:
        migrate(settings)
        facts = importlib.import_module(ROWS).facts(settings, job_id)
    if not facts:
        raise Stop("There is no such job: it was done, or never asked for. See `guildhall jobs list`.")
    show_table(facts)


@jobs.command("run-again")
def run_again(job_id: JobId) -> None:
    """Have a failed job done after all; the steward sends it within a second."""
    with running_servers(load_settings()) as settings:
        migrate(settings)
        if not importlib.import_module(ROWS).run_again(settings, job_id):
            raise Stop("No failed job has this id. See `guildhall jobs list`.")
    say("It is waiting again.")
