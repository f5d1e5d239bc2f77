"""Twins: two channels of one shape, every table filled; one of them full of strings that nobody else may see.

A twin's texts carry its mark. Those of a key (slugs, codes) are baits, which an attacker may know and send; all
others are canaries, which no answer to the other twin may hold.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tenants.ids import new_id

HOSTED = "student at the channel's host"


@dataclass(slots=True)
class Twin:
    """A channel and all its rows: `mark` begins each of its texts, `tokens` sign its people in.

    The token HOSTED is a cookie's, of a student at the channel's own host.
    """

    mark: str
    channel_id: UUID = field(default_factory=new_id)
    people: list[UUID] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    unfilled: list[str] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The channel's slug."""
        return str(self.rows["channels"][0]["slug"])

    @property
    def host(self) -> str:
        """The channel's own host."""
        return str(self.rows["channels"][0]["host"])

    @property
    def at_host(self) -> dict[str, str]:
        """Headers of a browser that is signed in at the channel's own host."""
        return {"Host": self.host, "Cookie": f"guildhall={self.tokens[HOSTED]}"}

    def ids(self) -> list[str]:
        """Every id, slug and code in its rows: what an attacker could have learnt."""
        return sorted({value for rows in self.rows.values() for row in rows for value in _known(row, self.mark)})

    def baits(self) -> list[str]:
        """Those of its ids that are words, such as slugs."""
        return [value for value in self.ids() if not _is_uuid(value)]

    def uuids(self) -> list[str]:
        """Those of its ids that are UUIDs."""
        return [value for value in self.ids() if _is_uuid(value)]


def new_twin() -> Twin:
    """A twin with a mark that is in no other text of the database."""
    return Twin("zq" + secrets.token_hex(4))


def _known(row: dict[str, Any], mark: str) -> list[str]:
    return [
        value
        for name, value in row.items()
        if isinstance(value, str) and (_is_uuid(value) or value.startswith(f"{mark}-bait") or name == "code")
    ]


def _is_uuid(value: str) -> bool:
    return len(value) == 36 and value.count("-") == 4 and not value.startswith("zq")
