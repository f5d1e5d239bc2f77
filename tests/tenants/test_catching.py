"""What filters see in a text: words whole and folded, links by where they lead."""

import pytest

from tenants.community.catching import Phrases, Seen, clean_domain, leads_to
from tenants.texts import render_message


def holds(words: list[str], body: str) -> bool:
    return Phrases.of(words).within(Seen(render_message(body)))


@pytest.mark.parametrize(
    "body",
    [
        "Buy CLAY now", "cláy", "c\u200bl\u200ba\u200by", "c\u00adlay", "**cl**ay", "ｃｌａｙ", "clay!", "(clay)",
        "> clay", "`clay`", "c\u0336l\u0336a\u0336y", "<clay>", "my_clay_is", "[clay](https://example.org)",
    ],
)  # fmt: skip
def test_a_word_is_found_however_it_is_dressed(body: str) -> None:
    assert holds(["Clay"], body)


@pytest.mark.parametrize("body", ["clays", "barclay", "cl ay", "", "c.l.a.y"])
def test_a_word_is_found_whole_only(body: str) -> None:
    assert not Phrases.of(["clay"]).within(Seen(f"<p>{body}</p>"))


def test_a_phrase_is_found_over_spaces_lines_and_signs() -> None:
    assert holds(["free money"], "Free\n\nmoney")
    assert holds(["free money"], "FREE -- *money*")
    assert not holds(["free money"], "free the money")


def test_scripts_without_spaces_are_found_within() -> None:
    assert holds(["垃圾"], "这是垃圾信息")
    assert holds(["สแปม"], "นี่คือสแปมนะ")
    assert holds(["🍆"], "hello 🍆🍆")
    assert holds(["straße"], "STRASSE")
    assert holds(["كتاب"], "كِتَاب")


def test_links_are_told_by_where_they_lead() -> None:
    seen = Seen(
        render_message("https://Evil.Example/a?b=good.example [x](http://sub.evil.example:8080) mail@x.org ok.example")
    )
    assert seen.linked == ("evil.example", "sub.evil.example")
    assert {"ok.example", "x.org"} & seen.named == {"ok.example"}
    assert all(leads_to(host, ["evil.example"]) for host in seen.linked)
    assert not leads_to("notevil.example", ["evil.example"])
    assert Seen('<a href="https://ev\u0131l.example">x</a>').linked == ("xn--evl-kua.example",)
    assert Seen('<a href="mailto:a@evil.example?x=1">x</a><a href="/here">y</a>').linked == ("evil.example",)


def test_a_domain_is_taken_from_what_people_type() -> None:
    typed = {
        "Example.org": "example.org", " https://www.example.org/page ": "example.org", "*.example.org": "example.org",
        "bücher.example": "xn--bcher-kva.example", "nothing": None, "": None, "a b.c": None, "..": None,
        "http://[": None, "x" * 300 + ".org": None,
    }  # fmt: skip
    assert {each: clean_domain(each) for each in typed} == typed


def test_texts_that_read_the_same_have_one_mark() -> None:
    marks = {Seen(render_message(body)).mark for body in ("Buy now!", "buy **now**", "BUY  now", "b\u200buy now.")}
    assert len(marks) == 1
    assert Seen("<p>🍆</p>").mark != Seen("<p>🎉</p>").mark


def test_a_hostile_text_takes_no_time_to_speak_of() -> None:
    for body in ("a-" * 5000, "a." * 5000, "\u0301" * 5000, "x." + "y" * 9000, "﷽" * 3000):
        seen = Seen(f"<p>{body}</p>")
        assert seen.mark
        assert seen.named is not None
