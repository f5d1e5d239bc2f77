"""Idempotency keys: each call that creates takes one, and a call that is repeated with it creates nothing more."""

import asyncio
import secrets
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from server import routes
from server.idempotency import Idempotency
from tenants.idempotency import KEYS
from tenants.ids import new_id
from tenants.scope import Tenancy
from tenants.statements import PERSON, personal
from tests.api.stage import Stage, set_stage
from tests.webapp import API, Reply, Web

KEPT = personal(select(KEYS.c.body).where(KEYS.c.person_id == PERSON, KEYS.c.key == bindparam("key")))
CREATES = {route.path: route for route in routes.API if route.method == "POST" and route.operation.status in {201, 202}}
# Keys belong to a person, and before a sign-up there is none; the address itself keeps it from happening twice.
WITHOUT_KEY = {"/auth/sign-up"}
WITHOUT_BODY = {path for path, route in CREATES.items() if route.operation.body is None}


@pytest.fixture
async def stage(tenancy: Tenancy) -> Stage:
    return await set_stage(tenancy)


def bodies(stage: Stage) -> dict[str, Any]:
    """A good body for each call that creates, by its path."""
    course, member = stage.named["course"], stage.named["member"]
    times = {"starts_at": "2031-11-28T18:00:00Z", "ends_at": "2031-11-28T19:30:00Z"}
    return {
        "/channels": {"name": "Clay", "slug": f"clay-{secrets.token_hex(6)}"},
        "/channels/{slug}/join": None,
        "/channels/{slug}/invitations": {"email": f"ida-{secrets.token_hex(6)}@guildhall.example", "name": "Ida"},
        "/channels/{slug}/courses": {"title": "Glazes", "slug": "glazes"},
        "/channels/{slug}/courses/{course}/sections": {"title": "Fire"},
        "/channels/{slug}/courses/{course}/lessons": {"title": "Ash", "kind": "text", "body": "Burn it."},
        "/channels/{slug}/courses/{course}/batches": {"name": "Autumn", "starts_on": "2031-09-01"},
        "/channels/{slug}/courses/{course}/enroll": {},
        "/channels/{slug}/courses/{course}/students": {"member": member},
        "/channels/{slug}/orders": {"course": stage.named["priced"]},
        "/channels/{slug}/billing/account": {"country": "PT"},
        "/channels/{slug}/live-connections": {"name": "Our other room"},
        "/channels/{slug}/batches/{batch}/classes": {"title": "Kilns", "url": "https://meet.example/a", **times},
        "/channels/{slug}/uploads": {
            "name": "a.pdf", "size": 5, "content_type": "application/pdf", "purpose": "attachment",
        },
        "/channels/{slug}/attachments": {"name": "a.pdf", "size": 5, "content_type": "application/pdf"},
        "/channels/{slug}/rooms": {"name": "Kilns"},
        "/channels/{slug}/room-sections": {"name": "Course rooms"},
        "/channels/{slug}/direct": {"members": [str(member)]},
        "/channels/{slug}/rooms/{room}/messages": {"client_id": str(new_id()), "body": "Hello"},
        "/channels/{slug}/webhooks": {"name": "Robot", "url": "https://example.org/x", "events": ["order.paid"]},
        "/channels/{slug}/incoming-webhooks": {"name": "Kiln", "room": stage.named["room"]},
        "/channels/{slug}/keys": {"name": "Robot", "scopes": ["read:community"]},
        "/channels/{slug}/messages/{id}/flags": {"reason": "spam"},
        "/channels/{slug}/moderation/filters": {
            "name": "No clay", "kind": "words", "rule": {"words": ["clay"]}, "action": "hold",
        },
        "/channels/{slug}/moderation/acts": {"kind": "warn", "reason": "spam", "member": member},
        "/channels/{slug}/certificates": {"member": member, "course": course},
        "/channels/{slug}/certificates/{code}/supersede": {},
    }  # fmt: skip


async def create(web: Web, stage: Stage, path: str, body: Any, key: str) -> Reply:
    """One creating call as the owner, but joining as a person who is no member yet, and flagging the owner's words."""
    other = {"join": stage.world.nobody, "flags": stage.school.zoe}
    who = other.get(path.rpartition("/")[2], stage.school.ana)
    return await web.call("POST", path.format(**stage.named), body, token=who.token, Idempotency_Key=key)


