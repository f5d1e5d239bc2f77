"""Watchers: in a room too large to name everyone, the sockets that follow some members, and whom they follow."""

from collections import defaultdict
from collections.abc import Collection, Iterable


class Watchers:
    """The watchers of this process; a socket follows people in one room at a time, the one that is on its screen."""

    def __init__(self) -> None:
        self._following: dict[str, tuple[str, frozenset[str]]] = {}
        self._followed: dict[tuple[str, str], set[str]] = defaultdict(set)

    def follow(self, sid: str, room_name: str, members: Collection[str]) -> None:
        """Have a socket told of these members of a room, and of no others any more."""
        self.forget(sid)
        self._following[sid] = (room_name, frozenset(members))
        for member in members:
            self._followed[room_name, member].add(sid)

    def forget(self, sid: str, room_name: str | None = None) -> None:
        """A socket follows nobody any more, or nobody in a room."""
        followed, members = self._following.get(sid, ("", frozenset()))
        if followed and room_name in {None, followed}:
            del self._following[sid]
            for member in members:
                watching = self._followed[followed, member]
                watching.discard(sid)
                if not watching:
                    del self._followed[followed, member]

    def concerned(self, room_name: str, members: Iterable[str]) -> dict[str, set[str]]:
        """Of members of a room, whom each socket follows."""
        found: dict[str, set[str]] = defaultdict(set)
        for member in members:
            for sid in self._followed.get((room_name, member), ()):
                found[sid].add(member)
        return found
