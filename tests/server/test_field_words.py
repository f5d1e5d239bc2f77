"""What the API says of a wrong field: what to give, and never how a validator puts it."""

from typing import Any
from uuid import UUID

import pytest

from realtime import wire
from tenants.errors import Invalid
from tenants.field_words import sentence
from tests.webapp import Web
from tests.world import World


@pytest.mark.parametrize(
    ("method", "path", "given", "said"),
    [
        ("PUT", "notices/choices", {"digest": {"every": "hourly"}}, "Choose one of off, daily, weekly."),
        ("PUT", "notices/choices", {"digest": {"hour": 24}}, "Give 23 or less."),
        ("PUT", "notices/choices", {"digest": {"hour": -1}}, "Give 0 or more."),
        ("PUT", "notices/choices", {"digest": {"hour": "8"}}, "Give a whole number."),
        ("PUT", "notices/choices", {"digest": []}, "Give an object."),
        ("PUT", "notices/choices", {"kinds": {"reply": {"bell": 1}}}, "Give true or false."),
        ("PUT", "notices/choices", {"time_zone": "x" * 101}, "Write at most 100 characters."),
        ("PUT", "notices/choices", {"time_zone": 7}, "Give a text."),
        ("PUT", "notices/choices", {"weather": 7}, "There is no such field here. Leave it out."),
        ("POST", "webhooks", {"name": "x", "url": "https://a.example"}, "This is required."),
        ("POST", "webhooks", {"name": "x", "url": "https://a.example", "events": 1}, "Give a list."),
        ("POST", "webhooks", {"name": "x", "url": "x", "events": ["order.paid"] * 21}, "Give at most 20."),
        ("POST", "moderation/acts", {"kind": "warn", "reason": "spam", "member": "me"}, "Give an id, which is a UUID."),
        (
            "POST", "moderation/acts", {"kind": "mute", "reason": "spam", "until": "soon"},
            "Give a time with its offset, such as 2026-12-24T19:00:00Z.",
        ),
        ("GET", "members?limit=0", None, "Give 1 or more."),
        ("GET", "members?limit=many", None, "Give a whole number."),
    ],
)  # fmt: skip
async def test_a_wrong_field_is_told_what_to_give(
    web: Web, world: World, method: str, path: str, given: dict[str, Any] | None, said: str
) -> None:
    school = world.pottery
    answer = await web.call(method, f"/channels/{school.slug}/{path}", given, token=school.ana.token)
    assert (answer.status, [each["detail"] for each in answer.json["errors"]]) == (422, [said])


def test_a_list_that_is_too_short_and_a_lone_choice_are_said_plainly() -> None:
    assert sentence("too_short", "List should have at least 1 item after validation, not 0", {"min_length": 1}) == (
        "Give at least 1."
    )
    assert sentence("string_too_short", "", {"min_length": 1}) == "Write at least 1 character."
    assert sentence("literal_error", "", {"expected": "'generic'"}) == "This can only be generic."
    assert sentence("value_error", "Value error, Give both, or none", {}) == "Give both, or none."


def test_the_wire_says_it_in_the_same_words() -> None:
    for given, said in (
        ({"room": str(UUID(int=7)), "members": ["x"] * 201}, "members: Give at most 200."),
        ({}, "room: This is required."),
    ):
        with pytest.raises(Invalid) as refused:
            wire.parse(wire.Watching, [given])
        assert refused.value.message == said
