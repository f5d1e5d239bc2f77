"""Moderation over the API: what a flag, a case, an act and an appeal look like, and what others see of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server.test_community_api import post
from tests.webapp import Reply, Web
from tests.world import School, Somebody, World


async def ask(web: Web, school: School, who: Somebody, method: str, path: str, given: Any = None) -> Reply:
    return await web.call(method, f"/channels/{school.slug}{path}", given, token=who.token)


@pytest.fixture
async def message(web: Web, school: School, room: str) -> str:
    """A message of Sam's."""
    return str((await post(web, school, room, school.sam.token, "Buy my clay")).json["id"])


@pytest.fixture
async def case(web: Web, school: School, message: str) -> dict[str, Any]:
    """The case that Zoe's flag of it has opened."""
    given = {"reason": "other", "words": "Copied from me"}
    assert (await ask(web, school, school.zoe, "POST", f"/messages/{message}/flags", given)).status == 201
    page = await ask(web, school, school.mia, "GET", "/moderation/queue")
    (found,) = page.json["items"]
    assert isinstance(found, dict)
    return found


async def act(web: Web, school: School, who: Somebody, **given: Any) -> Reply:
    return await ask(web, school, who, "POST", "/moderation/acts", {"reason": "spam"} | given)


async def test_a_flag_again_gets_the_first_one(web: Web, school: School, message: str) -> None:
    path = f"/messages/{message}/flags"
    first = await ask(web, school, school.zoe, "POST", path, {"reason": "abuse"})
    again = await ask(web, school, school.zoe, "POST", path, {"reason": "spam"})
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    own = await ask(web, school, school.sam, "POST", path, {"reason": "abuse"})
    assert (own.status, own.json["code"]) == (409, "own_message")
    for wrong in ({"reason": "boring"}, {"reason": "other"}, {}):
        assert (await ask(web, school, school.zoe, "POST", path, wrong)).status == 422


async def test_a_case_is_shown_whole(web: Web, school: School, case: dict[str, Any], message: str) -> None:
    assert (case["kind"], case["author"], case["message"]) == ("flag", "Sam", message)
    assert [one["body"] for one in case["around"]] == ["Buy my clay"]
    assert [(each["by"], each["reason"], each["words"]) for each in case["flags"]] == [
        ("Zoe", "other", "Copied from me")
    ]
    assert (case["claim"], case["earlier"], case["appeal"]) == (None, [], None)
    for who in (school.zoe, school.ben):
        for path in ("/moderation/queue", f"/moderation/cases/{case['id']}"):
            assert (await ask(web, school, who, "GET", path)).status == 403


async def test_the_queue_is_read_in_pages(web: Web, school: School, room: str) -> None:
    for n in range(3):
        posted = (await post(web, school, room, school.sam.token, f"Clay {n}")).json["id"]
        await ask(web, school, school.zoe, "POST", f"/messages/{posted}/flags", {"reason": "spam"})
    found: list[int] = []
    after: str | None = ""
    while after is not None:
        page = (await ask(web, school, school.mia, "GET", f"/moderation/queue?limit=2{after}")).json
        found += [case["around"][-1]["seq"] for case in page["items"]]
        after = page["next"] and f"&after={page['next']}"
    assert len(found) == 3


async def test_a_claim_is_shown_and_held_against_others(web: Web, school: School, case: dict[str, Any]) -> None:
    path = f"/moderation/cases/{case['id']}/claim"
    assert (await ask(web, school, school.mia, "PUT", path)).json["by"] == "Mia"
    refused = await ask(web, school, school.ana, "PUT", path)
    assert (refused.status, refused.json["code"]) == (409, "claimed")
    shown = await ask(web, school, school.ana, "GET", f"/moderation/cases/{case['id']}")
    assert shown.json["claim"]["by"] == "Mia"
    assert (await ask(web, school, school.mia, "DELETE", path)).status == 204
    assert (await ask(web, school, school.ana, "PUT", path)).status == 200


