"""Whatever colour a creator picks, the page stays readable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.channels.brand import LEAF, PAPER, WELL, contrast, derive, parse, to_hex, to_oklch
from tenants.errors import Invalid

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
INK, INK_2, INK_3 = ("#1d222c", "#ecebe7"), ("#4a505c", "#b9b9b6"), ("#5f6470", "#9c9da0")


@given(COLOURS)
@settings(max_examples=400, deadline=None)
def test_words_and_marks_of_any_brand_pass_on_every_ground_by_day_and_by_night(colour: str) -> None:
    brand = derive(colour)
    for scheme in (0, 1):
        grounds = [PAPER[scheme], LEAF[scheme], WELL[scheme], brand.tint[scheme]]
        assert min(contrast(brand.link[scheme], ground) for ground in grounds) >= 4.5
        assert min(contrast(brand.mark[scheme], ground) for ground in grounds) >= 3
        assert min(contrast(ink[scheme], brand.tint[scheme]) for ink in (INK, INK_2, INK_3)) >= 4.5


@given(COLOURS)
@settings(max_examples=400, deadline=None)
def test_words_on_the_brand_button_pass(colour: str) -> None:
    brand = derive(colour)
    assert contrast(brand.brand, brand.on_brand) >= 4.5
    assert brand.brand == colour


@given(COLOURS)
@settings(max_examples=200, deadline=None)
def test_a_colour_survives_the_way_to_oklch_and_back(colour: str) -> None:
    back = to_hex(*to_oklch(colour))
    assert all(abs(int(colour[i : i + 2], 16) - int(back[i : i + 2], 16)) <= 1 for i in (1, 3, 5))


def test_the_mock_ups_colours_come_out_as_drawn() -> None:
    brand = derive("#f5e6a1")
    assert brand.link == ("#8b632b", "#f5e6a1")
    assert brand.mark == ("#a68347", "#f5e6a1")
    assert brand.tint_line == ("#dcd5b4", "#574429")


def test_a_colour_is_read_in_any_case_and_nothing_else_is_one() -> None:
    assert parse(" #1F6F72 ") == "#1f6f72"
    for wrong in ("", "red", "#fff", "#1f6f7g", "1f6f72", "#1f6f72;}", "＃1f6f72"):
        with pytest.raises(Invalid, match="six digits"):
            parse(wrong)
