"""The name of a group, in the settings of its page: one that no group can have comes back beside its field."""

import pytest

from tests.server.browsing import signed_in
from tests.server.test_direct_api import opened
from tests.webapp import Web
from tests.world import World


@pytest.mark.parametrize(
    ("typed", "kept", "said"),
    [
        ("Kiln\x01 watch", "Kiln watch", "This held a character that cannot be shown"),
        ("   ", "   ", "Write something here."),
        ("k" * 500, "k" * 500, "Write at most 60 characters."),
    ],
)
async def test_a_name_that_cannot_be_comes_back_beside_its_field(
    web: Web, world: World, typed: str, kept: str, said: str
) -> None:
    pottery = world.pottery
    made = (await opened(web, pottery, pottery.ben, pottery.sam, pottery.zoe, name="Kiln watch")).json
    sam = await signed_in(web, pottery.sam)
    page = await sam.post(f"/c/{pottery.slug}/direct/{made['id']}/name", name=typed)
    assert (page.status, "errp" in page.text) == (422, False)
    assert 'class="ownroom" open' in page.text
    assert f'id="group-name" name="name" value="{kept}"' in page.text
    told = page.text.partition('id="group-name-error"')[2].partition("</p>")[0]
    assert said in told
    found = await web.call("GET", f"/channels/{pottery.slug}/direct/{made['id']}", token=pottery.sam.token)
    assert found.json["name"] == "Kiln watch"


async def test_a_good_name_is_kept_and_none_calls_it_by_its_people(web: Web, world: World) -> None:
    pottery = world.pottery
    made = (await opened(web, pottery, pottery.ben, pottery.sam, pottery.zoe, name="Kiln watch")).json
    sam, at = await signed_in(web, pottery.sam), f"/channels/{pottery.slug}/direct/{made['id']}"
    for typed, name in {" Raku  day ": "Raku day", "": "Ben, Zoe"}.items():
        assert (await sam.post(f"/c/{pottery.slug}/direct/{made['id']}/name", name=typed)).status == 303
        assert (await web.call("GET", at, token=pottery.sam.token)).json["name"] == name
