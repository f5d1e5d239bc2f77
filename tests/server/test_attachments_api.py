"""Files of messages over HTTP: from the browser to the store, into the talk, and out again only as what they are."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from yarl import URL

from tests.realtime.clients import connected
from tests.server.test_community_api import make_room, post
from tests.webapp import Reply, Web
from tests.workers.shop import make_shop
from tests.workers.test_attachments import SVG, do, drawn
from tests.world import School, Somebody


def cookie(who: Somebody) -> dict[str, str]:
    return {"Cookie": f"guildhall={who.token}"}


async def attach(
    web: Web, school: School, who: Somebody, tmp: Path, data: bytes, kind: str, name: str
) -> dict[str, Any]:
    """A file that somebody uploaded, looked at where that is to be done."""
    at, given = f"/channels/{school.slug}/attachments", {"name": name, "size": len(data), "content_type": kind}
    begun = await web.call("POST", at, given, token=who.token)
    assert begun.status == 201, begun.body
    early = await web.call("POST", f"{at}/{begun.json['id']}/complete", token=who.token)
    assert (early.status, early.json["code"]) == (409, "not_uploaded")
    async with web.session.put(begun.json["session_url"], data=data) as sent:
        assert sent.status in {200, 201}
    done = await web.call("POST", f"{at}/{begun.json['id']}/complete", token=who.token)
    if not done.json["ready"]:
        await do(replace(make_shop(web.house.tenancy, tmp), store=web.house.store), UUID(done.json["id"]))
    found: dict[str, Any] = (await web.call("GET", f"{at}/{begun.json['id']}", token=who.token)).json
    assert found["ready"]
    return found


async def fetched(web: Web, path: str, who: Somebody) -> Reply:
    """What a browser of somebody's gets at an address, wherever it is led on to."""
    answer = await web.get(path, headers=cookie(who))
    if answer.status != 302:
        return answer
    async with web.session.get(URL(answer.headers["Location"], encoded=True)) as led:
        return Reply(led.status, led.headers, await led.read(), None)


async def test_a_picture_goes_from_its_member_to_everyone_in_the_room(web: Web, school: School, tmp_path: Path) -> None:
    room = await make_room(web, school)
    shown = await attach(web, school, school.sam, tmp_path, drawn(), "image/jpeg", "Schale früh.jpg")
    assert (shown["kind"], shown["width"], shown["height"], shown["fault"]) == ("image", 1200, 300, None)
    async with connected(web, school, school.zoe) as zoe, connected(web, school, school.sam) as sam:
        await zoe.ok("room.join", room=room)
        await sam.ok("message.post", room=room, client_id=shown["id"], body="", files=[shown["id"]])
        (heard,) = await zoe.hears("message.posted")
    del shown["ready"], shown["fault"]
    assert heard["files"] == [shown]
    picture = await fetched(web, shown["url"], school.zoe)
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert picture.headers["Content-Disposition"].startswith("inline; ")
    assert "Schale%20fr%C3%BCh.jpg" in picture.headers["Content-Disposition"]
    assert (await fetched(web, shown["thumbnail"], school.zoe)).headers["Content-Type"] == "image/webp"
    page = (await web.get(f"/c/{school.slug}/community/wheel-talk", headers=cookie(school.zoe))).text
    assert f'<img src="{shown["thumbnail"]}" alt="Schale früh.jpg" width="384" height="96"' in page


@pytest.mark.parametrize(
    ("data", "kind", "name"),
    [(SVG, "image/svg+xml", "logo.svg"), (b"<script>alert(1)</script>", "text/html", "page.html"),
     (SVG, "image/png", "polyglot.png"), (b"%PDF-1.7", "application/pdf", "recipe.pdf")],
    ids=["svg", "html", "polyglot", "pdf"],
)  # fmt: skip
async def test_what_is_no_picture_is_only_ever_saved(
    web: Web, school: School, tmp_path: Path, data: bytes, kind: str, name: str
) -> None:
    room = await make_room(web, school)
    shown = await attach(web, school, school.sam, tmp_path, data, kind, name)
    assert (shown["kind"], shown["thumbnail"]) == ("file", None)
    assert (await post(web, school, room, school.sam.token, "Look", files=[shown["id"]])).status == 201
    got = await fetched(web, shown["url"], school.zoe)
    assert (got.status, got.body, got.headers["Content-Type"]) == (200, data, "application/octet-stream")
    assert got.headers["Content-Disposition"].startswith(f'attachment; filename="{name}"')
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert (await web.get(f"{shown['url']}/thumbnail", headers=cookie(school.zoe))).status == 404
    page = (await web.get(f"/c/{school.slug}/community/wheel-talk", headers=cookie(school.zoe))).text
    assert f'<a class="filerow" href="{shown["url"]}">' in page


async def test_the_way_to_a_file_closes_with_its_message_and_opens_with_it(
    web: Web, school: School, tmp_path: Path
) -> None:
    room = await make_room(web, school)
    shown = await attach(web, school, school.sam, tmp_path, b"clay", "text/plain", "clay.txt")
    message = (await post(web, school, room, school.sam.token, "", files=[shown["id"]])).json["id"]
    acts = f"/channels/{school.slug}/moderation/acts"
    act = await web.call("POST", acts, {"kind": "hide", "reason": "spam", "message": message}, token=school.mia.token)
    assert act.status == 201, act.body
    statuses = [(await fetched(web, shown["url"], who)).status for who in (school.sam, school.zoe, school.mia)]
    assert statuses == [404, 404, 200]
    assert (await web.call("PUT", f"{acts}/{act.json['id']}/undone", token=school.mia.token)).status == 200
    assert (await fetched(web, shown["url"], school.zoe)).status == 200
    own = f"/channels/{school.slug}/attachments/{shown['id']}"
    assert (await web.call("DELETE", own, token=school.sam.token)).json["code"] == "sent"
    assert (await web.call("GET", own, token=school.zoe.token)).status == 404


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"size": 101 * 1024**2}, 413, "file_too_large"),
        ({"size": 0}, 422, "empty"),
        ({"name": "a\u202egpj.exe"}, 422, "direction"),
        ({"content_type": "no type"}, 422, "type"),
        ({"purpose": "video"}, 422, "invalid"),
    ],
)
async def test_what_no_message_takes_is_refused_before_a_byte_is_sent(
    web: Web, school: School, given: dict[str, Any], status: int, code: str
) -> None:
    body = {"name": "a.pdf", "size": 9, "content_type": "application/pdf"} | given
    answer = await web.call("POST", f"/channels/{school.slug}/attachments", body, token=school.sam.token)
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_an_upload_of_a_lesson_is_no_attachment(web: Web, school: School) -> None:
    body = {"name": "a.pdf", "size": 9, "content_type": "application/pdf", "purpose": "attachment"}
    made = await web.call("POST", f"/channels/{school.slug}/uploads", body, token=school.ben.token)
    at = f"/channels/{school.slug}/attachments/{made.json['id']}"
    answers = [await web.call(*call, token=school.ben.token) for call in (("GET", at), ("DELETE", at))]
    assert [answer.status for answer in answers] == [404, 404]
