"""Drafts over the API, and on pages without scripts."""

from uuid import uuid4

from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room, post
from tests.webapp import Web
from tests.world import World


async def test_what_is_begun_is_kept_changed_listed_and_dropped(web: Web, world: World) -> None:
    pottery, token = world.pottery, world.pottery.sam.token
    room, at = await make_room(web, pottery), f"/channels/{pottery.slug}"
    root = (await post(web, pottery, room, pottery.zoe.token)).json["id"]
    url = f"{at}/rooms/{room}/draft"
    assert (await web.call("GET", url, token=token)).json == {"version": 0, "body": "", "files": []}
    first = await web.call("PUT", url, {"body": "Which clay", "version": 0}, token=token)
    assert (first.status, first.json["version"] > 0) == (200, True)
    late = await web.call("PUT", url, {"body": "late", "version": 0}, token=token)
    assert (late.status, late.json["code"]) == (409, "draft_changed")
    assert late.json["present"] == {"body": "Which clay", "version": first.json["version"]}
    in_thread = {"body": "Stoneware", "reply_to": root}
    assert (await web.call("PUT", url, in_thread, token=token)).status == 200
    assert (await web.call("GET", f"{url}?reply_to={root}", token=token)).json["body"] == "Stoneware"
    listed = (await web.call("GET", f"{at}/drafts", token=token)).json
    assert listed["next"] is None
    assert [(each["body"], each["room"], each["reply_to"]) for each in listed["items"]] == [
        ("Stoneware", room, root), ("Which clay", room, None)
    ]  # fmt: skip
    for _ in range(2):
        assert (await web.call("DELETE", f"{url}?reply_to={root}", token=token)).status == 204
    assert [each["body"] for each in (await web.call("GET", f"{at}/drafts", token=token)).json["items"]] == [
        "Which clay"
    ]
    assert (await web.call("PUT", url, {"body": "", "version": first.json["version"]}, token=token)).json == {
        "version": 0
    }
    assert (await web.call("GET", f"{at}/drafts", token=token)).json["items"] == []


async def test_nobody_else_sees_what_is_begun(web: Web, world: World) -> None:
    pottery = world.pottery
    room, at = await make_room(web, pottery), f"/channels/{pottery.slug}"
    url = f"{at}/rooms/{room}/draft"
    await web.call("PUT", url, {"body": "A secret glaze"}, token=pottery.sam.token)
    for who in (pottery.ana, pottery.mia, pottery.zoe):
        assert (await web.call("GET", url, token=who.token)).json["body"] == ""
        found = (await web.call("GET", f"{at}/search?q=secret", token=who.token)).json["items"]
        assert found == []
    eve, chess = world.chess.eve.token, f"/channels/{world.chess.slug}"
    for method, body in (("GET", None), ("PUT", {"body": "mine"}), ("DELETE", None)):
        assert (await web.call(method, f"{chess}/rooms/{room}/draft", body, token=eve)).status == 404
        assert (await web.call(method, url, body, token=eve)).status in {403, 404}
        assert (await web.call(method, f"{at}/rooms/{uuid4()}/draft", body, token=pottery.sam.token)).status == 404
        assert (await web.call(method, url, body)).status in {401, 403}
    assert (await web.call("PUT", url, {"body": "é" * 6000}, token=pottery.sam.token)).status == 413


async def test_without_scripts_what_was_begun_elsewhere_stands_in_the_field_until_it_is_sent(
    web: Web, world: World
) -> None:
    pottery = world.pottery
    room, at = await make_room(web, pottery), f"/channels/{pottery.slug}"
    root = (await post(web, pottery, room, pottery.zoe.token)).json["id"]
    url = f"/c/{pottery.slug}/community/wheel-talk"
    for given in ({"body": "Which <clay>"}, {"body": "Stoneware", "reply_to": root}):
        await web.call("PUT", f"{at}/rooms/{room}/draft", given, token=pottery.sam.token)
    sam = await signed_in(web, pottery.sam)
    page, thread = [(await sam.get(address)).body.decode() for address in (url, f"{url}/t/1")]
    assert ">Which &lt;clay&gt;</textarea>" in page
    assert ">Stoneware</textarea>" in thread
    assert page.count('<span class="meta drafted">') == 1
    await sam.post(f"{url}/t/1", body="Stoneware", client_id=str(uuid4()))
    assert ">Which &lt;clay&gt;</textarea>" in (await sam.get(url)).body.decode()
    await sam.post(url, body="Which clay", client_id=str(uuid4()))
    page = (await sam.get(url)).body.decode()
    assert ("clay&gt;</textarea>" in page, '<span class="meta drafted">' in page) == (False, False)
    zoe = (await (await signed_in(web, pottery.zoe)).get(url)).body.decode()
    assert '<span class="meta drafted">' not in zoe
