"""Messages that travel ahead of a statement, in PostgreSQL's extended query protocol.

They name statements prepared on each connection, carry text only, and end without a Sync: the statement behind them
brings it. None yields a row, for rows that arrive belong to that statement. An error in one skips all that follows up
to the Sync, so nothing runs outside of the transaction or without the setting that was sent ahead of it.
Source: PostgreSQL documentation, "Message Flow", "Pipelining" and "Message Formats".
"""

from struct import pack
from uuid import UUID

BEGIN, COMMIT, OWN, READ = "guildhall_begin", "guildhall_commit", "guildhall_own", "guildhall_read"
# `concat` is never null: each setting is made, and no row comes back. For `OWN` and `READ`: the setting, its value.
PREPARED = {
    BEGIN: "BEGIN",
    COMMIT: "COMMIT",
    OWN: "select where concat(set_config($1, $2, true)) is null",
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


def begun(setting: str, owner: UUID) -> bytes:
    """A transaction's beginning: what it may see follows from `owner`, until it ends."""
    return _BEGIN + owning(setting, owner)


def owning(setting: str, owner: UUID) -> bytes:
    """`owner` added to what the running transaction may see."""
    return _with_owner(_OWN, setting, owner)


def reading(setting: str, owner: UUID) -> bytes:
    """The same for one statement that only reads, in the transaction that PostgreSQL makes of it and this."""
    return _with_owner(_READ, setting, owner)


def _with_owner(templates: dict[str, bytes], setting: str, owner: UUID) -> bytes:
    return templates[setting].replace(_ANYONE, str(owner).encode(), 1)


_ANYONE = b"00000000-0000-0000-0000-000000000000"
_BEGIN = executing(BEGIN)
_OWN, _READ = (
    {each: executing(name, f"app.{each}", _ANYONE.decode()) for each in ("channel_id", "person_id")}
    for name in (OWN, READ)
)
