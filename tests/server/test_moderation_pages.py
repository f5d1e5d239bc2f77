"""Moderation as a browser without scripts uses it: the queue by its forms, and what its person reads and answers."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.realtime.clients import connected
from tests.server.browsing import Browsing, signed_in
from tests.server.test_community_api import post
from tests.webapp import Web
from tests.world import School, World


@pytest.fixture
async def mia(web: Web, school: School) -> Browsing:
    return await signed_in(web, school.mia)


@pytest.fixture
async def case(web: Web, school: School, room: str, mia: Browsing) -> str:
    """The case of a message of Sam's that Zoe has flagged."""
    message = (await post(web, school, room, school.sam.token, "Buy my clay")).json["id"]
    await flag(web, school, message)
    return case_in((await mia.get(desk(school))).text)


async def flag(web: Web, school: School, message: str) -> None:
    given = {"reason": "spam"}
    await web.call("POST", f"/channels/{school.slug}/messages/{message}/flags", given, token=school.zoe.token)


def desk(school: School) -> str:
    return f"/c/{school.slug}/studio/moderation"


def case_in(page: str) -> str:
    """The case that a page of the desk shows; empty when nothing waits."""
    found = re.search(r'data-case="([0-9a-f-]*)"', page)
    assert found is not None
    return found[1]


async def decide(browser: Browsing, school: School, case: str, kind: str, **fields: Any) -> Any:
    return await browser.post(desk(school), case=case, kind=kind, reason="spam", **fields)


async def test_a_case_is_shown_with_its_talk_and_decided_by_a_form(school: School, mia: Browsing, case: str) -> None:
    page = (await mia.get(desk(school))).text
    assert all(word in page for word in ("1 case waits", "Buy my clay", "1 flag", "Spam or advertising", "Zoe"))
    assert '<option value="spam" selected>' in page, "what most flags say is chosen"
    answer = await decide(mia, school, case, "hide")
    assert (answer.status, answer.headers["Location"]) == (303, f"{desk(school)}?said=act-hide")
    after = (await mia.get(answer.headers["Location"])).text
    assert "Nothing waits" in after
    undo = re.search(r'name="act" value="([0-9a-f-]+)"', after)
    assert undo is not None
    back = await mia.post(f"{desk(school)}/undo", act=undo[1])
    assert back.headers["Location"] == f"{desk(school)}?case={case}&said=undone"
    assert "1 case waits" in (await mia.get(desk(school))).text


@pytest.mark.parametrize("kind", ["warn", "mute", "ban", "slow", "note"])
async def test_what_is_done_to_a_person_leaves_the_message_to_be_decided(
    school: School, mia: Browsing, case: str, kind: str
) -> None:
    answer = await decide(mia, school, case, kind, words="See the rules")
    assert answer.headers["Location"] == f"{desk(school)}?case={case}&said=act-{kind}"
    assert case_in((await mia.get(desk(school))).text) == case


async def test_a_form_that_is_wrong_comes_back_with_its_case(school: School, mia: Browsing, case: str) -> None:
    for fields in ({"reason": "other"}, {"kind": "paint"}, {"kind": "mute", "minutes": "many"}):
        answer = await mia.post(desk(school), **({"case": case, "kind": "hide", "reason": "spam"} | fields))
        assert answer.status == 422
        assert case_in(answer.text) == case
    assert (await mia.post(desk(school), case="x", kind="hide", reason="spam")).status == 422


async def test_a_flagged_message_that_its_author_deleted_is_still_judged_at_the_desk(
    web: Web, school: School, mia: Browsing, room: str
) -> None:
    message = (await post(web, school, room, school.sam.token, "You thieves")).json["id"]
    await flag(web, school, message)
    await web.call("DELETE", f"/channels/{school.slug}/messages/{message}", token=school.sam.token)
    page = (await mia.get(desk(school))).text
    assert "You thieves" in page
    assert 'value="keep"' in page
    assert 'value="delete"' not in page
    refused = await decide(mia, school, case_in(page), "delete")
    assert (refused.status, "This message was deleted already." in refused.text) == (409, True)
    assert case_in(refused.text) == case_in(page)


