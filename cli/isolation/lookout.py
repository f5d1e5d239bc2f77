"""The lookout: finds in an answer what belongs to the other twin, was not said by the attacker and is not public."""

import re
from collections.abc import Iterator

from cli.isolation.twins import Twin

# What a channel shows to everybody at its own address: its landing page and the outline of what it teaches.
PUBLIC_TABLES = ("channels", "courses", "sections", "batches", "lessons")
TEACHING = ("owner", "teacher")
MEMBERS_ONLY = frozenset({"body", "html", "embed_url", "file_id"})
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[-\d]*$")


class Lookout:
    """Knows every id of the other twin and the mark of each of its texts."""

    def __init__(self, other: Twin) -> None:
        self._ids = frozenset(other.uuids())
        self._baits = frozenset(other.baits())
        self._mark = re.compile(rf"{other.mark}-[-a-z0-9]+")
        self._public = {piece for text in _public(other) for piece in self._pieces(text)}
        self._heard: set[str] = set()

    def seen(self, answer: str, said: str, *, at_home: bool = False, as_text: bool = False) -> str:
        """One piece of the other's rows in the answer that was not said; `at_home` what is public there is passed.

        `as_text`: what was said may now stand in the attacker's own rows as a name, and be shown again. So may every
        bait that was ever said, shortened and numbered as slugs are.
        """
        told = self._pieces(said)
        self._heard |= {_stem(piece) for piece in told if as_text or "-bait-" in piece}
        found = self._pieces(answer) - told - (self._public if at_home else set())
        return min((piece for piece in found if _stem(piece) not in self._heard), default="")

    def _pieces(self, text: str) -> set[str]:
        """Canaries, baits that are in the other's rows, and ids."""
        marked = {piece for piece in self._mark.findall(text) if "-bait-" not in piece or piece in self._baits}
        return marked | ({one.lower() for one in _UUID.findall(text)} & self._ids)


def _stem(piece: str) -> str:
    """A bait without its number; an id as it is."""
    return _NUMBER.sub("", piece) if "-bait-" in piece else piece


def _public(other: Twin) -> Iterator[str]:
    for table in PUBLIC_TABLES:
        for row in other.rows[table]:
            yield from (str(value) for name, value in row.items() if name not in MEMBERS_ONLY)
    for member in other.rows["members"]:
        if member["role"] in TEACHING:
            yield from (str(member["id"]), str(member["name"]))
