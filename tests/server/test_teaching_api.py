"""Channels, members, courses, uploads, progress and batches over the API, as the contract has them."""

import asyncio
import secrets
from typing import Any

import pytest

from tests.webapp import Web
from tests.world import School, World

NO_ID = "01920000-0000-7000-8000-000000000000"


@pytest.fixture
def pottery(world: World) -> School:
    return world.pottery


async def made_course(web: Web, school: School, token: str) -> dict[str, Any]:
    """A published course with one published text lesson, by the API alone."""
    at = f"/channels/{school.slug}"
    course = (await web.call("POST", f"{at}/courses", {"title": "Bowls", "slug": "bowls"}, token=token)).json
    given = {"kind": "text", "title": "Wedging", "body": "Press *firmly*."}
    lesson = (await web.call("POST", f"{at}/courses/{course['id']}/lessons", given, token=token)).json
    for thing in (f"courses/{course['id']}", f"lessons/{lesson['id']}"):
        assert (await web.call("POST", f"{at}/{thing}/publish", token=token)).status == 200
    return {"at": at, "id": course["id"], "lesson": lesson["id"]}


async def test_a_person_founds_a_channel_and_owns_it(web: Web, world: World) -> None:
    slug = f"clay-{secrets.token_hex(6)}"
    given = {"name": "Clay & Fire", "slug": slug, "brand": {"colour": "#1F6F72"}, "time_zone": "Europe/Lisbon"}
    made = await web.call("POST", "/channels", given, token=world.nobody.token)
    assert (made.status, made.json["slug"], made.json["brand"]) == (201, slug, {"colour": "#1f6f72"})
    again = await web.call("POST", "/channels", given, token=world.chess.otto.token)
    assert (again.status, again.json["code"]) == (409, "slug_taken")
    me = await web.call("GET", "/me", token=world.nobody.token)
    assert [(each["channel"]["slug"], each["role"]) for each in me.json["memberships"]] == [(slug, "owner")]
    page = await web.call("GET", f"/channels/{slug}")
    assert (page.status, page.json["name"], [each["role"] for each in page.json["teachers"]]) == (
        200, "Clay & Fire", ["owner"],
    )  # fmt: skip


async def test_channels_are_listed_page_by_page(web: Web, world: World) -> None:
    seen, after = set(), ""
    for _ in range(400):
        page = (await web.call("GET", f"/channels?limit=100{after}")).json
        seen |= {each["slug"] for each in page["items"]}
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert {world.pottery.slug, world.chess.slug} <= seen
    assert (await web.call("GET", "/channels?after=nonsense")).status == 422


async def test_settings_are_changed_by_those_who_may(web: Web, pottery: School) -> None:
    at = f"/channels/{pottery.slug}"
    for token, status in (("", 401), (pottery.sam.token, 403), (pottery.ben.token, 403), (pottery.ana.token, 200)):
        assert (await web.call("PATCH", at, {"tagline": "Slow pots"}, token=token)).status == status
    wrong = await web.call("PATCH", at, {"brand": {"colour": "red"}}, token=pottery.ana.token)
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/brand/colour")
    assert (await web.call("PATCH", at, {"name": None}, token=pottery.ana.token)).status == 422
    shown = (await web.call("GET", at)).json
    assert (shown["tagline"], shown["name"]) == ("Slow pots", "Pottery")


async def test_one_joins_leaves_and_is_banned(web: Web, world: World, pottery: School) -> None:
    at, token = f"/channels/{pottery.slug}", world.nobody.token
    joined = await web.call("POST", f"{at}/join", token=token)
    assert (joined.status, joined.json["member"]["role"]) == (201, "student")
    assert (await web.call("POST", f"{at}/join", token=token)).status == 200
    assert (await web.call("POST", f"{at}/join")).status == 401
    ban = f"{at}/members/{joined.json['member']['id']}/ban"
    assert (await web.call("PUT", ban, {"reason": "Spam"}, token=pottery.sam.token)).status == 403
    banned = await web.call("PUT", ban, {"reason": "Spam"}, token=pottery.mia.token)
    assert (banned.status, banned.json["ban"]["reason"]) == (200, "Spam")
    for call in (("GET", f"{at}/members"), ("POST", f"{at}/join")):
        refused = await web.call(*call, token=token)
        assert (refused.status, refused.json["code"]) == (403, "banned")
    assert (await web.call("DELETE", ban, token=pottery.mia.token)).status == 204
    assert (await web.call("POST", f"{at}/leave", token=token)).status == 204
    assert (await web.call("GET", f"{at}/members", token=token)).status == 403