async def test_anothers_claim_is_shown_and_the_next_case_offered(
    web: Web, school: School, room: str, mia: Browsing, case: str
) -> None:
    second = (await post(web, school, room, school.sam.token, "And my glaze")).json["id"]
    await flag(web, school, second)
    ana = await signed_in(web, school.ana)
    assert (await ana.post(f"{desk(school)}/claim", case=case)).status == 303
    free = (await mia.get(desk(school))).text
    assert "And my glaze" in free
    assert case_in(free) != case
    taken = (await mia.get(f"{desk(school)}?case={case}")).text
    assert "Ana is looking at this." in taken
    assert f'href="{desk(school)}?case={case_in(free)}"' in taken
    refused = await decide(mia, school, case, "keep")
    assert refused.status == 409
    assert "Ana is looking at this." in refused.text


async def test_the_person_reads_the_reasons_and_appeals_once(
    web: Web, school: School, mia: Browsing, case: str
) -> None:
    await decide(mia, school, case, "hide", words="Not in this room")
    sam, url = await signed_in(web, school.sam), f"/c/{school.slug}/community/decisions"
    page = (await sam.get(url)).text
    assert "Not in this room" in page
    form = re.search(rf'action="({url}/[0-9a-f-]+)"', page)
    assert form is not None
    assert (await sam.post(form[1], words=" ")).status == 422
    assert "maxlength" not in page, "a browser cuts in silence what is pasted; the server says what is too long"
    long = await sam.post(form[1], words="a joke " * 200)
    assert (long.status, "Write at most 1000 characters." in long.text, "a joke " * 200 in long.text) == (
        422,
        True,
        True,
    )
    assert (await sam.post(form[1], words="It was a joke")).headers["Location"] == f"{url}?said=appealed"
    assert (await sam.post(form[1], words="Again")).status == 409
    assert "The appeal waits" in (await sam.get(url)).text
    ana = await signed_in(web, school.ana)
    shown = (await ana.get(desk(school))).text
    assert "It was a joke" in shown
    given = {"case": case_in(shown), "answer": "So it was", "upheld": "no"}
    assert (await mia.post(f"{desk(school)}/appeal", **given)).status == 403
    assert (await ana.post(f"{desk(school)}/appeal", **given)).status == 303
    after = (await sam.get(url)).text
    assert "Overturned" in after
    assert "So it was" in after
    assert "Buy my clay" in (await sam.get(f"/c/{school.slug}/community/wheel-talk")).text


async def test_who_is_banned_still_reads_why_and_appeals(web: Web, school: School, mia: Browsing, case: str) -> None:
    await decide(mia, school, case, "ban", words="For good")
    sam, url = await signed_in(web, school.sam), f"/c/{school.slug}/community/decisions"
    closed = await sam.get(f"/c/{school.slug}/community/wheel-talk")
    assert closed.status == 403
    assert f'href="{url}"' in closed.text
    page = await sam.get(url)
    assert page.status == 200
    form = re.search(rf'action="({url}/[0-9a-f-]+)"', page.text)
    assert form is not None
    assert (await sam.post(form[1], words="I was hacked")).status == 303


async def test_decisions_are_for_those_who_are_signed_in(web: Web, world: World) -> None:
    url = f"/c/{world.pottery.slug}/community/decisions"
    assert (await web.get(url)).headers["Location"].startswith("/sign-in")
    assert "Nothing was decided about you" in (await (await signed_in(web, world.pottery.zoe)).get(url)).text
    assert (await (await signed_in(web, world.nobody)).get(url)).status == 403


async def test_a_room_shows_hidden_words_to_moderators_and_the_reason_to_the_author(
    web: Web, school: School, mia: Browsing, case: str
) -> None:
    await decide(mia, school, case, "hide", words="Not in this room")
    url = f"/c/{school.slug}/community/wheel-talk"
    for who, words, reason in ((school.mia, True, True), (school.sam, False, True), (school.zoe, False, False)):
        page = (await (await signed_in(web, who)).get(url)).text
        assert "This message is hidden." in page
        assert ("Buy my clay" in page, "Not in this room" in page) == (words, reason)


