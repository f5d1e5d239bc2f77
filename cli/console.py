"""What the command says: steps with a tick and their time, and the table at the end."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """One line, as it is."""
    OUT.print(escape(sentence))


def complain(sentence: str) -> None:
    """One line about what went wrong, to stderr."""
    ERR.print(f"[red]✘[/red] {escape(sentence)}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say the step once it is done, with the seconds it took; a step that fails is not said."""
    start = time.perf_counter()
    yield
    OUT.print(f"[green]✔[/green] {escape(name)} [dim]{time.perf_counter() - start:.1f} s[/dim]")


def show_table(rows: Sequence[tuple[str, str]]) -> None:
    """Two columns, what and where."""
    table = Table(show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    OUT.print(table)