async def test_members_are_listed_and_bans_are_told_to_moderators_only(web: Web, pottery: School) -> None:
    at = f"/channels/{pottery.slug}/members"
    await web.call("PUT", f"{at}/{pottery.zoe.member_id}/ban", {"reason": "Rude"}, token=pottery.mia.token)
    first = (await web.call("GET", f"{at}?limit=2", token=pottery.sam.token)).json
    rest = (await web.call("GET", f"{at}?limit=100&after={first['next']}", token=pottery.sam.token)).json
    assert [each["name"] for each in first["items"] + rest["items"]] == ["Ana", "Ben", "Mia", "Sam", "Zoe"]
    assert rest["items"][-1]["ban"] is None
    seen = await web.call("GET", f"{at}/{pottery.zoe.member_id}", token=pottery.mia.token)
    assert seen.json["ban"]["reason"] == "Rude"


async def test_a_role_is_given_by_those_above(web: Web, pottery: School) -> None:
    one = f"/channels/{pottery.slug}/members/{pottery.sam.member_id}"
    assert (await web.call("PATCH", one, {"role": "teacher"}, token=pottery.ben.token)).status == 403
    given = await web.call("PATCH", one, {"role": "teacher"}, token=pottery.ana.token)
    assert (given.status, given.json["role"]) == (200, "teacher")
    assert (await web.call("PATCH", one, {"role": "emperor"}, token=pottery.ana.token)).status == 422


async def test_a_course_is_written_published_read_and_finished(web: Web, pottery: School) -> None:
    made = await made_course(web, pottery, pottery.ben.token)
    at, sam = made["at"], pottery.sam.token
    lesson = f"{at}/lessons/{made['lesson']}"
    assert (await web.call("GET", lesson)).status == 401
    refused = await web.call("GET", lesson, token=sam)
    assert (refused.status, refused.json["code"]) == (403, "not_enrolled")
    enrolled = await web.call("POST", f"{at}/courses/{made['id']}/enroll", {}, token=sam)
    assert (enrolled.status, enrolled.json["state"]) == (201, "active")
    opened = await web.call("GET", lesson, token=sam)
    assert (opened.status, opened.json["html"]) == (200, '<p dir="auto">Press <em>firmly</em>.</p>')
    before = (await web.call("GET", f"{at}/courses/{made['id']}/progress", token=sam)).json
    assert (before["percent"], before["sentence"]) == (0, "0 %: read “Wedging” and mark it done")
    after = await web.call("POST", f"{lesson}/done", token=sam)
    assert (after.status, after.json["percent"], after.json["done"]) == (200, 100, True)
    students = await web.call("GET", f"{at}/courses/{made['id']}/students", token=pottery.ben.token)
    assert [(each["name"], each["finished_at"] is not None) for each in students.json["items"]] == [("Sam", True)]


async def test_lessons_are_listed_page_by_page_in_their_order(web: Web, pottery: School) -> None:
    made = await made_course(web, pottery, pottery.ben.token)
    for number in range(4):
        given = {"kind": "text", "title": f"Part {number}", "body": "x"}
        await web.call("POST", f"{made['at']}/courses/{made['id']}/lessons", given, token=pottery.ben.token)
    listed = f"{made['at']}/courses/{made['id']}/lessons"
    first = (await web.call("GET", f"{listed}?limit=3", token=pottery.ben.token)).json
    rest = (await web.call("GET", f"{listed}?after={first['next']}", token=pottery.ben.token)).json
    titles = [each["title"] for each in first["items"] + rest["items"]]
    assert titles == ["Wedging", "Part 0", "Part 1", "Part 2", "Part 3"]
    assert [each["title"] for each in (await web.call("GET", listed)).json["items"]] == ["Wedging"]


