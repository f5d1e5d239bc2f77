"""Filters and raid mode over the API, the wire and the studio's forms."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenants.moderation import reports
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.realtime.clients import connected
from tests.server.browsing import Browsing, signed_in
from tests.server.test_community_api import make_room, post
from tests.server.test_moderation_api import ask
from tests.webapp import Web
from tests.world import School, World

CLAY = {"name": "No clay", "kind": "words", "rule": {"words": ["clay"]}, "action": "refuse", "enabled": True}


async def make(web: Web, school: School, **more: Any) -> dict[str, Any]:
    made = await ask(web, school, school.mia, "POST", "/moderation/filters", CLAY | more)
    assert made.status == 201, made.json
    return dict(made.json)


async def test_a_filter_is_made_changed_tried_and_deleted(web: Web, school: School, room: str) -> None:
    await post(web, school, room, school.sam.token, "My **clay**")
    trial = await ask(web, school, school.mia, "POST", "/moderation/filter-trials", CLAY)
    assert (trial.status, trial.json["caught"], trial.json["looked_at"], trial.json["complete"]) == (200, 1, 1, True)
    assert trial.json["sample"][0]["author"] == "Sam"
    made = await make(web, school)
    refused = await post(web, school, room, school.sam.token, "clay")
    assert (refused.status, refused.json["code"]) == (403, "filtered")
    path = f"/moderation/filters/{made['id']}"
    changed = await ask(web, school, school.mia, "PATCH", path, {"action": "hold", "exempt_days": 30})
    assert (changed.json["action"], changed.json["exempt_days"], changed.json["caught"]) == ("hold", 30, 1)
    held = await post(web, school, room, school.sam.token, "clay")
    assert held.status == 201
    queue = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
    assert [(case["kind"], case["catches"][0]["name"]) for case in queue] == [("hold", "No clay")]
    listed = (await ask(web, school, school.mia, "GET", "/moderation/filters")).json
    assert ([each["id"] for each in listed["items"]], listed["next"]) == ([made["id"]], None)
    assert [(await ask(web, school, school.mia, "DELETE", path)).status for _ in range(2)] == [204, 404]
    assert (await ask(web, school, school.mia, "PATCH", path, {})).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "regex"}, {"rule": {"words": []}}, {"rule": {"words": ["a\u0000"]}}, {"rule": {"pattern": "a+"}},
        {"rule": {"words": "clay"}}, {"exempt_days": -1}, {"name": ""}, {"rule": {"words": ["a"] * 201}},
        {"rule": {"words": ["\u202eclay"]}}, {"rule": None},
    ],
)  # fmt: skip
async def test_a_wrong_one_is_told_what_is_wrong(web: Web, school: School, wrong: dict[str, Any]) -> None:
    for path in ("/moderation/filters", "/moderation/filter-trials"):
        answer = await ask(web, school, school.mia, "POST", path, CLAY | wrong)
        assert (answer.status, bool(answer.json["errors"])) == (422, True)


async def test_students_and_others_reach_none_of_it(web: Web, world: World, school: School) -> None:
    made = await make(web, school)
    calls = [
        ("GET", "/moderation/filters", None), ("POST", "/moderation/filters", CLAY),
        ("POST", "/moderation/filter-trials", CLAY), ("PATCH", f"/moderation/filters/{made['id']}", {}),
        ("DELETE", f"/moderation/filters/{made['id']}", None), ("GET", "/moderation/raid", None),
        ("PUT", "/moderation/raid", {}), ("DELETE", "/moderation/raid", None),
    ]  # fmt: skip
    for method, path, given in calls:
        for who in (school.zoe, school.ben, world.chess.otto):
            assert (await ask(web, school, who, method, path, given)).status == 403, path


async def test_the_wire_screens_and_raids_reach_open_sockets(web: Web, school: School, room: str) -> None:
    await make(web, school)
    async with connected(web, school, school.sam) as sam, connected(web, school, school.mia) as mia:
        for client in (sam, mia):
            await client.ok("room.join", room=room)
        given = {"room": room, "client_id": str(school.sam.member_id), "body": "clay"}
        assert await sam.code("message.post", **given) == "filtered"
        on = await ask(web, school, school.ana, "PUT", "/moderation/raid", {"minutes": 5})
        assert on.json["ends_at"] is not None
        (muted,) = await sam.hears("muted")
        assert "New members only read" in muted["said"]
        assert (await sam.hears("room.slowed"))[0]["seconds"] == 30
        assert (await mia.hears("notice"))[0]["kind"] == "raid"
        assert await sam.code("message.post", **(given | {"body": "A bowl"})) == "raid"
        assert (await ask(web, school, school.ana, "DELETE", "/moderation/raid")).status == 204
        assert (await sam.hears("muted", 2))[1]["said"] == ""
        assert (await ask(web, school, school.ana, "GET", "/moderation/raid")).json == {
            "began_at": None,
            "ends_at": None,
        }
        await sam.ok("message.post", **(given | {"body": "A bowl"}))


async def test_a_held_message_is_told_without_its_words(web: Web, school: School, room: str) -> None:
    await make(web, school, action="hold")
    async with connected(web, school, school.zoe) as zoe:
        await zoe.ok("room.join", room=room)
        await post(web, school, room, school.sam.token, "clay")
        (heard,) = await zoe.hears("message.posted")
        assert (heard["seq"], heard["body"], heard["html"], heard["hidden"]) == (1, "", "", True)


@pytest.fixture
async def mia(web: Web, school: School) -> Browsing:
    return await signed_in(web, school.mia)


async def test_the_studio_makes_tries_and_turns_filters_by_forms(
    web: Web, school: School, room: str, mia: Browsing
) -> None:
    await post(web, school, room, school.sam.token, "free **money** here")
    url = f"/c/{school.slug}/studio/moderation/filters"
    assert "No filters yet" in (await mia.get(url)).text
    fields = {"kind": "words", "name": "Scams", "words": "free money\nclay", "action": "hold", "enabled": "on"}
    tried = await mia.post(url, **fields, do="try")
    assert (tried.status, "No filters yet" in tried.text) == (200, False)
    assert all(
        each in tried.text
        for each in ("would have caught 1 message", "free <strong>money</strong> here", "clay</textarea>")
    )
    wrong = await mia.post(url, **(fields | {"words": " ", "do": "save"}))
    assert (wrong.status, "Give 1 to 200" in wrong.text) == (422, True)
    assert (await mia.post(url, **fields, do="save")).headers["Location"] == f"{url}?said=added"
    links = {"kind": "links", "name": "Far away", "mode": "deny", "domains": "evil.example", "action": "flag"}
    assert (await mia.post(url, **links, do="save")).status == 303
    page = (await mia.get(url)).text
    first, second = dict.fromkeys(re.findall(r'/moderation/filters/([0-9a-f-]{36})"', page))
    assert (await mia.post(f"{url}/{second}", do="up")).headers["Location"].endswith("said=moved")
    assert page.index("Scams") < page.index("Far away")
    moved = (await mia.get(url)).text
    assert moved.index("Far away") < moved.index("Scams")
    assert (await mia.post(f"{url}/{first}", do="turn")).status == 303
    assert (await post(web, school, room, school.sam.token, "clay")).status == 201
    assert "Nothing waits" in (await mia.get(f"/c/{school.slug}/studio/moderation")).text
    assert (await mia.post(f"{url}/{first}", do="delete")).status == 303
    assert (await mia.post(f"{url}/{first}", do="turn")).status == 404
    zoe = await signed_in(web, school.zoe)
    assert (await zoe.get(url)).status == 403


async def test_the_desk_shows_what_caught_a_case_and_switches_raid_mode(
    web: Web, school: School, room: str, mia: Browsing
) -> None:
    await make(web, school, action="hold")
    await post(web, school, room, school.sam.token, "clay")
    desk = f"/c/{school.slug}/studio/moderation"
    page = (await mia.get(desk)).text
    assert all(each in page for each in ("is held", "Caught by:", "No clay"))
    sam = await signed_in(web, school.sam)
    talk = f"/c/{school.slug}/community/wheel-talk"
    assert "It waits for a moderator" in (await sam.get(talk)).text
    assert (await mia.post(f"{desk}/raid", minutes="60")).headers["Location"] == f"{desk}?said=raid-on"
    assert "Raid mode is on until" in (await mia.get(desk)).text
    assert "Raid mode is on until" in (await mia.get(talk)).text
    silent = (await sam.get(talk)).text
    assert "New members only read until" in silent
    assert "Raid mode is on" not in silent
    assert (await mia.post(f"{desk}/raid", minutes="0")).headers["Location"] == f"{desk}?said=raid-off"
    assert "Raid mode is on" not in (await mia.get(desk)).text
    assert "Raid mode has ended." in (await mia.get(f"/c/{school.slug}/notices")).text


async def test_a_weeks_report_shows_rooms_to_those_who_see_them(
    web: Web, tenancy: Tenancy, world: World, school: School, room: str, mia: Browsing
) -> None:
    url = f"/c/{school.slug}/studio/moderation/reports"
    assert "No report yet" in (await mia.get(url)).text
    private = await make_room(web, school, "private")
    for place, who in ((room, school.sam), (private, school.ana)):
        said = (await post(web, school, place, who.token, "Buy my clay")).json["id"]
        given = {"reason": "spam"}
        await ask(web, school, school.zoe if place == room else school.ben, "POST", f"/messages/{said}/flags", given)
    monday = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday())
    async with tenancy.scope(school.id, acting_system("clock")) as scope:
        await reports.write(scope, monday)
    (told,) = (await ask(web, school, school.mia, "GET", "/moderation/reports")).json["items"]
    assert (told["week_on"], told["flags"], told["rooms"][0]["name"]) == (str(monday), {"spam": 1}, "Wheel talk")
    one = await ask(web, school, school.ana, "GET", f"/moderation/reports/{told['id']}")
    assert one.json["cases"]["opened"] == 1
    for who in (school.zoe, school.ben, world.chess.otto):
        assert (await ask(web, school, who, "GET", "/moderation/reports")).status == 403
    page = (await mia.get(f"{url}?week={monday}")).text
    assert all(each in page for each in ("1 case was opened", "Spam or advertising", "Wheel talk"))