async def test_a_muted_member_reads_why_instead_of_a_composer(
    web: Web, school: School, mia: Browsing, case: str
) -> None:
    await decide(mia, school, case, "mute", minutes="60")
    await decide(mia, school, case, "slow", seconds="30")
    url = f"/c/{school.slug}/community/wheel-talk"
    sam = await signed_in(web, school.sam)
    page = (await sam.get(url)).text
    assert "You are muted until" in page
    refused = await sam.post(url, client_id=str(uuid4()), body="What I wanted to say")
    assert refused.status == 403
    assert re.search(r"<textarea[^>]* readonly[^>]*>What I wanted to say</textarea>", refused.text)
    assert re.search(r'<form class="composer hushed"[^>]* hidden>', page)
    other = (await (await signed_in(web, school.zoe)).get(url)).text
    assert "Slow mode: one message every 30 s." in other
    assert not re.search(r'<form class="composer"[^>]* hidden>', other)


async def test_no_room_takes_the_address_of_the_decisions(web: Web, school: School) -> None:
    given = {"name": "Decisions"}
    made = await web.call("POST", f"/channels/{school.slug}/rooms", given, token=school.ana.token)
    assert made.json["slug"] == "decisions-room"


async def test_a_case_about_its_reader_only_waits(web: Web, school: School, room: str, mia: Browsing) -> None:
    message = (await post(web, school, room, school.mia.token, "My rules")).json["id"]
    await flag(web, school, message)
    page = (await mia.get(desk(school))).text
    case = case_in(page)
    assert "This is about you: somebody else who moderates decides it." in page
    assert "1 flag" not in page
    assert not re.search(r'name="kind"|data-key="[khdwmb]"|action="[^"]*/claim"', page), (
        "no key finds what it would press"
    )
    refused = await decide(mia, school, case, "keep")
    assert refused.status == 403
    assert "This is about you" in refused.text
    path = f"/channels/{school.slug}/moderation"
    given = {"case": case, "kind": "keep", "reason": "spam"}
    said = await web.call("POST", f"{path}/acts", given, token=school.mia.token)
    assert (said.status, said.json["code"]) == (403, "own_case")
    (shown,) = (await web.call("GET", f"{path}/queue", token=school.mia.token)).json["items"]
    assert (shown["own"], shown["flags"]) == (True, [])
    ana = await signed_in(web, school.ana)
    assert "1 flag" in (await ana.get(desk(school))).text
    assert (await decide(ana, school, case, "keep")).status == 303


async def test_what_was_decided_is_at_the_bell_until_it_is_read(
    web: Web, school: School, room: str, mia: Browsing, case: str
) -> None:
    path = f"/channels/{school.slug}/notices"
    async with connected(web, school, school.sam) as live:
        for kind in ("warn", "mute", "hide"):
            await decide(mia, school, case, kind, minutes="60")
        heard = await live.hears("notice", 3)
        kept = (await web.call("GET", path, token=school.sam.token)).json["items"]
        assert [each["id"] for each in kept] == [each["id"] for each in reversed(heard)]
        assert {each["url"] for each in kept} == {f"/c/{school.slug}/community/decisions"}
        assert (await web.call("GET", f"{path}/unread", token=school.sam.token)).json == {"unread": 3}
        undo = re.search(r'name="act" value="([0-9a-f-]+)"', (await mia.get(desk(school))).text)
        assert undo is not None
        await mia.post(f"{desk(school)}/undo", act=undo[1])
        assert (await live.hears("notice", 4))[3]["times"] == 2, "news of what is at the bell, and no more of it"
    sam = await signed_in(web, school.sam)
    page = (await sam.get(f"/c/{school.slug}/notices")).text
    assert all(words in page for words in ("has warned you", "has muted you", "was taken back"))
    assert "has hidden one of your messages" not in page
    assert (await web.call("GET", f"{path}/unread", token=school.sam.token)).json == {"unread": 3}
