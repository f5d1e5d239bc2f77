"""Texts: what a line and a text may hold, and Markdown as HTML that can do no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import Invalid, TooLarge
from tenants.texts import clean_line, clean_text, excerpt, plain, render_lesson, render_message


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Clay \t &  Fire ", "Clay & Fire"),
        ("Ana\u0301", "Aná"),
        ("سلام", "سلام"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_a_line_is_tidied_and_every_script_kept(typed: str, kept: str) -> None:
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "too_short"), ("   ", "too_short"), ("\u200d", "too_short"), ("x" * 121, "too_long"), ("a\0b", "control"),
        ("two\nlines", "control"), ("two\u2028lines", "control"), ("\x1b[31m", "control"), ("\x9b", "control"),
        ("half \ud800", "surrogate"), ("gpj.\u202eexe", "direction"), ("\u2066isolated\u2069", "direction"),
        ("in\ufeffvisible", "invisible"), ("soft\u00adhyphen", "invisible"), ("e" + "\u0301" * 10, "piled_up"),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_line_that_will_not_do_is_refused_where_it_was_typed(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_line(typed, "/name")
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/name", code)


@given(st.text(max_size=200))
def test_a_line_that_was_taken_once_is_taken_again_as_it_is(typed: str) -> None:
    try:
        kept = clean_line(typed)
    except Invalid:
        return
    assert clean_line(kept) == kept


def test_a_text_keeps_its_lines_and_has_a_size() -> None:
    assert clean_text("\r\none\r\n\ttwo\rthree\n") == "one\n\ttwo\nthree"
    with pytest.raises(TooLarge, match="10 KB"):
        clean_text("é" * 5121)
    assert len(clean_text("é" * 5120)) == 5120
    for bad in ("nul \0", "half \udfff", "bell \x07"):
        with pytest.raises(Invalid):
            clean_text(bad)
    with pytest.raises(Invalid):
        clean_text(" \n ", shortest=1)
    for unseen in ("\u200b", "\u3164 \u2800", "\u2060\ufeff\n\u00ad", "\U000e0041"):
        with pytest.raises(Invalid):
            clean_text(unseen, shortest=1)
    assert clean_text("\u200f!", shortest=1) == "\u200f!"


HOSTILE = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,x)",
    "![x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "[x](//evil.example)", r"[x](/\evil.example)",
    "<a href='javascript:1'>x</a>", "[x](vbscript:x)", "<iframe src=https://e.example>", "`<b onclick=x>`",
    '[x](https://e.example "><script>")', "<javascript:alert(1)>", "```\n<script>\n```", "[x](\x01javascript:1)",
    "|<script>|\n|-|\n|onload=x|", "<svg/onload=x>", "![x](//evil.example/a.png)",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("render", [render_message, render_lesson])
def test_nothing_hostile_comes_through(typed: str, render: object) -> None:
    html = render(typed)  # type: ignore[operator]
    for bad in ("<script", "<img src=x", "<iframe", "<svg", "<b on", 'href="//', 'href="/\\', 'src="//'):
        assert bad not in html
    for scheme in ("javascript", "data", "vbscript"):
        assert f'"{scheme}:' not in html.lower()


def test_links_are_followed_by_nobody_and_addresses_become_links_in_messages() -> None:
    html = render_message("See https://clay.example/a?b=1&c=2, **now**.")
    assert html == (
        '<p dir="auto">See <a href="https://clay.example/a?b=1&amp;c=2" rel="nofollow noopener">'
        "https://clay.example/a?b=1&amp;c=2</a>, <strong>now</strong>.</p>"
    )
    once = render_message("[https://a.example](https://b.example)")
    assert once.count("<a ") == 1
    assert "<a " not in render_message("`https://a.example`")


def test_pictures_are_for_lessons_only() -> None:
    picture = "![A bowl](/c/pottery/files/1)"
    assert "<img" not in render_message(picture)
    html = render_lesson(picture)
    assert html.startswith('<p dir="auto"><img src="/c/pottery/files/1" alt="A bowl" ')
    assert 'loading="lazy"' in html
    assert 'referrerpolicy="no-referrer"' in html


def test_nobody_shouts_in_a_message_by_a_heading() -> None:
    assert render_message("# Listen\n\n### to me") == '<p dir="auto"># Listen</p>\n<p dir="auto">### to me</p>'


def test_a_lesson_may_have_tables_code_and_headings() -> None:
    html = render_lesson("# Glaze\n\n|a|b|\n|-|-|\n|1|2|\n\n```python\nx < 1\n```\n\n1. one\n\n~~not~~")
    for part in ("<h1 ", "<table>", '<code class="language-python">x &lt; 1', "<ol>", "<s>not</s>"):
        assert part in html


@pytest.mark.parametrize(
    "typed",
    ["*" * 2000 + "a" + "*" * 2000, "*a **b " * 1000 + "** *" * 1000, "> " * 5000 + "x", "- " * 3000 + "x",
     "[" * 5000 + "x" + "]" * 5000, "![" * 5000, "[a](" * 2500, "`" * 9999, "<a" * 5000, "&#" * 5000],
    ids=lambda typed: typed[:6],
)  # fmt: skip
def test_nothing_comes_out_nested_deeply(typed: str) -> None:
    try:
        html = render_message(typed)
    except Invalid:
        return
    assert max(html.count("<blockquote"), html.count("<ul"), html.count("<em"), html.count("<strong")) <= 21


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
def test_words_that_stand_too_deep_are_refused_and_never_left_out(mark: str) -> None:
    def shown(depth: int) -> bool:
        try:
            html = render_message(mark * depth + "deep")
        except Invalid:
            return False
        assert "deep" in html
        return True

    assert [shown(depth) for depth in (1, 4, 30, 300)] == [True, True, False, False]
    assert {shown(depth) for depth in range(4, 30)} == {True, False}


@given(st.text(max_size=300))
def test_any_text_renders(typed: str) -> None:
    try:
        html = render_message(typed) + render_lesson(typed)
    except Invalid:
        return
    assert "<script" not in html


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("# Hello\n\nthis *is* `it`", "Hello this is it"), ("![A bowl](x) [link](y)", "A bowl link"),
        ("<b>raw</b>", "<b>raw</b>"), ("", ""), ("x" * 200, "x" * 159 + "…"), ("- a\n- b\n\n> c", "a b c"),
    ],
)  # fmt: skip
def test_an_excerpt_is_plain(typed: str, shown: str) -> None:
    assert excerpt(typed) == shown


def test_an_excerpt_is_cut_between_words() -> None:
    assert excerpt("one two, three four", 12) == "one two…"


@given(st.from_regex(r"[a-zé中][\w ,.;?!'()*:&-]{0,30}", fullmatch=True))
def test_a_message_of_plain_words_is_rendered_as_the_whole_parser_would(typed: str) -> None:
    strong = '<p dir="auto"><strong>x</strong></p>'
    assert f"{render_message(typed)}\n{strong}" == render_message(f"{typed}\n\n**x**")


@pytest.mark.parametrize(
    ("written", "read"),
    [("one *two*, `three`", "one two, three"), ("un**believ**able", "unbelievable"),
     ("- a\n- b\n\n> c\n\n```\nd  e\n```", "a b c d e"), ("a\nb", "a b"),
     ("1 < 2 & <b>3</b>", "1 < 2 & <b>3</b>"), ('[it](https://x.example/?a=">b&c)', "it"), ("", "")],
)  # fmt: skip
def test_plain_is_what_can_be_read_of_a_message(written: str, read: str) -> None:
    assert plain(render_message(written)) == read
