"""Fields in which people are looked for by name: what is pasted into them is answered, whatever it holds."""

import re
from urllib.parse import quote

import pytest

from tests.server.browsing import Browsing, signed_in
from tests.server.test_community_api import make_room
from tests.webapp import Web
from tests.world import World

LONG = "No name is longer than 80 characters."
UNFIT = "No name holds a character that cannot be shown."


async def field(web: Web, world: World, of: str) -> tuple[Browsing, str]:
    """Ana's browser, and where a field for a name leads."""
    school = world.pottery
    ana, home = await signed_in(web, school.ana), f"/c/{school.slug}"
    if of in {"people", "direct"}:
        return ana, f"{home}/{of}?q="
    room = await make_room(web, school, kind="private")
    return ana, f"{home}/studio/rooms/{room}/members?{of}="


@pytest.mark.parametrize("of", ["people", "direct", "add"])
async def test_a_name_is_found_whatever_blanks_were_pasted_along(web: Web, world: World, of: str) -> None:
    ana, at = await field(web, world, of)
    for pasted in ("  Zoe ", "\tzoe\n", "\u00a0Zoe\u3000"):
        page = await ana.get(at + quote(pasted))
        assert (page.status, ">Zoe<" in page.text, "Sam" in page.text) == (200, True, False)


@pytest.mark.parametrize("of", ["people", "direct", "add", "q"])
async def test_what_is_longer_than_any_name_is_kept_and_said_to_be_so(web: Web, world: World, of: str) -> None:
    ana, at = await field(web, world, of)
    typed = "Zoe " + "o" * 200
    page = await ana.get(at + quote(typed))
    assert (page.status, LONG in page.text, f'value="{typed}"' in page.text) == (200, True, True)
    assert "is called so" in page.text
    assert re.search(r'aria-describedby="(q|add)-error \1-hint" aria-invalid="true"', page.text)
    assert LONG not in (await ana.get(at + "z" * 80)).text


@pytest.mark.parametrize("of", ["people", "direct", "add", "q"])
@pytest.mark.parametrize("typed", ["\x01", "Zo\x08e", "\x1fZoe", "Zoe\x7f"])
async def test_what_no_name_holds_finds_nobody_and_says_so(web: Web, world: World, of: str, typed: str) -> None:
    ana, at = await field(web, world, of)
    page = await ana.get(at + quote(typed))
    assert (page.status, UNFIT in page.text) == (200, True)
    assert "is called so" in page.text
    assert ">Zoe<" not in page.text
