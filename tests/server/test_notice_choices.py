"""Choosing how one is told: over the API, by a form without scripts, and by the button of a mail program."""

import re

import pytest

from tenants.members.unsubscribes import Named, UnsubscribeSecrets
from tests.server.browsing import signed_in
from tests.webapp import Web
from tests.world import World

ON = {"bell": True, "mail": True, "push": True}
USUAL = {
    "kinds": dict.fromkeys(("mention", "reply", "recording", "certificate", "order"), ON),
    "digest": {"every": "off", "hour": 8},
    "quiet": None,
    "time_zone": "UTC",
}


async def test_choices_are_put_as_a_whole_and_read_back(web: Web, world: World) -> None:
    school = world.pottery
    path, token = f"/channels/{school.slug}/notices/choices", school.sam.token
    assert (await web.call("GET", path, token=token)).json == USUAL
    chosen = {
        "kinds": {"reply": {"bell": True, "mail": False, "push": False}}, "digest": {"every": "daily", "hour": 7},
        "quiet": {"begins": "22:00", "ends": "07:30"}, "time_zone": "Europe/Lisbon",
    }  # fmt: skip
    expected = {**chosen, "kinds": {**USUAL["kinds"], "reply": {"bell": True, "mail": False, "push": False}}}  # type: ignore[dict-item]
    for _ in range(2):
        assert (await web.call("PUT", path, chosen, token=token)).json == expected
    assert (await web.call("GET", path, token=school.zoe.token)).json == USUAL
    assert (await web.call("GET", path, token=world.chess.eve.token)).status == 403
    assert (await web.call("PUT", path, chosen)).status == 401


async def test_what_is_not_named_stays_and_null_makes_it_as_usual(web: Web, world: World) -> None:
    school = world.pottery
    path, token = f"/channels/{school.slug}/notices/choices", school.sam.token
    quiet, off = {"begins": "22:00", "ends": "07:30"}, {"bell": True, "mail": False, "push": True}
    given = {"kinds": {"reply": {"mail": False}}, "quiet": quiet, "time_zone": "Europe/Lisbon"}
    now = (await web.call("PUT", path, given, token=token)).json
    assert now == {**USUAL, **given, "kinds": {**USUAL["kinds"], "reply": off}}  # type: ignore[dict-item]
    for part, becomes in (
        ({"digest": {"every": "weekly", "hour": 6}}, {"digest": {"every": "weekly", "hour": 6}}),
        ({"quiet": {"begins": "21:00", "ends": "06:00"}}, {"quiet": {"begins": "21:00", "ends": "06:00"}}),
        ({"digest": {"every": "daily"}}, {"digest": {"every": "daily", "hour": 6}}),
        ({"time_zone": "Asia/Tokyo"}, {"time_zone": "Asia/Tokyo"}),
        ({}, {}),
        ({"quiet": None}, {"quiet": None}),
        ({"digest": {"hour": None}}, {"digest": {"every": "daily", "hour": 8}}),
        ({"kinds": {"reply": None}}, {"kinds": USUAL["kinds"]}),
        ({"kinds": None, "digest": None, "time_zone": None}, USUAL),
    ):
        now |= becomes
        answer = await web.call("PUT", path, part, token=token)
        assert (answer.status, answer.json) == (200, now), part


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": {"weather": ON}},
        {"digest": {"every": "hourly"}},
        {"digest": {"hour": 24}},
        {"quiet": {"begins": "22:00"}},
        {"quiet": {"begins": "25:00", "ends": "07:00"}},
        {"quiet": {"begins": "07:00", "ends": "07:00"}},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "x" * 200},
    ],
)
async def test_what_is_no_choice_is_told_by_its_place(web: Web, world: World, wrong: dict[str, object]) -> None:
    school = world.pottery
    answer = await web.call("PUT", f"/channels/{school.slug}/notices/choices", wrong, token=school.sam.token)
    assert answer.status == 422
    assert answer.json["errors"]


async def test_the_form_saves_all_of_it_and_keeps_what_was_typed_beside_what_is_wrong(web: Web, world: World) -> None:
    school = world.pottery
    here = f"/c/{school.slug}/notices/settings"
    browser = await signed_in(web, school.sam)
    assert here in (await browser.get(f"/c/{school.slug}/notices")).text
    given = {
        "bell.mention": "1",
        "mail.reply": "1",
        "push.reply": "1",
        "every": "weekly",
        "hour": "6",
        "zone": "Asia/Tokyo",
    }
    wrong = await browser.post(here, **given, begins="22:00", ends="late")
    assert wrong.status == 422
    assert "Write a time of day" in wrong.text
    assert 'value="22:00"' in wrong.text
    ticked = ["bell.mention", "mail.reply", "push.reply"]
    assert re.findall(r'name="(\S+)" value="1" checked', wrong.text) == ticked
    done = await browser.post(here, **given, begins="22:00", ends="06:30")
    assert (done.status, done.headers["Location"]) == (303, f"{here}?said=saved")
    choices = (await web.call("GET", f"/channels/{school.slug}/notices/choices", token=school.sam.token)).json
    assert choices["kinds"]["mention"] == {"bell": True, "mail": False, "push": False}
    assert choices["kinds"]["reply"] == {"bell": False, "mail": True, "push": True}
    assert (choices["digest"], choices["quiet"]) == (
        {"every": "weekly", "hour": 6}, {"begins": "22:00", "ends": "06:30"},
    )  # fmt: skip
    page = (await browser.get(here)).text
    assert '<option value="Asia/Tokyo" selected>' in page
    assert 'name="bell.mention" value="1" checked' in page


@pytest.mark.parametrize(("kind", "about"), [("mentioned", "messages that mention you"), ("digest", "what is unread")])
async def test_one_press_in_a_mail_ends_mails_of_its_kind(web: Web, world: World, kind: str, about: str) -> None:
    school = world.pottery
    secrets = UnsubscribeSecrets(web.house.secret)
    path = f"/unsubscribe/{secrets.token(Named(school.id, school.sam.person_id, kind))}"
    browser = await signed_in(web, school.sam)
    assert about in (await browser.get(path)).text
    assert (await browser.post(path)).status == 200
    choices = (await web.call("GET", f"/channels/{school.slug}/notices/choices", token=school.sam.token)).json
    assert kind == "digest" or choices["kinds"]["mention"] == ON | {"mail": False}
    assert choices["digest"]["every"] == "off"
