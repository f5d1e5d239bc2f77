"""A room's messages as lines: days, heads, and where the new ones begin."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from server.web.views.room import DayLine, NewLine, Post, arrange
from tests.server.web.outline import Outline
from tests.server.web.samples import NOW, SAM
from tests.server.web.test_tools import shown
from tests.server.web.tools import ZOE, ZONE, said, talk

LATE = datetime(2026, 11, 20, 22, 58, tzinfo=UTC)


def test_one_author_within_five_minutes_stands_under_one_head() -> None:
    lines = arrange([said(1, ZOE, LATE), said(2, ZOE, LATE + timedelta(minutes=4))], ZoneInfo("UTC"), 0, SAM.key, NOW)
    assert [type(line) for line in lines] == [DayLine, Post]
    post = lines[-1]
    assert isinstance(post, Post)
    assert [one.seq for one in post.said] == [1, 2]


def test_five_minutes_another_author_and_midnight_of_the_reader_begin_a_head() -> None:
    later = said(2, ZOE, LATE + timedelta(minutes=5))
    assert len(posts(arrange([said(1, ZOE, LATE), later], ZoneInfo("UTC"), 0, SAM.key, NOW))) == 2
    other = said(2, SAM, LATE)
    assert len(posts(arrange([said(1, ZOE, LATE), other], ZoneInfo("UTC"), 0, SAM.key, NOW))) == 2
    midnight = arrange([said(1, ZOE, LATE), said(2, ZOE, LATE + timedelta(minutes=3))], ZONE, 0, SAM.key, NOW)
    assert [type(line) for line in midnight] == [DayLine, Post, DayLine, Post]


def test_the_line_of_new_messages_counts_those_of_others() -> None:
    messages = [said(1, ZOE, LATE), said(2, SAM, LATE), said(3, ZOE, LATE), said(4, ZOE, LATE)]
    lines = arrange(messages, ZONE, 1, SAM.key, NOW)
    assert [line for line in lines if isinstance(line, NewLine)] == [NewLine(2)]
    assert not any(isinstance(line, NewLine) for line in arrange(messages, ZONE, 4, SAM.key, NOW))
    assert not any(isinstance(line, NewLine) for line in arrange(messages, ZONE, 0, SAM.key, NOW))


def test_the_last_two_days_have_names() -> None:
    days = [said(n, ZOE, NOW - timedelta(days=2 - n)) for n in range(3)]
    lines = arrange(days, ZONE, 0, SAM.key, NOW)
    assert [line.near for line in lines if isinstance(line, DayLine)] == ["", "yesterday", "today"]


def test_a_visitor_reads_everything_and_finds_the_way_in_but_no_script() -> None:
    text = shown(talk(member=False))
    page = Outline(text)
    assert [f"words {n}" in text for n in range(1, 5)] == [True] * 4
    assert page.all("script", "textarea", "button") == []
    assert "Join Saltmarsh Pottery" in page.text


def test_a_member_without_script_posts_words_and_a_client_id() -> None:
    page = Outline(shown(talk()))
    form = next(form for form in page.all("form") if form.get("class") == "composer")
    assert (form["method"], form["action"]) == ("post", "/c/pottery/community/wheel")
    assert {"client_id", "body"} <= {field.get("name") for field in page.all("input", "textarea")}


def posts(lines: tuple[object, ...]) -> list[Post]:
    return [line for line in lines if isinstance(line, Post)]
