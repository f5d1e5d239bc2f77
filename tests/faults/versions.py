"""Which words of a message are the last ones, at a client: the rules of `versions.ts`."""

from datetime import datetime
from typing import Any

Message = dict[str, Any]


class Versions:
    """Knows the newest edit of each message and those that are gone, in whatever order it hears of them."""

    def __init__(self) -> None:
        self._edited: dict[str, Message] = {}
        self._gone: set[str] = set()

    def latest(self, message: Message) -> Message:
        """The message as it was last heard of: what is given, or newer words that came before it."""
        known = self._edited.get(message["id"])
        latest = known if known and _since(known) > _since(message) else message
        if latest["edited_at"]:
            self._edited[message["id"]] = latest
        if latest["deleted"]:
            self.deleted(message["id"])
        return emptied(latest) if message["id"] in self._gone else latest

    def deleted(self, message_id: str) -> None:
        """The message was deleted: no words come back."""
        self._gone.add(message_id)


def emptied(message: Message) -> Message:
    """A message as it is once it was deleted."""
    return message | {"body": "", "html": "", "deleted": True}


def _since(message: Message) -> float:
    return datetime.fromisoformat(message["edited_at"]).timestamp() if message["edited_at"] else 0.0
