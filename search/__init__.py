"""THE READ MODEL: rows become documents, documents answer searches; the rows stay the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from tenants.scope import Scope

KINDS = ("course", "lesson", "message")
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Document:
    """What can be found: plain text of one row, and for whom (`public`, `room:{id}`, `course:{id}`).

    `parent_id` is the course of a lesson or the room of a message, `place` its slug, `seq` the message's number.
    """

    id: UUID
    kind: str
    visibility: str
    place: str
    title: str
    body: str
    parent_id: UUID | None = None
    seq: int = 0


# A run of messages by the numbers under which the embedded engine keeps them: above the first, up to the second. It is
# ranked for itself; the newest, where the third is true, holds courses and lessons too.
Stretch = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of hits begins: after this hit; `near` pages hold what only resembles the words.

    `degraded` is the place in an answer of the embedded engine while the chosen one was away, `stretch` the stretch of
    the hit there: what is said after the first page was asked for is on none of the next.
    """

    score: float
    id: UUID
    near: bool = False
    degraded: bool = False
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: words and phrases already folded, kinds, what the asker may see, and which page.

    What has one of `without` is left out: a word as it is written or with other endings, a phrase as it is written.
    """

    phrases: tuple[tuple[str, ...], ...]
    prefix: str
    kinds: tuple[str, ...]
    seen: tuple[str, ...]
    limit: int
    after: Place | None = None
    without: tuple[tuple[str, ...], ...] = ()

    @property
    def exactly(self) -> bool:
        """Whether what only resembles the words is no answer: a phrase is asked for, or something is left out."""
        return bool(self.without) or any(len(phrase) > 1 for phrase in self.phrases)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word, the unfinished last one included."""
        whole = tuple(word for phrase in self.phrases for word in phrase)
        return (*whole, self.prefix) if self.prefix else whole


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that answers, or, when `near`, only resembles the words; `body` is the beginning of its text."""

    id: UUID
    kind: str
    parent_id: UUID | None
    place: str
    seq: int
    title: str
    body: str
    score: float
    near: bool
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of hits; `degraded` when the embedded engine answered, for the chosen one is away."""

    hits: list[Hit]
    degraded: bool = False


class SearchEngine(Protocol):
    """Keeps documents per channel and finds them; every method works in the channel of the scope, and no other."""

    async def index(self, scope: Scope, documents: Sequence[Document]) -> None:
        """Add the documents, each in the place of an earlier one with its id."""

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        """Take documents out, whether they are there or not."""

    async def under(self, scope: Scope, parent_id: UUID) -> list[UUID]:
        """The documents of a parent."""

    async def listed(self, scope: Scope, after: UUID | None, most: int) -> list[tuple[str, UUID]]:
        """Kind and id of up to `most` documents in the order of ids, after one of them."""

    async def search(self, scope: Scope, question: Question) -> Answer:
        """The best hits first, the next page after `question.after`; Unavailable when it takes too long.

        The embedded engine ranks a word of many messages by stretches, the newest first: decision 0029.
        """

    async def probe(self) -> None:
        """Pass when searches are answered by the engine that was chosen; the error's sentence names the setting."""

    async def close(self) -> None:
        """Let go of every connection."""


def choose(elasticsearch_url: str = "", deployment: str = "guildhall") -> SearchEngine:
    """The engine that the setting names: PostgreSQL when it is empty; `deployment` names the indexes elsewhere."""
    from search.postgres import PostgresSearch  # noqa: PLC0415 - the engine needs the words of this module

    if not elasticsearch_url:
        return PostgresSearch()
    from search.elastic import ElasticSearch  # noqa: PLC0415 - half a second to load, for those who use it
    from search.followed import FollowedSearch  # noqa: PLC0415

    return FollowedSearch(PostgresSearch(), ElasticSearch(elasticsearch_url, deployment))
