"""Query: a search in one channel as one actor; what the actor may not open is not found either."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from search import KINDS, PUBLIC, Hit, Place, Question, SearchEngine, documents
from search.marks import Marker
from search.words import split
from tenants import links
from tenants.community import direct, rooms
from tenants.community.message_table import MESSAGES
from tenants.community.messages import SIGNED
from tenants.courses import courses, enrollments
from tenants.courses.courses import COURSES
from tenants.errors import Invalid
from tenants.members.members import MEMBERS
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped

LONGEST = 200
MOST_WORDS = 12
MOST_HITS = 100

# A minus counts where a word or a phrase begins: in `foo-bar` it is none.
_PARTS = re.compile('(?:(?<!\\S)(-))?(?:"([^"]*)"?|([^"\\s]+))')
_WRITTEN = scoped(
    select(MESSAGES.c.id, MESSAGES.c.created_at, *SIGNED)
    .join_from(MESSAGES, MEMBERS)
    .where(
        MESSAGES.c.id == func.any(bindparam("messages", type_=ARRAY(Uuid))),
        MESSAGES.c.deleted_at.is_(None),
        MESSAGES.c.hidden_at.is_(None),
    )
)
_PUBLISHED = scoped(select(COURSES.c.id).where(COURSES.c.state == "published"))


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as it is shown: `title` is plain text, `snippet` is HTML with nothing in it but `<mark>`.

    Of a message, `written` is who wrote it and when, named as in `messages.SHOWN`.
    """

    hit: Hit
    title: str
    snippet: str
    written: Record | None = None

    def url(self, slug: str) -> str:
        """The page of the hit in the channel `slug`."""
        if self.hit.kind == "course":
            return links.course(slug, self.hit.place)
        if self.hit.kind == "lesson":
            return links.lesson(slug, self.hit.place, self.hit.id)
        # A page of the room ends a little after the message, wherever in the talk it stands.
        return links.message(slug, self.hit.place, self.hit.seq)


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, and where the next one begins; `degraded` when the chosen engine is away."""

    items: list[Found]
    next: Place | None
    degraded: bool = False


async def search(
    scope: Scope, engine: SearchEngine, text: str, kind: str | None = None, limit: int = 20, after: Place | None = None
) -> Results:
    """What the actor may see that has the words of `text`; `"two words"` is a phrase, the last word may be begun.

    A minus before a word or a phrase leaves out what has it; something has to be looked for besides.

    Visitors and people who are no members find what is public. Raises Invalid, Forbidden for the banned, and
    Unavailable when it takes too long.
    """
    kinds = _kinds(kind)
    phrases, prefix = parse(text)
    if not phrases and not prefix:
        return Results([], None)
    limit = max(1, min(limit, MOST_HITS))
    seen, names = await _seen(scope)
    question = Question(phrases, prefix, kinds, seen, limit + 1, after, unwanted(text))
    answer = await engine.search(scope, question)
    hits = answer.hits
    marker = Marker(question.words, question.prefix)
    written = await _written(scope, hits[:limit])
    # An index learns a moment later than the database what has no words any more.
    shown = [hit for hit in hits[:limit] if hit.kind != "message" or hit.id in written]
    items = [_found(hit, marker, names, written) for hit in shown]
    last = hits[limit - 1] if len(hits) > limit else None
    return Results(items, _next(last, degraded=answer.degraded) if last else None, answer.degraded)


def parse(text: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Phrases of folded words, and the last word if it may go on; Invalid for a text that is too long."""
    if len(text) > LONGEST:
        raise Invalid.field("/q", "too_long", f"Search for at most {LONGEST} characters.")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Invalid.field("/q", "surrogate", "A text holds half a character (a lone surrogate). Send whole ones.")
    parts = _PARTS.findall(text)
    phrases = _phrases(parts, "")
    whole = _shortened(phrases)
    going_on = bool(parts) and not parts[-1][0] and text[-1:] not in {'"', " "} and text.count('"') % 2 == 0
    if whole and going_on and len(whole) == len(phrases):
        *before, last = whole
        return (*before, *((last[:-1],) if last[:-1] else ())), last[-1]
    return whole, ""


def unwanted(text: str) -> tuple[tuple[str, ...], ...]:
    """The folded words and phrases of a text that stand behind a minus."""
    return _shortened(_phrases(_PARTS.findall(text), "-"))


def _phrases(parts: Sequence[tuple[str, str, str]], sign: str) -> list[tuple[str, ...]]:
    """The folded words of those parts that stand behind a sign, or behind none."""
    return [words for minus, quoted, word in parts if minus == sign and (words := tuple(split(quoted or word)))]


def _shortened(phrases: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """At most MOST_WORDS words; what a person asks beyond that is not looked for."""
    kept: list[tuple[str, ...]] = []
    room = MOST_WORDS
    for phrase in phrases:
        if not room:
            break
        kept.append(phrase[:room])
        room -= len(kept[-1])
    return tuple(kept)


def _kinds(kind: str | None) -> tuple[str, ...]:
    if kind is None:
        return KINDS
    if kind not in KINDS:
        raise Invalid.field("/kind", "unknown", f"Search for one of: {', '.join(KINDS)}.")
    return (kind,)


async def _seen(scope: Scope) -> tuple[tuple[str, ...], dict[UUID, str]]:
    """The visibilities that the actor may see, and the names of their rooms."""
    if scope.actor.banned is not None:
        scope.require(Action.SEARCH)
    if not why(scope.actor, Action.SEARCH).allowed:
        return (PUBLIC,), {}
    within_sight = (*await rooms.seen(scope, archived=True), *await direct.mine(scope))
    names = {room["id"]: room["name"] for room in within_sight}
    opened = [documents.course(course_id) for course_id in await _courses(scope)]
    return (PUBLIC, *(documents.room(room_id) for room_id in names), *opened), names


async def _courses(scope: Scope) -> list[UUID]:
    """The courses whose lessons the actor may open."""
    if courses.may_edit(scope):
        return [row["id"] for row in await scope.all(_PUBLISHED)]
    return [row["course_id"] for row in await enrollments.mine(scope)]


async def _written(scope: Scope, hits: Sequence[Hit]) -> dict[UUID, Record]:
    """Who wrote the messages among the hits, and when; those that have their words."""
    found = [hit.id for hit in hits if hit.kind == "message"]
    return {row["id"]: row for row in await scope.all(_WRITTEN, messages=found)} if found else {}


def _found(hit: Hit, marker: Marker, names: dict[UUID, str], written: dict[UUID, Record]) -> Found:
    title = names.get(hit.parent_id, "") if hit.kind == "message" and hit.parent_id else hit.title
    return Found(hit, title, marker.snippet(hit.body), written.get(hit.id))


def _next(last: Hit, *, degraded: bool) -> Place:
    return Place(last.score, last.id, last.near, degraded, last.stretch)
