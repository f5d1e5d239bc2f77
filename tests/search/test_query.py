"""What is found: words in any spelling, phrases, words not yet finished, near misses; best first, page by page."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.query import LONGEST
from tenants.courses import courses
from tenants.errors import Invalid, Unavailable
from tenants.scope import Tenancy
from tests.search.library import find, first, found, index, make_room, say
from tests.world import World, make_world

MESSAGES = {
    "firing": "The kiln cools for twelve hours before you open the door.",
    "glaze": "Crème brûlée coloured glazes run; keep them thin.",
    "german": "Die Straße zum Brennofen ist lang.",
    "arabic": "مَرْحَبًا بكم في ورشة الفخار",
    "hindi": "मिट्टी के बर्तन बनाना सीखें",
    "japanese": "陶芸教室へようこそ",
    "markup": "Never write <script>alert(1)</script> & call it **kaolin**.",
    "tools": "Bring sponge, wire, rib - and a foo-bar 3.14 c++ ana@guildhall.example",
}


@pytest.fixture(scope="session")
async def library(tenancy: Tenancy) -> tuple[World, dict[str, UUID]]:
    """A room with messages in many tongues, indexed; read by all tests of this file."""
    world = await make_world(tenancy)
    room = await make_room(tenancy, world.pottery, world.pottery.ana)
    said = {name: await say(tenancy, world.pottery, world.pottery.sam, room, words) for name, words in MESSAGES.items()}
    await index(tenancy, world.pottery.id)
    return world, said


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kiln", "firing"),
        ("KILN doors", "firing"),
        ("opening", "firing"),
        ('"twelve hours"', "firing"),
        ("kiln coo", "firing"),
        ("creme brulee", "glaze"),
        ("CRÈME", "glaze"),
        ("glazing", "glaze"),
        ("strasse", "german"),
        ("brenn", "german"),
        ("مرحبا", "arabic"),
        ("बर्तन", "hindi"),
        ("教室", "japanese"),
        ("陶芸教室", "japanese"),
        ("kaolin", "markup"),
        ("foo-bar", "tools"),
        ("3.14", "tools"),
        ("ana@guildhall.example", "tools"),
        ("kilm", "firing"),
        ("sponje", "tools"),
    ],
)
async def test_a_message_is_found_by_its_words(
    tenancy: Tenancy, library: tuple[World, dict[str, UUID]], text: str, name: str
) -> None:
    world, said = library
    assert await found(tenancy, world.pottery, world.pottery.zoe, text) == {said[name]}


@pytest.mark.parametrize(
    "text",
    [
        '"hours twelve"',
        "kiln sponge",
        "zzzzqq",
        "kiln -hours",
        "kiln -opens",
        '-"twelve hours" kiln',
        "-sponge",
        "--",
        "",
        "   ",
        '"',
        "& | ! ( ) : * <->",
        "''",
    ],
)
async def test_what_nobody_wrote_is_not_found(
    tenancy: Tenancy, library: tuple[World, dict[str, UUID]], text: str
) -> None:
    world, _ = library
    assert await found(tenancy, world.pottery, world.pottery.zoe, text) == set()


async def test_a_snippet_marks_the_words_and_holds_no_other_markup(
    tenancy: Tenancy, library: tuple[World, dict[str, UUID]]
) -> None:
    world, _ = library
    hit = await first(tenancy, world.pottery, world.pottery.zoe, "script kaol")
    assert hit.snippet == (
        "Never write &lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt; &amp; call it <mark>kaolin</mark>."
    )
    assert (hit.title, hit.hit.kind) == ("Glazes", "message")
    assert hit.url("pottery") == f"/c/pottery/community/glazes?at={hit.hit.seq}#m-{hit.hit.seq}"


async def test_pages_follow_one_another_without_gap_or_repetition(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school, school.ana)
    said = [
        await say(tenancy, school, school.sam, room, f"clay {'clay ' * (number % 3)}{number}") for number in range(25)
    ]
    await index(tenancy, school.id)
    for text, near in (("clay", False), ("claay", True)):
        seen, after = [], None
        while True:
            page = await find(tenancy, school, school.zoe.actor, text, limit=7, after=after)
            seen += [item.hit.id for item in page.items]
            assert all(item.hit.near == near for item in page.items)
            if (after := page.next) is None:
                break
        assert (len(seen), set(seen)) == (25, set(said))


async def test_a_title_counts_for_more_than_a_mention(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school, school.ana)
    await say(tenancy, school, school.sam, room, "Raku raku raku, who likes raku?")
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        course = (await courses.add(scope, "Raku for beginners", "raku"))["id"]
        await courses.publish(scope, course)
    await index(tenancy, school.id)
    assert (await first(tenancy, school, school.zoe, "raku")).hit.id == course
    assert await found(tenancy, school, school.zoe, "raku", "course") == {course}


async def test_a_search_that_takes_too_long_is_given_up_with_a_sentence(
    tenancy: Tenancy, library: tuple[World, dict[str, UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = library
    from search import postgres
    from tenants.statements import Scoped

    waiting = postgres._EXACT.sql.replace("select *", "select pg_sleep(5)")
    slow = Scoped(waiting, postgres._EXACT.names, {})
    monkeypatch.setattr(postgres, "_EXACT", slow)
    monkeypatch.setattr(postgres, "SECONDS", 0.05)
    with pytest.raises(Unavailable, match="took too long"):
        await find(tenancy, world.pottery, world.pottery.zoe.actor, "kiln")


async def test_too_long_a_question_is_refused(tenancy: Tenancy, library: tuple[World, dict[str, UUID]]) -> None:
    world, _ = library
    for text in ("x" * (LONGEST + 1), "x" * 100_000, "half \ud800"):
        with pytest.raises(Invalid):
            await find(tenancy, world.pottery, world.pottery.zoe.actor, text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet=st.one_of(st.sampled_from("'\"\\%_&|!():*<>- \t\n\u202e\u0301😀ﷺİß\ufeff"), st.characters())),
    kind=st.sampled_from([None, "course", "lesson", "message"]),
)
async def test_whatever_is_asked_is_answered_or_refused(
    tenancy: Tenancy, library: tuple[World, dict[str, UUID]], text: str, kind: str | None
) -> None:
    world, _ = library
    try:
        results = await find(tenancy, world.pottery, world.pottery.zoe.actor, text, kind)
    except Invalid:
        return
    for item in results.items:
        bare = item.snippet.replace("<mark>", "").replace("</mark>", "")
        assert not {"<", ">"} & set(bare)
