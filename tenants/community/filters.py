"""Filters: what a channel does not let through as it comes, in which order, and from whom.

Each looks for one kind of thing, and holds what it finds for moderators, refuses it, or lets it pass and flags it.
Which version of them stands comes with the room's row (`sanctions.restrained`), so that a channel without any pays
nothing, and one with some reads them once.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Integer, Uuid, select

from tenants.community.catching import Phrases, Seen, leads_to
from tenants.errors import Said
from tenants.ids import ChannelId
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, instant, owned, refers, text

KINDS = ("words", "links", "newcomers", "repeats")
ACTIONS = ("hold", "refuse", "flag")
MOST = 50
MOST_KNOWN = 500
REMEMBERED = timedelta(days=1)

FILTERS = owned(
    "filters",
    text("name"),
    text("kind"),
    Column("rule", Json, nullable=False),
    text("action"),
    Column("enabled", Boolean, nullable=False, server_default="false"),
    Column("position", Integer, nullable=False, server_default="0"),
    # How long one has to be a member for this to look away.
    Column("exempt_days", Integer),
    Column("exempt_enrolled", Boolean, nullable=False, server_default="false"),
    instant("created_at", now=True),
)
CATCHES = owned(
    "filter_catches",
    Column("filter_id", Uuid),
    # As it was called then.
    text("name"),
    text("action"),
    Column("member_id", Uuid, nullable=False),
    Column("room_id", Uuid, nullable=False),
    # None for what was refused.
    Column("message_id", Uuid),
    Column("case_id", Uuid),
    instant("at", now=True),
    refers("filter_id", "filters", on_delete="SET NULL (filter_id)"),
    refers("member_id", "members"),
    refers("room_id", "rooms"),
    refers("message_id", "messages"),
    refers("case_id", "moderation_cases"),
)
_F = FILTERS.c
FACTS = (_F.id, _F.name, _F.kind, _F.rule, _F.action, _F.enabled, _F.position, _F.exempt_days, _F.exempt_enrolled)
_ORDER = (_F.position, _F.id)
_STANDING = scoped(select(*FACTS).where(_F.enabled).order_by(*_ORDER).limit(MOST))
SENTENCES = {
    "words": "This holds words that are not said here. Put it in others.",
    "links": "Links like this are not posted here. Leave it out.",
    "newcomers": "New members write less here: at most %(per_hour)s messages an hour.",
    "linking": "New members write less here: at most %(per_hour)s messages an hour, of at most %(links)s links each.",
    "repeats": "You have said this already. Once is enough.",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: since when a member, whether a student of a course, and how much they have said, up to 1000."""

    joined_at: datetime
    enrolled: bool
    said: int


@dataclass(frozen=True, slots=True)
class Trace:
    """That the writer wrote something within the last day: when, and the mark of the text."""

    at: datetime
    mark: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A message before filters: its text, who writes, what they wrote before it (newest first), and when it comes.

    `fresh` is false for an edit, which is no message more.
    """

    seen: Seen
    writer: Writer
    before: Sequence[Trace] | deque[Trace]
    at: datetime
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter made ready: what it catches, and what is done with that."""

    id: UUID | None
    name: str
    kind: str
    rule: Mapping[str, Any]
    action: str
    exempt_days: int | None = None
    exempt_enrolled: bool = False
    phrases: Phrases = field(default_factory=lambda: Phrases.of(()))

    @classmethod
    def of(cls, row: Record | Mapping[str, Any]) -> "Filter":
        """Of its row, or of a draft of one."""
        names = ("id", "name", "kind", "rule", "action", "exempt_days", "exempt_enrolled")
        facts = {name: row[name] for name in names}
        return cls(**facts, phrases=Phrases.of(row["rule"].get("words", ())))

    @property
    def remembers(self) -> bool:
        """Whether it looks at what the writer wrote before."""
        return self.kind in {"newcomers", "repeats"}

    def looks_away(self, writer: Writer, now: datetime) -> bool:
        """Whether this writer is exempt."""
        known = self.exempt_days is not None and writer.joined_at <= now - timedelta(days=self.exempt_days)
        return known or (self.exempt_enrolled and writer.enrolled)

    def catches(self, sent: Sent) -> bool:
        """Whether it catches a message."""
        return not self.looks_away(sent.writer, sent.at) and _CATCHES[self.kind](self, sent)

    def sentence(self) -> str:
        """What the writer of a refused message is told."""
        kind = "linking" if self.rule.get("links") is not None else self.kind
        return Said(SENTENCES[kind], per_hour=self.rule.get("per_hour"), links=self.rule.get("links"))


def is_new(rule: Mapping[str, Any], writer: Writer, at: datetime) -> bool:
    """Whether somebody is new by a rule's `days` of membership or number of `messages`."""
    return writer.joined_at > at - timedelta(days=rule.get("days", 0)) or writer.said < rule.get("messages", 0)


def _has_words(one: Filter, sent: Sent) -> bool:
    return one.phrases.within(sent.seen)


def _has_links(one: Filter, sent: Sent) -> bool:
    domains, mode, linked = one.rule.get("domains", ()), one.rule["mode"], sent.seen.linked
    if mode == "deny":
        return any(leads_to(host, domains) for host in (*linked, *sent.seen.named))
    if mode == "new" and not is_new(one.rule, sent.writer, sent.at):
        return False
    return any(not leads_to(host, domains) for host in linked)


def _is_much(one: Filter, sent: Sent) -> bool:
    if not is_new(one.rule, sent.writer, sent.at):
        return False
    links = one.rule.get("links")
    if links is not None and len(sent.seen.linked) > links:
        return True
    since, most = sent.at - timedelta(hours=1), one.rule["per_hour"]
    within = takewhile(lambda each: each.at > since, islice(sent.before, most))
    return sent.fresh and sum(1 for _ in within) >= int(most)


def _is_repeated(one: Filter, sent: Sent) -> bool:
    since, mark = sent.at - timedelta(minutes=one.rule["minutes"]), sent.seen.mark
    within = takewhile(lambda each: each.at > since, sent.before)
    # What is said by files alone has no words that could be said again.
    return bool(sent.seen.loose) and 1 + sum(each.mark == mark for each in within) >= int(one.rule["times"])


_CATCHES: dict[str, Callable[[Filter, Sent], bool]] = {
    "words": _has_words,
    "links": _has_links,
    "newcomers": _is_much,
    "repeats": _is_repeated,
}
_KNOWN: dict[ChannelId, tuple[str, tuple[Filter, ...]]] = {}


async def standing(scope: Scope, version: str) -> tuple[Filter, ...]:
    """The channel's filters that are on, in their order, of the version that came with the room's row."""
    known = _KNOWN.get(scope.channel_id)
    if known is None or known[0] != version:
        known = version, tuple(Filter.of(row) for row in await scope.all(_STANDING))
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[scope.channel_id] = known
    return known[1]
