"""Marks: what is marked of a hit is what was looked for, however the text is read."""

import re

from hypothesis import given
from hypothesis import strategies as st

from search.marks import Marker, matches

TEXT = st.lists(st.sampled_from(["Glaze", "glazing", "KILNS", "kil", "a1", " ", "_", "-", "<", "gla"]), max_size=30)
WORDS = st.lists(st.sampled_from(["glaze", "kiln", "kil", "a1", "e", "\u91c9\u85ac"]), max_size=3)


@given(TEXT.map("".join), WORDS, st.sampled_from(["", "g", "kil"]))
def test_every_word_that_matches_is_marked_and_no_other(text: str, words: list[str], prefix: str) -> None:
    for written in (text, f"{text} \u017f"):  # the second is no ASCII, and read word by word
        shown = Marker(words, prefix).snippet(written[:190])
        whole = re.findall(r"[A-Za-z0-9]+", written[:190])
        wanted = [each for each in whole if matches(each.lower(), words, prefix)]
        assert re.findall(r"<mark>(.*?)</mark>", shown) == wanted


def test_the_same_word_is_marked_in_every_hit_of_a_search() -> None:
    marker = Marker(["glaze"])
    assert [marker.snippet(text) for text in ("a glaze", "Glazed, glaze")] == [
        "a <mark>glaze</mark>", "<mark>Glazed</mark>, <mark>glaze</mark>",
    ]  # fmt: skip
