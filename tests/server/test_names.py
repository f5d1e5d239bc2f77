"""Names of members: found with accents or without, in the order of the alphabet without regard to them."""

from urllib.parse import quote

from tests.webapp import Web
from tests.world import World

NAMES = {
    "José Ángel": ("jose", "JOSÉ", "jose\u0301", "ángel", "angel"),
    "Søren Łuczak": ("soren", "sør", "luc"),
    "Straße Œuvre": ("strasse", "STRASSE", "oeuv"),
    "Ünal İpek": ("unal", "ipek"),
    "Đỗ Thị Ngọc": ("do thi", "ngoc"),
    "Éloïse": ("eloise", "e\u0301loise"),
}


async def test_names_are_found_with_accents_or_without(web: Web, world: World) -> None:
    pottery = world.pottery
    for name, typed in NAMES.items():
        url = f"/channels/{pottery.slug}/members/{pottery.zoe.member_id}"
        assert (await web.call("PATCH", url, {"name": name}, token=pottery.zoe.token)).status == 200
        for start in typed:
            for listing in ("people", "members"):
                at = f"/channels/{pottery.slug}/{listing}?q={quote(start)}"
                found = (await web.call("GET", at, token=pottery.sam.token)).json["items"]
                assert [each["name"] for each in found] == [name], (listing, start)
        at = f"/channels/{pottery.slug}/people?q={quote(typed[0][1:])}"
        assert (await web.call("GET", at, token=pottery.sam.token)).json["items"] == []


async def test_the_directory_is_in_order_without_regard_to_accents(web: Web, world: World) -> None:
    pottery = world.pottery
    url = f"/channels/{pottery.slug}"
    await web.call(
        "PATCH", f"{url}/members/{pottery.zoe.member_id}", {"name": "Ánabel"}, token=pottery.zoe.token
    )  # fmt: skip
    names: list[str] = []
    after = ""
    while True:
        page = (await web.call("GET", f"{url}/people?limit=1{after}", token=pottery.sam.token)).json
        names += [each["name"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert names == ["Ana", "Ánabel", "Ben", "Mia", "Sam"]
