"""The embedded engine: full text and trigrams of PostgreSQL, in a table that only two functions search.

Writes go through row-level security like any other; a search sees its own channel because the function adds it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from search import Answer, Document, Hit, Question
from search.words import spaced
from tenants.errors import Unavailable
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds, instant, owned, text

SECONDS = 2
SHORTEST_PREFIX = 2

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
)
_D = DOCUMENTS.c
_FIELDS = ("kind", "parent_id", "visibility", "place", "seq", "title", "body", "title_words", "body_words")
_NEW = insert(DOCUMENTS).values(**binds("id", *_FIELDS))
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "id"], set_={name: _NEW.excluded[name] for name in (*_FIELDS, "indexed_at")}
    )
)
_DELETE = scoped(delete(DOCUMENTS).where(_D.id == bindparam("ids", type_=ARRAY(Uuid())).any_()))
_KEPT = scoped(
    select(_D.id, _D.kind, _D.visibility, _D.place, _D.title, _D.body, _D.parent_id, _D.seq).where(
        _D.id == bindparam("ids", type_=ARRAY(Uuid())).any_()
    )
)
_UNDER = scoped(select(_D.id).where(_D.parent_id == bindparam("parent_id")))
_LISTED = scoped(select(_D.kind, _D.id).where(_D.id > bindparam("after")).order_by(_D.id).limit(bindparam("most")))
_BINDS = ("asked", "kinds", "seen", "after_score", "after_id", "most")
_EXACT = Scoped("select * from search_exact($1, $2, $3, $4, $5, $6)", _BINDS, {})
_NEAR = Scoped("select * from search_near($1, $2, $3, $4, $5, $6)", _BINDS, {})


class PostgresSearch:
    """SearchEngine in the database itself: documents change in the transaction that follows their rows."""

    async def index(self, scope: Scope, documents: Sequence[Document]) -> None:
        """Add the documents, each in the place of an earlier one with its id."""
        for document in documents:
            await scope.run(_PUT, **_values(document))

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
        """The best hits first; if nothing has the words, what resembles them, but no phrase. Unavailable after 2 s."""
        scope.limit_time(SECONDS)
        if question.after is None or not question.after.near:
            rows = await _ask(scope, _EXACT, _written(question), question)
            if rows or question.after or any(len(phrase) > 1 for phrase in question.phrases):
                return Answer([_hit(row, near=False) for row in rows])
        longest_first = sorted(set(question.words), key=len, reverse=True)
        return Answer([_hit(row, near=True) for row in await _ask(scope, _NEAR, longest_first, question)])

    async def documents(self, scope: Scope, ids: Sequence[UUID]) -> list[Document]:
        """The documents as they are kept, of those ids that have one."""
        return [_document(row) for row in await scope.all(_KEPT, ids=list(ids))]

    async def probe(self) -> None:
        """Pass: the database is asked after by others."""

    async def close(self) -> None:
        """Nothing to let go of: the connections are the scope's."""


def _values(document: Document) -> dict[str, Any]:
    return {
        "id": document.id, "kind": document.kind, "parent_id": document.parent_id,
        "visibility": document.visibility, "place": document.place, "seq": document.seq, "title": document.title,
        "body": document.body, "title_words": spaced(document.title), "body_words": spaced(document.body),
    }  # fmt: skip


def _document(row: Record) -> Document:
    facts = (row["title"], row["body"], row["parent_id"], row["seq"])
    return Document(row["id"], row["kind"], row["visibility"], row["place"], *facts)


def _written(question: Question) -> str:
    """The question in tsquery's own language; words hold letters, digits and signs only, so nothing needs escaping."""
    parts = ["(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in question.phrases]
    if question.prefix:
        open_end = ":*" if len(question.prefix) >= SHORTEST_PREFIX else ""
        parts.append(f"'{question.prefix}'{open_end}")
    return " & ".join(parts)


async def _ask(scope: Scope, statement: Scoped, asked: Any, question: Question) -> list[Record]:
    after = question.after
    try:
        return await scope.all(
            statement,
            asked=asked,
            kinds=list(question.kinds),
            seen=list(question.seen),
            after_score=after.score if after else None,
            after_id=after.id if after else None,
            most=question.limit,
        )
    except Unavailable as slow:
        if slow.code != "busy":
            raise
        raise Unavailable("This search took too long. Ask with more or rarer words.", "search_too_slow", 1) from slow


def _hit(row: Record, *, near: bool) -> Hit:
    facts = (row["parent_id"], row["place"], row["seq"], row["title"], row["body"])
    return Hit(row["id"], row["kind"], *facts, score=row["score"], near=near)