async def test_two_edits_of_one_version_are_not_both_taken(web: Web, pottery: School) -> None:
    made = await made_course(web, pottery, pottery.ben.token)
    one = f"{made['at']}/courses/{made['id']}"
    version = (await web.call("GET", one)).json["version"]
    answers = await asyncio.gather(
        *(
            web.call("PATCH", one, {"version": version, "title": f"Title {n}"}, token=pottery.ben.token)
            for n in range(2)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    (late,) = [answer for answer in answers if answer.status == 409]
    assert (late.json["code"], late.json["version"]) == ("changed_meanwhile", version + 1)


async def test_the_same_key_writes_one_lesson(web: Web, pottery: School) -> None:
    made = await made_course(web, pottery, pottery.ben.token)
    given, key = {"kind": "text", "title": "Once", "body": "x"}, secrets.token_hex(8)
    listed = f"{made['at']}/courses/{made['id']}/lessons"
    answers = [await web.call("POST", listed, given, token=pottery.ben.token, Idempotency_Key=key) for _ in range(2)]
    assert answers[0].body == answers[1].body
    shown = (await web.call("GET", listed, token=pottery.ben.token)).json["items"]
    assert [each["title"] for each in shown] == ["Wedging", "Once"]


async def test_a_film_travels_straight_to_the_store_and_becomes_a_lesson(web: Web, pottery: School) -> None:
    made = await made_course(web, pottery, pottery.ben.token)
    film = secrets.token_bytes(300_000)
    given = {"name": "bowl.mp4", "size": len(film), "content_type": "video/mp4", "purpose": "video"}
    uploads = f"{made['at']}/uploads"
    assert (await web.call("POST", uploads, given, token=pottery.sam.token)).status == 403
    begun = await web.call("POST", uploads, given, token=pottery.ben.token)
    assert begun.status == 201
    complete = f"{uploads}/{begun.json['id']}/complete"
    early = await web.call("POST", complete, token=pottery.ben.token)
    assert (early.status, early.json["code"]) == (409, "not_uploaded")
    async with web.session.put(begun.json["session_url"], data=film) as answer:
        assert answer.status in {200, 201}
    assert (await web.call("POST", complete, token=pottery.ana.token)).status == 404
    for _ in range(2):
        file = await web.call("POST", complete, token=pottery.ben.token)
        assert (file.status, file.json["size"], file.json["state"]) == (200, len(film), "ready")
    assert file.json["url"] == f"/c/{pottery.slug}/files/{begun.json['id']}"
    lesson = {"kind": "video", "title": "Film", "file_id": begun.json["id"], "duration_seconds": 100}
    added = await web.call("POST", f"{made['at']}/courses/{made['id']}/lessons", lesson, token=pottery.ben.token)
    assert (added.status, added.json["file"]) == (201, file.json["url"])
    await web.call("POST", f"{made['at']}/lessons/{added.json['id']}/publish", token=pottery.ben.token)
    await web.call("POST", f"{made['at']}/courses/{made['id']}/enroll", {}, token=pottery.sam.token)
    played = {"intervals": [[0, 9.5]], "position": 9.5}
    report = f"{made['at']}/lessons/{added.json['id']}/progress"
    told = await web.call("POST", report, played, token=pottery.sam.token)
    assert (told.status, told.json["lessons"][1]["played"]) == (200, [[0, 9.5]])
    for bad in ({"intervals": [[3, 1]], "position": 0}, {"intervals": [[1]], "position": 0}, {"intervals": "x"}):
        assert (await web.call("POST", report, bad, token=pottery.sam.token)).status == 422


async def test_a_full_batch_says_so(web: Web, pottery: School) -> None:
    made = await made_course(web, pottery, pottery.ben.token)
    at = f"{made['at']}/courses/{made['id']}"
    given = {"name": "Spring", "starts_on": "2126-03-01", "seats": 1, "time_zone": "Europe/Lisbon"}
    batch = await web.call("POST", f"{at}/batches", given, token=pottery.ben.token)
    assert (batch.status, batch.json["taken"]) == (201, 0)
    wanted = {"batch": batch.json["id"]}
    assert (await web.call("POST", f"{at}/enroll", wanted, token=pottery.sam.token)).status == 201
    full = await web.call("POST", f"{at}/enroll", wanted, token=pottery.zoe.token)
    assert (full.status, full.json["code"]) == (409, "batch_full")
    assert (await web.call("DELETE", f"{at}/enroll", token=pottery.sam.token)).status == 204
    assert (await web.call("POST", f"{at}/enroll", wanted, token=pottery.zoe.token)).status == 201
    assert (await web.call("GET", f"{at}/batches")).json["items"][0]["taken"] == 1


async def test_nothing_of_another_channel_is_found(web: Web, world: World) -> None:
    made = await made_course(web, world.chess, world.chess.otto.token)
    course, lesson, member = made["id"], made["lesson"], world.chess.eve.member_id
    at, token = f"/channels/{world.pottery.slug}", world.pottery.ana.token
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"courses/{course}", None), ("PATCH", f"courses/{course}", {"version": 1, "title": "x"}),
        ("DELETE", f"courses/{course}", None), ("POST", f"courses/{course}/publish", None),
        ("POST", f"courses/{course}/withdraw", None), ("GET", f"courses/{course}/sections", None),
        ("POST", f"courses/{course}/sections", {"title": "x"}), ("GET", f"courses/{course}/lessons", None),
        ("POST", f"courses/{course}/lessons", {"kind": "text", "title": "x"}),
        ("GET", f"courses/{course}/progress", None), ("GET", f"courses/{course}/batches", None),
        ("POST", f"courses/{course}/batches", {"name": "x", "starts_on": "2126-01-01"}),
        ("POST", f"courses/{course}/enroll", {}), ("GET", f"lessons/{lesson}", None),
        ("PATCH", f"lessons/{lesson}", {"version": 1, "title": "x"}), ("DELETE", f"lessons/{lesson}", None),
        ("POST", f"lessons/{lesson}/publish", None), ("POST", f"lessons/{lesson}/done", None),
        ("POST", f"lessons/{lesson}/progress", {"intervals": [], "position": 0}),
        ("POST", f"lessons/{lesson}/move", {"section_id": NO_ID, "place": 0}),
        ("GET", f"members/{member}", None), ("PATCH", f"members/{member}", {"role": "teacher"}),
        ("PUT", f"members/{member}/ban", {"reason": "x"}), ("DELETE", f"members/{member}/ban", None),
        ("POST", f"uploads/{NO_ID}/complete", None), ("GET", f"batches/{NO_ID}", None),
        ("PATCH", f"sections/{NO_ID}", {"version": 1, "title": "x"}), ("DELETE", f"sections/{NO_ID}", None),
    ]  # fmt: skip
    answers = [(method, path, (await web.call(method, f"{at}/{path}", body, token=token)).status)
               for method, path, body in calls]  # fmt: skip
    assert [answer for answer in answers if answer[2] != 404] == []


BAD_TEXTS = ["a\x00b", "a\u202eb", "", "x" * 2000, "two\nlines"]


@pytest.mark.parametrize("text", BAD_TEXTS, ids=ascii)
async def test_a_title_that_will_not_do_is_422(web: Web, pottery: School, text: str) -> None:
    at, token = f"/channels/{pottery.slug}", pottery.ben.token
    assert (await web.call("POST", f"{at}/courses", {"title": text, "slug": "abc"}, token=token)).status == 422
    assert (await web.call("POST", "/channels", {"name": text, "slug": "abc-def"}, token=token)).status == 422
    edit = {"name": text}
    member = f"{at}/members/{pottery.ben.member_id}"
    assert (await web.call("PATCH", member, edit, token=token)).status == 422
