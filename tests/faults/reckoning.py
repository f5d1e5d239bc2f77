"""The reckoning: what each client has on its screen, against what PostgreSQL holds."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.faults.member import Member

ROWS = "select id, client_id, seq, body, deleted_at is not null from messages where room_id = $1 order by seq"
Row = tuple[str, str, int, str, bool]


@dataclass(slots=True)
class Count:
    """Messages that are missing, there twice, misplaced or shown with old words, and clients that do not move."""

    lost: int = 0
    doubled: int = 0
    misplaced: int = 0
    stale: int = 0
    stuck: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.misplaced or self.stale or self.stuck)

    def __iadd__(self, other: "Count") -> "Count":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


async def truth(database_url: str, rooms: Iterable[str]) -> dict[str, list[Row]]:
    """What each room holds, past every tap."""
    connection = await asyncpg.connect(database_url, timeout=30)
    try:
        return {room: [_plain(row) for row in await connection.fetch(ROWS, room)] for room in rooms}
    finally:
        await connection.close()


def reckon(members: Sequence[Member], held: dict[str, list[Row]]) -> Count:
    """Every screen against the rooms, and every acknowledgement against the rows."""
    total = Count()
    there = {client_id for rows in held.values() for _, client_id, *_ in rows}
    for rows in held.values():
        total.misplaced += [seq for _, _, seq, _, _ in rows] != list(range(1, len(rows) + 1))
    for member in members:
        total.lost += len(set(member.posted) - there)
        total.stuck += member.busy or bool(member.sent_away) or len(member.open) < len(member.rooms)
        for room, wire in member.open.items():
            total += compare(wire.screen.rows, held[room])
    return total


def compare(shown: Sequence[dict[str, Any]], rows: Sequence[Row]) -> Count:
    """One screen against its room: from its first row on it must be the room's, to the end."""
    seqs = [row["seq"] for row in shown]
    expected = rows[seqs[0] - 1 :] if seqs else rows[:1]
    words = {seq: (id_, "" if gone else body, gone) for id_, _, seq, body, gone in rows}
    return Count(
        lost=len({row[2] for row in expected} - set(seqs)),
        doubled=len(seqs) - len(set(seqs)),
        misplaced=sum(later < earlier for earlier, later in itertools.pairwise(seqs)),
        stale=sum(words.get(row["seq"]) != (row["id"], row["body"], row["deleted"]) for row in shown),
    )


def told(members: Sequence[Member], held: dict[str, list[Row]]) -> list[str]:
    """What is wrong, client by client, in words."""
    words = []
    for member in members:
        for room in member.rooms:
            wire = member.open.get(room)
            if wire is None:
                words.append(f"{member.person.name}: the page of {room} is not open")
                continue
            count = compare(wire.screen.rows, held[room])
            waiting = [item.state for item in wire.outbox.items]
            if waiting or member.busy or member.sent_away or not count.clean:
                state = f"last {wire.sequence.last} of {len(held[room])}, outbox {waiting}, {wire.state}"
                words.append(f"{member.person.name}: {count}, {state}, {member.state}")
                words += [f"  {each}" for each in unlike(wire.screen.rows, held[room])]
    return words


def unlike(shown: Sequence[dict[str, Any]], rows: Sequence[Row]) -> list[str]:
    """The rows of a screen that differ from their room."""
    there = {seq: (id_, "" if gone else body, gone) for id_, _, seq, body, gone in rows}
    seen = {row["seq"]: (row["id"], row["body"], row["deleted"]) for row in shown}
    return [f"{seq}: {seen[seq]} is {there.get(seq)}" for seq in seen if seen[seq] != there.get(seq)]


def _plain(row: asyncpg.Record) -> Row:
    id_, client_id, seq, body, gone = row
    return str(id_), str(client_id), seq, body, gone
