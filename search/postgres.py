"""The embedded engine: full text and trigrams of PostgreSQL, in a table that only two functions search.

Writes go through row-level security like any other; a search sees its own channel because the function adds it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Uuid, bindparam, delete, select

from search import Answer, Document, Hit, Place, Question
from search.words import spaced
from tenants.errors import Unavailable
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import instant, owned, text

SECONDS = 2
SHORTEST_PREFIX = 2
MOST_SIFTED = 20

DOCUMENTS = owned(
    "search_documents",
    text("kind"),
    Column("parent_id", Uuid),
    text("visibility"),
    text("place"),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    text("title"),
    text("body"),
    text("title_words"),
    text("body_words"),
    instant("indexed_at", now=True),
    Column("number", BigInteger, nullable=False, server_default="0"),
)
_D = DOCUMENTS.c
# One statement for all of them: a round trip for each would be most of what indexing costs. A message keeps its number;
# two may share one, if ever two write in a channel at once.
_PUT = Scoped(
    "insert into search_documents"
    " (channel_id, id, kind, parent_id, visibility, place, seq, title, body, title_words, body_words, number)"
    " select $1, u.*, case u.kind when 'message' then row_number() over () + coalesce((select d.number"
    " from search_documents d where d.channel_id = $1 order by d.number desc limit 1), 0) else 0 end"
    " from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::text[],"
    " $9::text[], $10::text[], $11::text[]) as"
    " u(id, kind, parent_id, visibility, place, seq, title, body, title_words, body_words)"
    " on conflict (channel_id, id) do update set indexed_at = now(), kind = excluded.kind,"
    " parent_id = excluded.parent_id, visibility = excluded.visibility, place = excluded.place, seq = excluded.seq,"
    " title = excluded.title, body = excluded.body, title_words = excluded.title_words,"
    " body_words = excluded.body_words,"
    " number = case search_documents.number when 0 then excluded.number else search_documents.number end",
    (
        "channel_id",
        "id",
        "kind",
        "parent_id",
        "visibility",
        "place",
        "seq",
        "title",
        "body",
        "title_words",
        "body_words",
    ),
    {},
)
_DELETE = scoped(delete(DOCUMENTS).where(_D.id == bindparam("ids", type_=ARRAY(Uuid())).any_()))
_KEPT = scoped(
    select(_D.id, _D.kind, _D.visibility, _D.place, _D.title, _D.body, _D.parent_id, _D.seq).where(
        _D.id == bindparam("ids", type_=ARRAY(Uuid())).any_()
    )
)
_UNDER = scoped(select(_D.id).where(_D.parent_id == bindparam("parent_id")))
_LISTED = scoped(select(_D.kind, _D.id).where(_D.id > bindparam("after")).order_by(_D.id).limit(bindparam("most")))
_BINDS = ("kinds", "seen", "after_score", "after_id", "low", "high", "newest", "most")
_EXACT = Scoped(
    "select * from find_exact($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", ("asked", "whole", "begun", *_BINDS), {}
)
# In what order they come is the function's to say, and stays.
_SIFTED = Scoped(
    "select f.*, coalesce((select d.words @@ (to_tsquery('simple', $13) || to_tsquery('english', $14))"
    " from search_documents d where d.channel_id = $1 and d.id = f.id), false) as unwanted"
    " from find_exact($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as f",
    ("channel_id", "asked", "whole", "begun", *_BINDS, "without", "without_endings"),
    {},
)
_NEAR = Scoped("select * from find_near($1, $2, $3, $4, $5, $6, $7, $8, $9)", ("asked", *_BINDS), {})


class PostgresSearch:
    """SearchEngine in the database itself: documents change in the transaction that follows their rows."""

    async def index(self, scope: Scope, documents: Sequence[Document]) -> None:
        """Add the documents, each in the place of an earlier one with its id."""
        last = {document.id: document for document in documents}
        if last:
            await scope.run(_PUT, **_values(list(last.values())))

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        """Take documents out, whether they are there or not."""
        if ids:
            await scope.run(_DELETE, ids=list(ids))

    async def under(self, scope: Scope, parent_id: UUID) -> list[UUID]:
        """The documents of a parent."""
        return [row["id"] for row in await scope.all(_UNDER, parent_id=parent_id)]

    async def listed(self, scope: Scope, after: UUID | None, most: int) -> list[tuple[str, UUID]]:
        """Kind and id of up to `most` documents in the order of ids, after one of them."""
        rows = await scope.all(_LISTED, after=after or UUID(int=0), most=most)
        return [(row["kind"], row["id"]) for row in rows]

    async def search(self, scope: Scope, question: Question) -> Answer:
        """The best hits first; if nothing has the words, what resembles them, unless it is `exactly`.

        Unavailable after 2 s.
        """
        scope.limit_time(SECONDS)
        if question.after is None or not question.after.near:
            rows = await _exact(scope, question)
            if rows or question.after or question.exactly:
                return Answer([_hit(row, near=False) for row in rows])
        longest_first = {"asked": sorted(set(question.words), key=len, reverse=True)}
        return Answer([_hit(row, near=True) for row in await _ask(scope, _NEAR, longest_first, question)])

    async def documents(self, scope: Scope, ids: Sequence[UUID]) -> list[Document]:
        """The documents as they are kept, of those ids that have one."""
        return [_document(row) for row in await scope.all(_KEPT, ids=list(ids))]

    async def probe(self) -> None:
        """Pass: the database is asked after by others."""

    async def close(self) -> None:
        """Nothing to let go of: the connections are the scope's."""