def test_every_call_that_creates_takes_a_key() -> None:
    without = {path for path, route in CREATES.items() if route.operation.idempotent is Idempotency.NONE}
    assert without == WITHOUT_KEY


async def test_this_test_knows_a_body_for_each_of_them(stage: Stage) -> None:
    assert bodies(stage).keys() == CREATES.keys() - WITHOUT_KEY


@pytest.mark.parametrize("path", sorted(CREATES.keys() - WITHOUT_KEY))
async def test_the_same_again_gets_the_same_answer(web: Web, stage: Stage, path: str) -> None:
    body, key = bodies(stage)[path], secrets.token_hex(8)
    first = await create(web, stage, path, body, key)
    assert first.status in {201, 202}, first.body
    again = await create(web, stage, path, body, key)
    assert (again.status, again.body) == (first.status, first.body)


@pytest.mark.parametrize("path", sorted(CREATES.keys() - WITHOUT_KEY - WITHOUT_BODY))
async def test_the_key_with_another_body_is_refused(web: Web, stage: Stage, path: str) -> None:
    key = secrets.token_hex(8)
    await create(web, stage, path, bodies(stage)[path], key)
    model = CREATES[path].operation.body
    assert model is not None
    other: dict[str, str] = {
        name: "Other" for name in ("name", "title", "body", "note", "words") if name in model.model_fields
    } | ({"country": "DE"} if "country" in model.model_fields else {})
    if not other and "reason" in model.model_fields:
        other = {"reason": "Other"}
    refused = await create(web, stage, path, bodies(stage)[path] | (other or {"batch": stage.named["batch"]}), key)
    assert (refused.status, refused.json["code"]) == (422, "key_reused")


@pytest.mark.parametrize("path", ["/channels", "/channels/{slug}/uploads", "/channels/{slug}/rooms/{room}/messages"])
async def test_at_the_same_time_one_of_them_creates(web: Web, stage: Stage, path: str) -> None:
    body, key = bodies(stage)[path], secrets.token_hex(8)
    replies = await asyncio.gather(*(create(web, stage, path, body, key) for _ in range(6)))
    assert len({reply.body for reply in replies if reply.status == 201}) == 1
    assert {reply.json["code"] for reply in replies if reply.status != 201} <= {"still_running"}


async def test_a_refused_attempt_leaves_the_key_free(web: Web, stage: Stage) -> None:
    key, slug = secrets.token_hex(8), f"clay-{secrets.token_hex(6)}"
    refused = await create(web, stage, "/channels", {"name": "", "slug": slug}, key)
    assert refused.status == 422
    made = await create(web, stage, "/channels", {"name": "Clay", "slug": slug}, key)
    assert made.status == 201


async def test_a_key_is_its_persons_own(web: Web, stage: Stage) -> None:
    path, key = f"{API}/channels", secrets.token_hex(8)
    bodies_ = [{"name": "Clay", "slug": f"clay-{secrets.token_hex(6)}"} for _ in range(2)]
    people = (stage.school.ana, stage.school.sam)
    made = [
        await web.call("POST", path, body, token=who.token, Idempotency_Key=key)
        for body, who in zip(bodies_, people, strict=True)
    ]
    assert [reply.status for reply in made] == [201, 201]


async def test_an_upload_begun_again_is_the_same_file_and_session_whatever_was_sent_meanwhile(
    web: Web, stage: Stage
) -> None:
    path, key = "/channels/{slug}/uploads", secrets.token_hex(8)
    body = bodies(stage)[path]
    begun = (await create(web, stage, path, body, key)).json
    async with web.session.put(begun["session_url"], data=b"clay\n") as sent:
        assert sent.status in {200, 201}
    completed = await web.call(
        "POST", f"/channels/{stage.school.slug}/uploads/{begun['id']}/complete", token=stage.school.ana.token
    )
    assert completed.status == 200, completed.body
    assert (await create(web, stage, path, body, key)).json == begun


async def test_a_secret_shown_once_is_not_readable_among_the_kept_answers(web: Web, stage: Stage) -> None:
    path, key = "/channels/{slug}/live-connections", secrets.token_hex(8)
    made = await create(web, stage, path, bodies(stage)[path], key)
    async with web.house.tenancy.person(stage.school.ana.person_id) as scope:
        kept = await scope.one(KEPT, key=key)
    assert made.json["secret"].encode() not in kept["body"]
    assert (await create(web, stage, path, bodies(stage)[path], key)).json["secret"] == made.json["secret"]
