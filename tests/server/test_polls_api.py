"""Polls over the API: posted with a message, voted in, closed; who chose what, for members, where it is told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tenants.scope import Tenancy
from tests.webapp import Reply, Web
from tests.world import School, Somebody, World

POLL = {"options": ["Tuesday", "<b>Wednesday</b>"]}


@pytest.fixture
async def room(web: Web, school: School) -> str:
    made = await web.call("POST", f"/channels/{school.slug}/rooms", {"name": "Days"}, token=school.ana.token)
    return str(made.json["id"])


async def ask(web: Web, school: School, who: Somebody, room: str, poll: dict[str, Any], **more: Any) -> Reply:
    body = {"client_id": str(uuid4()), "body": "Which day?", "poll": poll} | more
    return await web.call("POST", f"/channels/{school.slug}/rooms/{room}/messages", body, token=who.token)


async def vote(web: Web, school: School, who: Somebody | None, message: str, *options: int) -> Reply:
    path = f"/channels/{school.slug}/messages/{message}/vote"
    return await web.call("PUT", path, {"options": options}, token=who.token if who else "")


async def test_a_poll_is_posted_listed_voted_in_and_closed(web: Web, school: School, room: str) -> None:
    end = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    posted = await ask(web, school, school.sam, room, POLL | {"ends_at": end.isoformat()})
    assert posted.status == 201, posted.body
    message, base = posted.json["id"], f"/channels/{school.slug}/messages/{posted.json['id']}"
    voted = await vote(web, school, school.zoe, message, 1)
    expected = {
        "options": [{"text": "Tuesday", "count": 0}, {"text": "<b>Wednesday</b>", "count": 1}], "voters": 1,
        "several": False, "anonymous": False, "closed": False, "v": 1,
    }  # fmt: skip
    ends = voted.json.pop("ends_at")
    assert datetime.fromisoformat(ends) == end
    assert voted.json == expected | {"mine": [1]}
    for who, mine in ((school.zoe, [1]), (school.sam, [])):
        listed = await web.call("GET", f"/channels/{school.slug}/rooms/{room}/messages", token=who.token)
        one = await web.call("GET", base, token=who.token)
        for shown in (listed.json["items"][0]["poll"], one.json["poll"]):
            shown.pop("ends_at")
            assert shown == expected | {"mine": mine}
    withdrawn = await web.call("DELETE", f"{base}/vote", token=school.zoe.token)
    assert (withdrawn.json["voters"], withdrawn.json["mine"]) == (0, [])
    assert (await web.call("POST", f"{base}/poll/close", token=school.zoe.token)).status == 403
    closed = await web.call("POST", f"{base}/poll/close", token=school.sam.token)
    assert (closed.status, closed.json["closed"]) == (200, True)
    late = await vote(web, school, school.zoe, message, 0)
    assert (late.status, late.json["code"], late.json["detail"]) == (
        409, "poll_closed", "This poll is closed. Its result stands.",
    )  # fmt: skip


async def test_a_message_without_a_poll_says_so(web: Web, school: School, room: str) -> None:
    path = f"/channels/{school.slug}/rooms/{room}/messages"
    posted = await web.call("POST", path, {"client_id": str(uuid4()), "body": "Hello"}, token=school.sam.token)
    listed = await web.call("GET", path, token=school.sam.token)
    assert listed.json["items"][0]["poll"] is None
    refused = await vote(web, school, school.zoe, posted.json["id"], 0)
    assert (refused.status, refused.json["code"]) == (404, "no_poll")


async def test_wrong_polls_are_refused_at_their_place(web: Web, school: School, room: str) -> None:
    now = datetime.now(UTC)
    for poll, pointer in (
        ({"options": ["One"]}, "/poll/options"), ({"options": ["One", "one"]}, "/poll/options/1"),
        ({"options": ["One", ""]}, "/poll/options/1"), ({"options": ["One", "x" * 201]}, "/poll/options/1"),
        ({"options": ["One", "Two"], "ends_at": (now - timedelta(hours=1)).isoformat()}, "/poll/ends_at"),
        ({"options": ["One", "Two"], "ends_at": (now + timedelta(days=31)).isoformat()}, "/poll/ends_at"),
        ({"options": ["One", "Two"], "colour": "red"}, "/poll/colour"), ({"options": "One"}, "/poll/options"),
    ):  # fmt: skip
        refused = await ask(web, school, school.sam, room, poll)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer), refused.body
    without = await ask(web, school, school.sam, room, POLL, body="")
    assert without.json["errors"][0]["pointer"] == "/body"


async def test_who_voted_is_listed_by_keyset_for_members_alone(web: Web, school: School, room: str) -> None:
    named, secret = [
        (await ask(web, school, school.sam, room, POLL | {"anonymous": hidden})).json["id"] for hidden in (False, True)
    ]
    for who in (school.zoe, school.ben, school.mia):
        for message in (named, secret):
            await vote(web, school, who, message, 0)
    base = f"/channels/{school.slug}/messages"
    first = await web.call("GET", f"{base}/{named}/poll/voters?limit=2", token=school.sam.token)
    rest = await web.call(
        "GET", f"{base}/{named}/poll/voters?option=0&after={first.json['next']}", token=school.sam.token
    )
    assert [each["name"] for each in (*first.json["items"], *rest.json["items"])] == ["Zoe", "Ben", "Mia"]
    assert rest.json["next"] is None
    for who in (school.sam, school.ana, school.mia):
        told = await web.call("GET", f"{base}/{secret}/poll/voters", token=who.token)
        assert (told.status, told.json["code"]) == (403, "anonymous")
    assert (await web.call("GET", f"{base}/{named}/poll/voters?option=2", token=school.sam.token)).status == 404
    assert (await web.call("GET", f"{base}/{named}/poll/voters")).status == 401


async def test_a_visitor_of_an_open_room_reads_a_poll_and_does_not_vote(
    web: Web, tenancy: Tenancy, world: World, school: School
) -> None:
    made = await web.call(
        "POST", f"/channels/{school.slug}/rooms", {"name": "Open", "kind": "open"}, token=school.ana.token
    )
    message = (await ask(web, school, school.sam, made.json["id"], POLL)).json["id"]
    await vote(web, school, school.sam, message, 0)
    shown = await web.call("GET", f"/channels/{school.slug}/messages/{message}")
    assert (shown.json["poll"]["voters"], shown.json["poll"]["mine"]) == (1, [])
    assert (await vote(web, school, None, message, 0)).status == 401
    assert (await vote(web, school, world.nobody, message, 0)).status == 403
    assert (await vote(web, school, world.chess.eve, message, 0)).status == 403