def _values(documents: Sequence[Document]) -> dict[str, list[Any]]:
    kept = ("id", "kind", "parent_id", "visibility", "place", "seq", "title", "body")
    return {name: [getattr(each, name) for each in documents] for name in kept} | {
        "title_words": [spaced(each.title) for each in documents],
        "body_words": [spaced(each.body) for each in documents],
    }


def _document(row: Record) -> Document:
    facts = (row["title"], row["body"], row["parent_id"], row["seq"])
    return Document(row["id"], row["kind"], row["visibility"], row["place"], *facts)


def _written(question: Question) -> dict[str, str]:
    """The question in tsquery's own language; words hold letters, digits and signs only, so nothing needs escaping."""
    parts = ["(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in question.phrases]
    begun = f"'{question.prefix}':*" if len(question.prefix) >= SHORTEST_PREFIX else ""
    if question.prefix and not begun:
        parts.append(f"'{question.prefix}'")
    asked = " & ".join([*parts, begun] if begun else parts)
    return {"asked": asked, "whole": " & ".join(parts), "begun": begun}


async def _exact(scope: Scope, question: Question) -> list[Record]:
    """A page of what has the words. Where something is left out, pages are read until one is full, MOST_SIFTED at most.

    After so many in which nearly everything was left out, what comes further down is not looked for.
    """
    if not question.without:
        return await _ask(scope, _EXACT, _written(question), question)
    asked, kept = {**_written(question), **_unwanted(question)}, []
    for _ in range(MOST_SIFTED):
        rows = await _ask(scope, _SIFTED, asked, question)
        kept += [row for row in rows if not row["unwanted"]]
        if len(rows) < question.limit or len(kept) >= question.limit:
            break
        last = _hit(rows[-1], near=False)
        question = replace(question, after=Place(last.score, last.id, stretch=last.stretch))
    return kept[: question.limit]


def _unwanted(question: Question) -> dict[str, str]:
    """What is left out: all of it as it is written, single words with other endings too."""
    written = ["(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in question.without]
    single = [part for part, phrase in zip(written, question.without, strict=True) if len(phrase) == 1]
    return {"without": " | ".join(written), "without_endings": " | ".join(single)}


async def _ask(scope: Scope, statement: Scoped, asked: dict[str, Any], question: Question) -> list[Record]:
    after = question.after
    low, high, newest = after.stretch if after and after.stretch else (None, None, True)
    try:
        return await scope.all(
            statement,
            **asked,
            kinds=list(question.kinds),
            seen=list(question.seen),
            after_score=after.score if after else None,
            after_id=after.id if after else None,
            low=low,
            high=high,
            newest=newest,
            most=question.limit,
        )
    except Unavailable as slow:
        if slow.code != "busy":
            raise
        raise Unavailable("This search took too long. Ask with more or rarer words.", "search_too_slow", 1) from slow


def _hit(row: Record, *, near: bool) -> Hit:
    facts = (row["parent_id"], row["place"], row["seq"], row["title"], row["body"])
    stretch = (row["stretch_low"], row["stretch_high"], row["stretch_newest"])
    return Hit(row["id"], row["kind"], *facts, score=row["score"], near=near, stretch=stretch)