async def test_a_hidden_message_shows_its_words_to_no_reader(
    web: Web, school: School, room: str, case: dict[str, Any], message: str
) -> None:
    done = await act(web, school, school.mia, kind="hide", case=case["id"], words="Not here")
    assert (done.status, done.json["reason"]) == (201, "It advertises, or repeats itself. Not here")
    page = (await ask(web, school, school.zoe, "GET", f"/rooms/{room}/messages")).json["items"]
    assert [(one["id"], one["body"], one["html"], one["hidden"]) for one in page] == [(message, "", "", True)]
    again = await act(web, school, school.mia, kind="hide", case=case["id"])
    assert (again.status, again.json["code"]) == (409, "case_closed")
    undone = await ask(web, school, school.mia, "PUT", f"/moderation/acts/{done.json['id']}/undone")
    assert undone.json["undone_at"] is not None
    assert (await ask(web, school, school.zoe, "GET", f"/messages/{message}")).json["body"] == "Buy my clay"


async def test_a_muted_person_is_told_why_and_until_when(web: Web, school: School, room: str) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await act(web, school, school.mia, kind="mute", member=str(school.sam.member_id), until=until)
    refused = await post(web, school, room, school.sam.token)
    assert (refused.status, refused.json["code"]) == (403, "muted")
    assert "It advertises" in refused.json["detail"]
    assert (await ask(web, school, school.sam, "GET", f"/rooms/{room}/messages")).status == 200


async def test_a_slowed_room_says_when_to_come_again(web: Web, school: School, room: str) -> None:
    assert (await act(web, school, school.mia, kind="slow", room=room, seconds=90)).status == 201
    assert (await post(web, school, room, school.sam.token)).status == 201
    refused = await post(web, school, room, school.sam.token)
    assert (refused.status, refused.json["code"]) == (429, "too_fast")
    assert 80 < int(refused.headers["Retry-After"]) <= 90


async def test_an_appeal_goes_to_another_moderator_and_its_answer_to_the_person(
    web: Web, school: School, case: dict[str, Any]
) -> None:
    done = (await act(web, school, school.mia, kind="hide", case=case["id"])).json["id"]
    path = f"/moderation/acts/{done}/appeal"
    assert (await ask(web, school, school.zoe, "PUT", path, {"words": "Mine"})).status == 404
    assert (await ask(web, school, school.sam, "PUT", path, {"words": "It was a joke"})).status == 204
    assert (await ask(web, school, school.sam, "PUT", path, {"words": "Really"})).status == 409
    (appeal,) = (await ask(web, school, school.mia, "GET", "/moderation/queue")).json["items"]
    assert appeal["appeal"]["words"] == "It was a joke"
    given = {"upheld": False, "answer": "So it was."}
    path = f"/moderation/cases/{appeal['id']}/decision"
    assert (await ask(web, school, school.mia, "PUT", path, given)).json["code"] == "own_act"
    assert (await ask(web, school, school.ana, "PUT", path, given)).status == 204
    (decision,) = (await ask(web, school, school.sam, "GET", "/moderation/decisions")).json["items"]
    assert (decision["kind"], decision["answer"], decision["upheld"]) == ("hide", "So it was.", False)
    assert decision["undone_at"] is not None


async def test_another_channel_reaches_none_of_it(web: Web, world: World, case: dict[str, Any], message: str) -> None:
    chess, otto = world.chess, world.chess.otto
    assert (await ask(web, chess, otto, "GET", "/moderation/queue")).json["items"] == []
    for method, path, given in (
        ("GET", f"/moderation/cases/{case['id']}", None),
        ("PUT", f"/moderation/cases/{case['id']}/claim", None),
        ("POST", f"/messages/{message}/flags", {"reason": "spam"}),
        ("POST", "/moderation/acts", {"kind": "keep", "reason": "spam", "case": case["id"]}),
        ("POST", "/moderation/acts", {"kind": "hide", "reason": "spam", "message": message}),
        ("POST", "/moderation/acts", {"kind": "ban", "reason": "spam", "member": case["member"]}),
    ):
        assert (await ask(web, chess, otto, method, path, given)).status == 404
