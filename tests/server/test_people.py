"""The people of a channel, over the API and as pages: the directory, profiles, pictures."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from realtime import parting
from tenants.files import examinations, files
from tenants.files.examinations import Picture
from tenants.ids import FileId
from tenants.members import bans
from tenants.scope import Tenancy
from tests.realtime.clients import connected
from tests.server.browsing import signed_in
from tests.server.test_community_api import make_room, post
from tests.waiting import until
from tests.webapp import Web
from tests.world import School, Somebody, World


async def picture(
    tenancy: Tenancy, school: School, who: Somebody, purpose: str = "picture", *, looked_at: bool = True
) -> UUID:
    async with tenancy.scope(school.id, who.actor) as scope:
        row = await files.begin(scope, name="me.png", content_type="image/png", purpose=purpose, size=10)
        await files.finish(scope, row["id"], size=10, crc32c=7)
        if purpose == "picture" and looked_at:
            await examinations.note_picture(scope, row["id"], Picture(800, 800, 10, 7, "image/webp"))
    return UUID(str(row["id"]))


async def test_members_find_one_another_by_name_and_role(web: Web, world: World) -> None:
    pottery = world.pottery
    at, token = f"/channels/{pottery.slug}/people", pottery.sam.token
    everyone = (await web.call("GET", at, token=token)).json["items"]
    assert [each["name"] for each in everyone] == ["Ana", "Ben", "Mia", "Sam", "Zoe"]
    first = (await web.call("GET", f"{at}?limit=3", token=token)).json
    rest = (await web.call("GET", f"{at}?limit=3&after={first['next']}", token=token)).json
    assert ([each["name"] for each in rest["items"]], rest["next"]) == (["Sam", "Zoe"], None)
    for query, names in {"q=ZO": ["Zoe"], "role=teacher": ["Ben"], "q=a&role=student": [], "q=%25": []}.items():
        found = (await web.call("GET", f"{at}?{query}", token=token)).json["items"]
        assert [each["name"] for each in found] == names
    assert (await web.call("GET", at)).status == 401
    assert (await web.call("GET", at, token=world.chess.eve.token)).status == 403
    for wrong in ("role=king", "limit=0", "after=x"):
        assert (await web.call("GET", f"{at}?{wrong}", token=token)).status == 422


async def test_who_is_banned_is_in_no_directory(web: Web, tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await bans.ban(scope, pottery.zoe.member_id, "Spam.")
    at = f"/channels/{pottery.slug}"
    assert (await web.call("GET", f"{at}/people?q=zo", token=pottery.sam.token)).json["items"] == []
    profile = f"{at}/members/{pottery.zoe.member_id}/profile"
    assert (await web.call("GET", profile, token=pottery.sam.token)).status == 404


async def test_a_profile_is_one_s_own_to_change_and_for_members_to_read(web: Web, world: World) -> None:
    pottery = world.pottery
    at, own = f"/channels/{pottery.slug}", f"/channels/{pottery.slug}/profile"
    given = {
        "pronouns": "she/her", "about": "I throw **bowls**. <script> <@00000000-0000-0000-0000-000000000000>",
        "links": [{"url": "https://zoe.example/pots"}, {"url": "http://a.example", "label": "Shop"}],
        "time_zone": "Asia/Tokyo",
    }  # fmt: skip
    saved = await web.call("PATCH", own, given, token=pottery.zoe.token)
    assert (saved.status, saved.json["time_zone"], saved.json["links"][0]["label"]) == (
        200,
        "Asia/Tokyo",
        "zoe.example",
    )
    assert "<strong>bowls</strong>. &lt;script&gt;" in saved.json["html"]
    assert "mention" not in saved.json["html"]
    changed = await web.call("PATCH", own, {"pronouns": ""}, token=pottery.zoe.token)
    assert (changed.json["pronouns"], changed.json["about"]) == ("", given["about"])
    profile = f"{at}/members/{pottery.zoe.member_id}/profile"
    assert (await web.call("GET", profile, token=pottery.sam.token)).json == changed.json
    assert (await web.call("GET", profile)).status == 401
    assert (await web.call("GET", profile, token=world.chess.eve.token)).status == 403
    assert (await web.call("GET", f"{at}/members/{uuid4()}/profile", token=pottery.sam.token)).status == 404
    assert (await web.call("PATCH", own, {"pronouns": "x"}, token=world.chess.eve.token)).status == 403


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"links": [{"url": "javascript:alert(1)"}]}, 422),
        ({"links": [{"url": "https://a@b.example"}]}, 422),
        ({"links": [{"url": "ftp://a.example"}]}, 422),
        ({"links": [{"url": "https://["}]}, 422),
        ({"links": [{"url": "https://a.example"}] * 6}, 422),
        ({"about": "é" * 2049}, 413),
        ({"pronouns": "x" * 41}, 422),
        ({"time_zone": "Mars/Base"}, 422),
        ({"picture": str(uuid4())}, 422),
        ({"role": "owner"}, 422),
    ],
)
async def test_what_a_profile_cannot_hold_is_refused(
    web: Web, world: World, given: dict[str, Any], status: int
) -> None:
    own = f"/channels/{world.pottery.slug}/profile"
    assert (await web.call("PATCH", own, given, token=world.pottery.zoe.token)).status == status


async def test_a_picture_stands_beside_messages_and_changes_on_open_pages(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    await post(web, pottery, room, pottery.zoe.token)
    file = await picture(tenancy, pottery, pottery.zoe)
    own, url = f"/channels/{pottery.slug}/profile", f"/c/{pottery.slug}/files/{file}"
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=room)
        saved = await web.call("PATCH", own, {"picture": str(file)}, token=pottery.zoe.token)
        assert saved.json["avatar"] == url
        told = {"room": room, "id": str(pottery.zoe.member_id), "name": "Zoe", "avatar": url}
        assert await sam.hears("member.changed") == [told]
        await post(web, pottery, room, pottery.zoe.token)
        assert (await sam.hears("message.posted"))[0]["author"]["avatar"] == url
        renamed = f"/channels/{pottery.slug}/members/{pottery.zoe.member_id}"
        await web.call("PATCH", renamed, {"name": "Zoe B"}, token=pottery.zoe.token)
        assert (await sam.hears("member.changed", 2))[-1] == told | {"name": "Zoe B"}
    page = await web.call("GET", f"/channels/{pottery.slug}/rooms/{room}/messages", token=pottery.sam.token)
    assert {message["author"]["avatar"] for message in page.json["items"]} == {url}
    reader = await signed_in(web, pottery.sam)
    shown = (await reader.get(f"/c/{pottery.slug}/community/wheel-talk")).body.decode()
    assert f'<img class="tile" src="{url}"' in shown
    assert (await reader.get(url)).status == 302
    assert (await (await signed_in(web, world.chess.eve)).get(url)).status == 403
    assert (await web.get(url)).headers["Location"].startswith("/sign-in")
    away = await web.call("PATCH", own, {"picture": None}, token=pottery.zoe.token)
    assert away.json["avatar"] is None


async def test_a_picture_is_shown_when_it_was_looked_at_and_not_before(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    own, zoe = f"/channels/{pottery.slug}/profile", await signed_in(web, world.pottery.zoe)
    file = await picture(tenancy, pottery, pottery.zoe, looked_at=False)
    saved = await web.call("PATCH", own, {"picture": str(file)}, token=pottery.zoe.token)
    assert (saved.status, saved.json["avatar"]) == (200, None)
    assert (await zoe.get(f"/c/{pottery.slug}/files/{file}")).status == 404
    spoilt = await picture(tenancy, pottery, pottery.zoe, looked_at=False)
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await examinations.note_fault(scope, spoilt, "It is no picture.")
    assert (await web.call("PATCH", own, {"picture": str(spoilt)}, token=pottery.zoe.token)).status == 422
    assert (await zoe.get(f"/c/{pottery.slug}/files/{spoilt}")).status == 404


async def test_what_is_no_picture_is_said_at_the_picture_and_the_words_stay(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    zoe, url = await signed_in(web, pottery.zoe), f"/c/{pottery.slug}/people/me"
    spoilt, good = [await picture(tenancy, pottery, pottery.zoe, looked_at=False) for _ in range(2)]
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await examinations.note_fault(scope, spoilt, "This is no picture that can be read.")
    again = await zoe.post(url, name="Zoe", about="I throw bowls", picture=str(spoilt))
    assert again.status == 422
    assert '<p class="error" id="picture-error" role="alert"><svg' in again.text
    assert "<span>This is no picture that can be read.</span>" in again.text
    assert "I throw bowls</textarea>" in again.text
    assert str(spoilt) not in again.text
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await files.forget(scope, FileId(spoilt))
    gone = await zoe.post(url, name="Zoe", about="I throw bowls", picture=str(spoilt))
    assert (gone.status, "This is no picture that can be shown" in gone.text) == (422, True)
    # What has nothing wrong with it need not be sent once more for the sake of another field.
    other = await zoe.post(url, name="Zoe", about="I throw bowls", pronouns="x" * 200, picture=str(good))
    assert (other.status, f'name="picture" value="{good}"' in other.text) == (422, True)
    assert 'id="picture-error" role="alert" hidden>' in other.text


async def test_a_picture_counts_as_something_posted(web: Web, world: World) -> None:
    pottery = world.pottery
    at = f"/channels/{pottery.slug}/uploads"
    asked = {"name": "me.png", "content_type": "image/png", "size": 10, "purpose": "picture"}
    begun = await web.call("POST", at, asked, token=pottery.sam.token)
    assert (begun.status, '"posting"' in begun.headers["RateLimit-Policy"]) == (201, True)
    cover = await web.call("POST", at, asked | {"purpose": "cover"}, token=pottery.ben.token)
    assert (cover.status, '"posting"' in cover.headers["RateLimit-Policy"]) == (201, False)


async def test_nobody_wears_another_s_upload_or_one_made_for_something_else(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    own = f"/channels/{pottery.slug}/profile"
    theirs = await picture(tenancy, pottery, pottery.zoe)
    logo = await picture(tenancy, pottery, pottery.ben, "logo")
    assert (await web.call("PATCH", own, {"picture": str(theirs)}, token=pottery.sam.token)).status == 404
    assert (await web.call("PATCH", own, {"picture": str(logo)}, token=pottery.ben.token)).status == 422


async def test_visitors_of_an_open_room_see_tiles_and_no_ways_to_people(
    web: Web, tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery, "open")
    file = await picture(tenancy, pottery, pottery.zoe)
    await web.call("PATCH", f"/channels/{pottery.slug}/profile", {"picture": str(file)}, token=pottery.zoe.token)
    await post(web, pottery, room, pottery.zoe.token)
    page = (await web.get(f"/c/{pottery.slug}/community/wheel-talk")).body.decode()
    assert "Zoe" in page
    assert str(file) not in page
    assert "/people" not in page


async def test_the_pages_of_people_work_without_scripts(web: Web, world: World) -> None:
    pottery = world.pottery
    zoe, sam, mia = [await signed_in(web, who) for who in (pottery.zoe, pottery.sam, pottery.mia)]
    at = f"/c/{pottery.slug}/people"
    form = {
        "name": "Zoe Addo", "pronouns": "she", "about": "Bowls.", "time_zone": "Asia/Tokyo", "url-0": "",
        "url-1": "https://zoe.example", "label-1": "My shop",
    }  # fmt: skip
    saved = await zoe.post(f"{at}/me", **form)
    there = f"{at}/{pottery.zoe.member_id}"
    assert saved.headers["Location"] == f"{there}?said=saved"
    shown = (await sam.get(there)).body.decode()
    for words in ("Zoe Addo", "she", "Bowls.", "Asia/Tokyo", 'rel="nofollow ugc noopener"', "Message", "Block"):
        assert words in shown
    assert "Their cases" not in shown
    assert "Their cases" in (await mia.get(there)).body.decode()
    assert "Change your profile" in (await zoe.get(there)).body.decode()
    wrong = await zoe.post(f"{at}/me", **form | {"url-1": "nowhere"})
    assert (wrong.status, "Give an address" in wrong.body.decode()) == (422, True)
    assert there in (await sam.get(f"{at}?q=zoe")).body.decode()
    assert "Nobody is called so" in (await sam.get(f"{at}?q=qq")).body.decode()
    begun = await sam.post(f"/c/{pottery.slug}/direct", member=str(pottery.zoe.member_id))
    assert "/community/direct-" in begun.headers["Location"]
    assert (await web.get(at)).headers["Location"].startswith("/sign-in")
    assert (await (await signed_in(web, world.chess.eve)).get(at)).status == 403
    assert (await sam.get(f"{at}/{uuid4()}")).status == 404
    cases = (await mia.get(f"/c/{pottery.slug}/studio/moderation?member={pottery.zoe.member_id}")).body.decode()
    assert "Nothing waits" in cases


async def test_when_somebody_was_last_here_is_seen_of_those_who_let_it(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "GATHER_SECONDS", 0.01)
    pottery = world.pottery
    own = f"/channels/{pottery.slug}/profile"
    assert (await web.call("PATCH", own, {"shows_seen": True}, token=pottery.zoe.token)).json["seen_at"] is None
    for who in (pottery.zoe, pottery.ben):
        async with connected(web, pottery, who):
            pass

    async def seen(who: Somebody) -> str | None:
        at = f"/channels/{pottery.slug}/members/{who.member_id}/profile"
        found: str | None = (await web.call("GET", at, token=pottery.sam.token)).json["seen_at"]
        return found

    async def noted() -> bool:
        return await seen(pottery.zoe) is not None

    await until(noted)
    assert await seen(pottery.ben) is None
    await web.call("PATCH", own, {"time_zone": "Asia/Tokyo"}, token=pottery.sam.token)
    page = await (await signed_in(web, pottery.sam)).get(f"/c/{pottery.slug}/people/{pottery.zoe.member_id}")
    assert re.search(r"last here [^·]* JST", page.body.decode())
    # Whoever takes it back leaves nothing of it.
    await web.call("PATCH", own, {"shows_seen": False}, token=pottery.zoe.token)
    shown = await web.call("PATCH", own, {"shows_seen": True}, token=pottery.zoe.token)
    assert shown.json["seen_at"] is None


async def test_who_is_connected_is_here_in_the_directory_if_they_let_it_be_seen(web: Web, world: World) -> None:
    pottery, own = world.pottery, f"/channels/{world.pottery.slug}/profile"

    async def marked(reader: Somebody, who: Somebody) -> list[bool]:
        """Whether the directory, and the profile, say that somebody is here."""
        browser, people = await signed_in(web, reader), f"/c/{pottery.slug}/people"
        listed = (await browser.get(f"{people}?q={who.name}")).body.decode()
        profile = (await browser.get(f"{people}/{who.member_id}")).body.decode()
        return ['<i class="here on"></i>' in listed, "here now" in profile]

    async with connected(web, pottery, pottery.zoe):
        assert await marked(pottery.sam, pottery.zoe) == [False, False]
        assert await marked(pottery.ana, pottery.zoe) == [False, False]
        assert await marked(pottery.zoe, pottery.zoe) == [True, True]
        await web.call("PATCH", own, {"shows_seen": True}, token=pottery.zoe.token)
        assert await marked(pottery.sam, pottery.zoe) == [True, True]
        assert await marked(pottery.sam, pottery.ben) == [False, False]
        await web.call("PATCH", own, {"shows_seen": False}, token=pottery.zoe.token)
        assert await marked(pottery.sam, pottery.zoe) == [False, False]
