"""The earlier words of a message on a page, for whoever may see them: what was put in and taken out, in words."""

import re
import time

from server.web.views.history import Part, compare
from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room, post
from tests.webapp import Web
from tests.world import World


def test_words_are_compared_one_by_one() -> None:
    assert compare("Which clay for a bowl?", "Which white clay for bowls?") == (
        Part("same", "Which "), Part("ins", "white "), Part("same", "clay for "), Part("del", "a bowl?"),
        Part("ins", "bowls?"),
    )  # fmt: skip
    assert compare("", "new") == (Part("ins", "new"),)
    assert compare("gone", "") == (Part("del", "gone"),)
    assert compare("same", "same") == (Part("same", "same"),)
    for before, after in (("a b " * 1200, "b a " * 1200), ("\u05d0 \u05d1\n\n\u05d2", "\u05d0\n\u05d2 x")):
        began = time.perf_counter()
        parts = compare(before, after)
        assert time.perf_counter() - began < 1
        assert "".join(part.words for part in parts if part.kind != "ins") == before
        assert "".join(part.words for part in parts if part.kind != "del") == after


async def test_its_author_and_moderators_read_how_a_message_came_about(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    message = (await post(web, pottery, room, pottery.sam.token, f"<b>Ask</b> <@{pottery.zoe.member_id}>")).json["id"]
    url, at = f"/c/{pottery.slug}/community/wheel-talk", f"/channels/{pottery.slug}/messages/{message}"
    for body in (f"<b>Ask</b> kindly <@{pottery.zoe.member_id}>", f"Ask kindly <@{pottery.zoe.member_id}>"):
        assert (await web.call("PATCH", at, {"body": body}, token=pottery.sam.token)).status == 200
    history = f"{url}/m/1/history"
    for who, may in ((pottery.sam, True), (pottery.mia, True), (pottery.zoe, False)):
        reader = await signed_in(web, who)
        assert (f'href="{history}"' in (await reader.get(url)).body.decode()) is may
        answer = await reader.get(history)
        assert answer.status == (200 if may else 403)
        if may:
            page = answer.body.decode()
            shown = re.sub(r"<[^>]+>", "", page.split('<ol class="versions"')[1].split("</ol>")[0])
            assert [words in shown for words in ("put in: kindly", "taken out: &lt;b&gt;Ask&lt;/b&gt;", "@Zoe")] == [
                True
            ] * 3
            assert page.index("as it stands now") < page.index("first written")
            assert "<b>Ask" not in page
    sam = await signed_in(web, pottery.sam)
    for wrong in ("0", "99", "x"):
        assert (await sam.get(f"{url}/m/{wrong}/history")).status == 404
    stranger = await web.get(history)
    assert (stranger.status, stranger.headers["Location"].startswith("/sign-in?next=")) == (303, True)
    assert (await web.call("DELETE", at, token=pottery.sam.token)).status in {200, 204}
    assert (await sam.get(history)).status == 404
