"""Tiles, pennants and pictures that are drawn from an id."""

from xml.etree import ElementTree

from server.web import art, marks
from server.web.theme import several, theme


def test_the_same_id_always_draws_the_same_tile_and_others_differ() -> None:
    assert marks.tile("sam") == marks.tile("sam")
    assert len({marks.tile(number) for number in range(200)}) > 120


def test_every_picture_is_well_formed_and_hidden_from_screen_readers() -> None:
    pictures = [marks.tile("x", "l"), marks.pennant("x"), art.portrait("x"), art.night("pots", "x")]
    for picture in (*pictures, *(art.shelf(kind) for kind in art.SETS)):
        assert ElementTree.fromstring(picture).get("aria-hidden") == "true"


def test_a_page_without_a_brand_has_no_style_element() -> None:
    assert theme(None).tag() == ""


def test_several_brands_stand_each_under_its_class() -> None:
    css = several({"one": "#1f6f72", "two": "#b4512d"}).css
    assert css.startswith(".one{--brand:#1f6f72;")
    assert ".two{--brand:#b4512d;" in css
