"""One contract, two engines: PostgreSQL and Elasticsearch find the same, page the same, and keep channels apart."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from search import KINDS, PUBLIC, Document, Place, Question, SearchEngine
from search.elastic import ElasticSearch
from search.postgres import PostgresSearch
from search.query import parse, unwanted
from tenants.ids import ChannelId, new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.search.test_query import MESSAGES
from tests.standins.elasticsearch import Node
from tests.world import World

SYSTEM = acting_system("test")


@pytest.fixture(params=["postgresql", "elasticsearch"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[SearchEngine]:
    if request.param == "postgresql":
        yield PostgresSearch()
        return
    node: Node = request.getfixturevalue("elasticsearch")
    elastic = ElasticSearch(node.url, f"test-{new_id().hex}")
    await elastic.indexes.swap(await elastic.indexes.create())
    yield elastic
    await elastic.indexes.drop()
    await elastic.close()


def message(body: str, visibility: str = PUBLIC, title: str = "", kind: str = "message") -> Document:
    return Document(new_id(), kind, visibility, "glazes", title, body, parent_id=None, seq=7)


async def put(tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId, *documents: Document) -> None:
    async with tenancy.scope(channel_id, SYSTEM) as scope:
        await engine.index(scope, documents)
    if isinstance(engine, ElasticSearch):
        await engine.refresh()


async def ask(
    tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId, text: str, seen: Sequence[str] = (PUBLIC,),
    limit: int = 20, after: Place | None = None, kinds: tuple[str, ...] = KINDS,
) -> list[tuple[UUID, bool, float]]:  # fmt: skip
    phrases, prefix = parse(text)
    without = unwanted(text)
    async with tenancy.scope(channel_id, SYSTEM, readonly=True) as scope:
        answer = await engine.search(scope, Question(phrases, prefix, kinds, tuple(seen), limit, after, without))
    assert not answer.degraded
    return [(hit.id, hit.near, hit.score) for hit in answer.hits]


FOUND = [
    ("kiln", "firing"), ("KILN doors", "firing"), ("opening", "firing"), ('"twelve hours"', "firing"),
    ("kiln coo", "firing"), ("creme brulee", "glaze"), ("CRÈME", "glaze"), ("glazing", "glaze"),
    ("strasse", "german"), ("brenn", "german"), ("مرحبا", "arabic"), ("बर्तन", "hindi"), ("教室", "japanese"),
    ("陶芸教室", "japanese"), ("kaolin", "markup"), ("foo-bar", "tools"), ("3.14", "tools"),
    ("ana@guildhall.example", "tools"), ("kilm", "firing"), ("sponje", "tools"), ("the kiln cools for", "firing"),
    ('"hours twelve"', None), ("kiln sponge", None), ("zzzzqq", None), ('"kiln twelve"', None),
]  # fmt: skip


async def test_words_phrases_beginnings_and_near_misses_find_the_same(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    documents = {name: message(body) for name, body in MESSAGES.items()}
    await put(tenancy, engine, world.pottery.id, *documents.values())
    names = {document.id: name for name, document in documents.items()}
    found = {}
    for text, _ in FOUND:
        found[text] = [names[id_] for id_, _, _ in await ask(tenancy, engine, world.pottery.id, text)]
    assert found == {text: [name] if name else [] for text, name in FOUND}


LEFT_OUT = [
    ("clay -buy", ["dug"]), ("clay", ["buy", "dug", "lots"]), ("clay -buying", ["dug"]), ("-buy clay", ["dug"]),
    ('clay -"my clay"', ["dug", "lots"]), ('clay -"clay my"', ["buy", "dug", "lots"]), ("clay -dug -lots", ["buy"]),
    ("clay -buy -dug", []), ("clay-buy", ["buy", "lots"]), ("clay - buy", ["buy", "lots"]), ("clya -buy", []),
    ("clay -Straße", ["buy", "dug", "lots"]), ("clay -zzzz", ["buy", "dug", "lots"]),
]  # fmt: skip


async def test_a_minus_leaves_out_what_has_the_word_or_phrase(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    documents = {
        "buy": message("Buy my clay"), "dug": message("I dug this clay"), "lots": message("Buying clay in lots"),
        "none": message("A bowl"),
    }  # fmt: skip
    await put(tenancy, engine, world.pottery.id, *documents.values())
    names = {document.id: name for name, document in documents.items()}
    found = {}
    for text, _ in LEFT_OUT:
        found[text] = sorted(names[id_] for id_, _, _ in await ask(tenancy, engine, world.pottery.id, text))
    assert found == dict(LEFT_OUT)


async def test_pages_of_what_is_left_are_full_and_lack_nothing(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    documents = [message(f"clay {'buy' if number % 5 else 'dig'} {number}") for number in range(60)]
    await put(tenancy, engine, world.pottery.id, *documents)
    wanted = [document.id for document in documents if "dig" in document.body]
    seen: list[UUID] = []
    after: Place | None = None
    while page := await ask(tenancy, engine, world.pottery.id, "clay -buy", limit=5, after=after):
        assert len(page) in {5, len(wanted) - len(seen)}
        seen += [id_ for id_, _, _ in page]
        after = Place(page[-1][2], page[-1][0])
    assert sorted(seen) == sorted(wanted)


async def test_pages_follow_one_another_without_gap_or_repetition(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    documents = [message(f"clay {'clay ' * (number % 3)}{number}", title="clay" * (number % 2)) for number in range(25)]
    await put(tenancy, engine, world.pottery.id, *documents)
    for text, near in (("clay", False), ("claay", True)):
        seen: list[UUID] = []
        after: Place | None = None
        while page := await ask(tenancy, engine, world.pottery.id, text, limit=7, after=after):
            seen += [id_ for id_, _, _ in page]
            assert {its for _, its, _ in page} == {near}
            after = Place(page[-1][2], page[-1][0], near)
        assert sorted(seen) == sorted(document.id for document in documents)


async def test_a_title_counts_for_more_than_a_mention(tenancy: Tenancy, world: World, engine: SearchEngine) -> None:
    titled = message("For beginners", title="Raku", kind="course")
    await put(tenancy, engine, world.pottery.id, titled, message("Raku raku raku, who likes raku?"))
    assert (await ask(tenancy, engine, world.pottery.id, "raku"))[0][0] == titled.id
    only = await ask(tenancy, engine, world.pottery.id, "raku", kinds=("course",))
    assert [id_ for id_, _, _ in only] == [titled.id]


async def test_a_document_takes_the_place_of_its_earlier_self_and_leaves(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    first = message("celadon")
    await put(tenancy, engine, world.pottery.id, first)
    await put(tenancy, engine, world.pottery.id, replace(first, body="tenmoku"))
    assert await ask(tenancy, engine, world.pottery.id, "celadon ") == []
    assert [id_ for id_, _, _ in await ask(tenancy, engine, world.pottery.id, "tenmoku")] == [first.id]
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        await engine.delete(scope, [first.id, new_id()])
    await put(tenancy, engine, world.pottery.id)
    assert await ask(tenancy, engine, world.pottery.id, "tenmoku") == []


async def test_parents_and_lists_name_what_is_kept(tenancy: Tenancy, world: World, engine: SearchEngine) -> None:
    parent = new_id()
    documents = [replace(message("slip"), parent_id=parent if number % 2 else None) for number in range(9)]
    await put(tenancy, engine, world.pottery.id, *documents)
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        assert sorted(await engine.under(scope, parent)) == sorted(each.id for each in documents if each.parent_id)
        listed, after = [], None
        while page := await engine.listed(scope, after, 4):
            listed += [id_ for _, id_ in page]
            after = page[-1][1]
    assert listed == sorted(each.id for each in documents)


async def test_a_channel_never_finds_changes_or_drops_what_is_another_s(
    tenancy: Tenancy, world: World, engine: SearchEngine
) -> None:
    mine, theirs = world.pottery.id, world.chess.id
    secret = replace(message("zugzwang", visibility="room:secret"), parent_id=new_id())
    await put(tenancy, engine, theirs, secret)
    seen = (PUBLIC, "room:secret")
    assert await ask(tenancy, engine, mine, "zugzwang", seen=seen) == []
    assert await ask(tenancy, engine, mine, "zugzwank", seen=seen) == []
    assert await ask(tenancy, engine, mine, "zugzwang", seen=seen, after=Place(9.0, UUID(int=2**128 - 1))) == []
    async with tenancy.scope(mine, SYSTEM) as scope:
        assert await engine.under(scope, secret.parent_id or new_id()) == []
        assert await engine.listed(scope, None, 10) == []
        await engine.delete(scope, [secret.id])
    await put(tenancy, engine, mine, replace(secret, body="ours"))
    assert [id_ for id_, _, _ in await ask(tenancy, engine, theirs, "zugzwang", seen=seen)] == [secret.id]
    assert await ask(tenancy, engine, theirs, "ours ", seen=seen) == []
    assert await ask(tenancy, engine, theirs, "zugzwang") == []


@pytest.mark.parametrize("text", ["& | ! ( ) : * <->", "'\\\"", "* OR *", "body_words:kiln", "a" * 190, "😀 ﷺ İß"])
async def test_hostile_words_are_words(tenancy: Tenancy, world: World, engine: SearchEngine, text: str) -> None:
    await put(tenancy, engine, world.pottery.id, message("The kiln cools"))
    if parse(text) != ((), ""):
        assert await ask(tenancy, engine, world.pottery.id, text) == []
