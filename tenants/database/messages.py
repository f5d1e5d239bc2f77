"""Messages that travel ahead of a statement, in PostgreSQL's extended query protocol.

They name statements prepared on each connection, carry text only, and end without a Sync: the statement behind them
brings it. None yields a row, for rows that arrive belong to that statement. An error in one skips all that follows up
to the Sync, so nothing runs outside of the transaction or without the setting that was sent ahead of it.
Source: PostgreSQL documentation, "Message Flow", "Pipelining" and "Message Formats".
"""

from struct import pack
from uuid import UUID

BEGIN, COMMIT, SET, READ = "guildhall_begin", "guildhall_commit", "guildhall_set", "guildhall_read"
# `concat` is never null: each setting is made, and no row comes back. For `SET` and `READ`: a setting, its value.
PREPARED = {
    BEGIN: "BEGIN",
    COMMIT: "COMMIT",
    SET: "select where concat(set_config($1, $2, true)) is null",
    READ: "select where concat(set_config('transaction_read_only', 'on', true), set_config($1, $2, true)) is null",
}
_EXECUTE = b"E" + pack("!i", 9) + b"\0" + pack("!i", 0)


def executing(name: str, *arguments: str) -> bytes:
    """Bind and Execute of a prepared statement with arguments as text."""
    values = [argument.encode() for argument in arguments]
    body = b"\0%s\0%s%s%s%s" % (
        name.encode(),
        pack("!h", 0),
        pack("!h", len(values)),
        b"".join(pack("!i", len(value)) + value for value in values),
        pack("!h", 0),
    )
    return b"B" + pack("!i", len(body) + 4) + body + _EXECUTE


def beginning(kind: str, owner: UUID) -> bytes:
    """A transaction's beginning: until it ends it sees what belongs to `owner`, a `channel_id` or a `person_id`."""
    return _BEGIN + _owned(_SET, kind, owner)


def setting(name: str, value: str) -> bytes:
    """A setting of PostgreSQL, until the running transaction ends."""
    return executing(SET, name, value)


def reading(kind: str, owner: UUID) -> bytes:
    """The same for one statement that only reads, in the transaction that PostgreSQL makes of it and this."""
    return _owned(_READ, kind, owner)


def _owned(templates: dict[str, bytes], kind: str, owner: UUID) -> bytes:
    return templates[kind].replace(_ANYONE, str(owner).encode(), 1)


_ANYONE = b"00000000-0000-0000-0000-000000000000"
_BEGIN = executing(BEGIN)
_SET, _READ = (
    {each: executing(name, f"app.{each}", _ANYONE.decode()) for each in ("channel_id", "person_id")}
    for name in (SET, READ)
)
