"""Frequent words: among many messages the newest are ranked first, nothing is repeated or left out, little is read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import pytest

from search import KINDS, PUBLIC, Document, Place, Question, SearchEngine, postgres
from search.postgres import PostgresSearch
from search.query import parse
from tenants.ids import ChannelId
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.search.test_engines import ask, engine, message, put
from tests.world import World, make_world

__all__ = ["engine"]
SYSTEM = acting_system("test")
# How many rows of the documents this transaction has fetched, by an index or without.
READ = (
    "select pg_stat_get_xact_tuples_fetched('search_documents'::regclass)"
    " + pg_stat_get_xact_tuples_returned('search_documents'::regclass)"
)
MANY, BATCH = 20_000, 2_000
# They speak of the kiln once, twice or thrice. One message in forty has `slip`, one in four hundred `slipware`, which
# goes on from it; the first three have `shino`.
TALK = "We talked of the wheel, the kiln and what is for tea"


def said(number: int, visibility: str) -> Document:
    words = (
        " kiln" * (number % 3)
        + " slipware" * (number % 400 == 1)
        + " slip" * (number % 40 == 0)
        + " shino" * (number < 3)
    )
    return replace(message(f"{TALK} {number}{words}", visibility), seq=number)


@dataclass(frozen=True, slots=True)
class Library:
    channel_id: ChannelId
    talk: list[Document]
    lesson: Document


@pytest.fixture(scope="module")
async def library(tenancy: Tenancy) -> Library:
    """A channel in which much was said, half of it in a room that few may see, after a lesson was written."""
    world, postgres = await make_world(tenancy), PostgresSearch()
    lesson = message("What a slip is, and slipware.", title="Of slip", kind="lesson")
    talk = [said(number, "room:few" if number % 80 == 0 else PUBLIC) for number in range(MANY)]
    await put(tenancy, postgres, world.pottery.id, lesson)
    for start in range(0, MANY, BATCH):
        await put(tenancy, postgres, world.pottery.id, *talk[start : start + BATCH])
    return Library(world.pottery.id, talk, lesson)


async def pages(
    tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId, text: str, seen: tuple[str, ...] = (PUBLIC,),
    limit: int = 20, most: int = 1000,
) -> AsyncIterator[list[UUID]]:  # fmt: skip
    """The ids of one page after another."""
    after: Place | None = None
    for _ in range(most):
        phrases, prefix = parse(text)
        async with tenancy.scope(channel_id, SYSTEM, readonly=True) as scope:
            hits = (await engine.search(scope, Question(phrases, prefix, KINDS, seen, limit, after))).hits
        if not hits:
            return
        yield [hit.id for hit in hits]
        after = Place(hits[-1].score, hits[-1].id, hits[-1].near, stretch=hits[-1].stretch)


ASKED = [
    "slip ",
    "slip",
    "slipw",
    "slipware ",
    "kiln ",
    "kil",
    '"kiln and what" slip ',
    "shino ",
    "shino kil",
    "kiln sli",
]


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize("seen", [(PUBLIC,), (PUBLIC, "room:few")])
async def test_the_newest_come_first_and_pages_hold_each_once(
    tenancy: Tenancy, library: Library, text: str, seen: tuple[str, ...]
) -> None:
    *whole, last = text.replace('"', "").split(" ")
    answering = [
        document.id
        for document in library.talk
        if document.visibility in seen
        and all(word in document.body.split() for word in whole if word)
        and (not last or any(word.startswith(last) for word in document.body.lower().split()))
    ]
    found = [page async for page in pages(tenancy, PostgresSearch(), library.channel_id, text, seen, 100, most=20)]
    ids = [id_ for page in found for id_ in page]
    assert len(ids) == len(set(ids)), "nothing comes twice"
    messages = [id_ for id_ in ids if id_ != library.lesson.id]
    assert set(messages) <= set(answering)
    if len(found) < 20:
        assert set(messages) == set(answering)
    # The first page is of the newest thousand or so, or of a few more of those that answer than are on it.
    newest = {document.id for document in library.talk[-2048:]} | set(answering[-260:])
    assert set(messages[:99]) <= newest


@pytest.mark.parametrize("text", ["slip ", "slip", "slipware "])
async def test_lessons_stand_among_many_messages(tenancy: Tenancy, library: Library, text: str) -> None:
    page = await anext(pages(tenancy, PostgresSearch(), library.channel_id, text))
    assert library.lesson.id in page


async def test_what_is_misspelt_finds_the_newest_of_many(tenancy: Tenancy, library: Library) -> None:
    page = await anext(pages(tenancy, PostgresSearch(), library.channel_id, "slippware"))
    by_id = {document.id: document for document in library.talk}
    numbers = [by_id[id_].seq for id_ in page if id_ in by_id]
    assert len(numbers) >= 19
    assert min(numbers) > MANY / 2


async def test_what_is_said_between_two_pages_moves_nothing(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    documents = [message(f"glaze {number}") for number in range(90)]
    await put(tenancy, engine, world.pottery.id, *documents)
    found: list[UUID] = []
    async for page in pages(tenancy, engine, world.pottery.id, "glaze "):
        found += page
        later = [message("glaze"), message("glaze that takes many more words than the others take to be said")]
        await put(tenancy, engine, world.pottery.id, *later)
    assert len(found) == len(set(found))
    assert set(found) >= {document.id for document in documents}
    if isinstance(engine, PostgresSearch):
        assert len(found) == len(documents), "what came later is on none of the pages"


async def test_of_equals_the_newest_come_first(tenancy: Tenancy, world: World, engine: SearchEngine) -> None:
    documents = [message("porcelain") for _ in range(1500)]
    lesson = message("All of porcelain.", title="Porcelain", kind="lesson")
    await put(tenancy, engine, world.pottery.id, lesson, *documents)
    found = [id_ for id_, _, _ in await ask(tenancy, engine, world.pottery.id, "porcelain ")]
    assert found == [lesson.id, *(document.id for document in documents[:-20:-1])]
    everything = [
        id_ async for page in pages(tenancy, engine, world.pottery.id, "porcelain ", limit=100) for id_ in page
    ]
    assert len(everything) == len(set(everything)) == 1501


@pytest.mark.parametrize(
    ("text", "most"), [("kiln ", 3000), ("kil", 1500), ("slip ", 2500), ("sli", 4500), ("shino ", 30)]
)
async def test_little_of_a_channel_is_read(
    tenancy: Tenancy, database: str, library: Library, text: str, most: int
) -> None:
    owner = await asyncpg.connect(database)
    await owner.execute("VACUUM ANALYZE search_documents")
    await owner.close()
    question = Question(*parse(text), KINDS, (PUBLIC,), 21)
    given = {**postgres._written(question), "kinds": list(KINDS), "seen": [PUBLIC], "newest": True, "most": 21}
    async with bare(tenancy.app, channel_id=library.channel_id) as connection:
        before = await connection.fetchval(READ)
        rows = await connection.fetch(postgres._EXACT.sql, *(given.get(name) for name in postgres._EXACT.names))
        read = await connection.fetchval(READ) - before
    assert rows
    assert 0 < read <= most
