"""The sandbox's books: accounts, checkouts, refunds and webhooks to be delivered, in one SQLite file.

Any number of processes may open it; each change is one transaction that waits for its turn.
"""

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 10.0
SCHEMA = """
create table if not exists accounts (
  id text primary key, channel_id text not null, name text not null, email text not null, country text not null,
  ready integer not null default 0
);
create table if not exists checkouts (
  id text primary key, account text not null references accounts (id), channel_id text not null,
  order_id text not null, title text not null, amount integer not null, currency text not null, fee integer not null,
  email text not null, success_url text not null, cancel_url text not null, expires_at real not null,
  state text not null default 'open', payment_id text unique, settles_at real, settles_as text
);
create table if not exists refunds (
  key text primary key, checkout_id text not null references checkouts (id), amount integer not null
);
create table if not exists deliveries (
  id text primary key, body text not null, due_at real not null, tries integer not null default 0
);
create index if not exists deliveries_due on deliveries (due_at);
create index if not exists checkouts_settling on checkouts (settles_at) where settles_at is not null;
"""


@dataclass(frozen=True, slots=True)
class Books:
    """The file; made with its folder when it is first opened."""

    path: Path

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """One transaction that may write: committed at the end, rolled back on any error."""
        if not self.path.exists():
            _make(self.path)
        book = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, isolation_level=None)
        book.row_factory = sqlite3.Row
        try:
            book.execute("pragma synchronous = full")
            book.execute("pragma foreign_keys = on")
            book.execute("begin immediate")
            yield book
            book.execute("commit")
        except BaseException:
            if book.in_transaction:
                book.execute("rollback")
            raise
        finally:
            book.close()


def _make(path: Path) -> None:
    """Make the file beside its place and put it there whole: of several who do so at once the first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with closing(sqlite3.connect(aside, isolation_level=None)) as book:
        book.execute("pragma journal_mode = wal")
        book.executescript(SCHEMA)
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def insert(book: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> bool:
    """Write a row unless its key is taken; whether it is new. Names come from the code, values from anywhere."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    done = book.execute(
        f"insert into {table} ({names}) values ({marks}) on conflict do nothing",  # noqa: S608
        tuple(row.values()),
    )
    return done.rowcount == 1
