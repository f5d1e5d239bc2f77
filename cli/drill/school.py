"""The school that is drilled: a new one beside the demo, made by its owner over the API, as anybody would."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson

from cli.demo.world import PASSWORD
from cli.drill.client import Client
from cli.drill.waiting import until

STUDENTS = ("sam", "zoe", "ben", "mia")
SLUG = "drill"


@dataclass(frozen=True, slots=True)
class School:
    """What the work needs of it; `students` are token and member id."""

    slug: str
    room: str
    course: str
    class_id: str
    connection: str
    secret: str
    owner: str
    students: list[tuple[str, str]]
    certificate: str
    """A code of the demo, which anybody may verify."""


async def found(client: Client) -> School:
    """The channel with a room, a published course, a batch, a class held now with a connection, and its students."""
    owner = await _sign_in(client, "ana")

    async def make(path: str, **fields: Any) -> Any:
        return await _ask(client, "POST", f"/channels/{SLUG}{path}", owner, fields)

    await _ask(client, "POST", "/channels", owner, {"name": "Drill", "slug": SLUG})
    room = await make("/rooms", name="Wheel talk", kind="members")
    course = await make("/courses", title="Bowls", slug="bowls")
    lesson = await make(f"/courses/{course['id']}/lessons", kind="text", title="Begin", body="Slowly.")
    await make(f"/lessons/{lesson['id']}/publish")
    await make(f"/courses/{course['id']}/publish")
    today = datetime.now(UTC)
    batch = await make(f"/courses/{course['id']}/batches", name="Now", starts_on=today.date().isoformat())
    connection = await make("/live-connections", name="Room", provider="generic")
    times = {"starts_at": today - timedelta(hours=1), "ends_at": today + timedelta(hours=1)}
    held = {name: time.strftime("%Y-%m-%dT%H:%M:%SZ") for name, time in times.items()}
    planned = await make(f"/batches/{batch['id']}/classes", title="Clay", connection_id=connection["id"], **held)
    students = [await _enrolled(client, who, course["id"]) for who in STUDENTS]
    return School(
        slug=SLUG, room=room["id"], course=course["id"], class_id=planned["id"], connection=connection["id"],
        secret=connection["secret"], owner=owner, students=students, certificate=await _code(client, owner),
    )  # fmt: skip


async def _enrolled(client: Client, who: str, course: str) -> tuple[str, str]:
    token = await _sign_in(client, who)
    joined = await _ask(client, "POST", f"/channels/{SLUG}/join", token)
    await _ask(client, "POST", f"/channels/{SLUG}/courses/{course}/enroll", token)
    return token, joined["member"]["id"]


async def _sign_in(client: Client, who: str) -> str:
    given = {"email": f"{who}@guildhall.example", "password": PASSWORD}
    answer = await _ask(client, "POST", "/auth/sign-in", "", given)
    return str(answer["access_token"])


async def _code(client: Client, owner: str) -> str:
    """A valid certificate of the demo, whose paper may still be in the making."""
    codes: list[str] = []

    async def made() -> bool:
        page = await _ask(client, "GET", "/channels/pottery/certificates", owner)
        codes[:] = [each["code"] for each in page["items"] if each["state"] == "valid"]
        return bool(codes)

    await until(made, within=60, every=0.2)
    return codes[0]


async def _ask(client: Client, method: str, path: str, token: str, fields: dict[str, Any] | None = None) -> Any:
    body = orjson.dumps(fields or {}) if method == "POST" else None
    headers = {"Content-Type": "application/json"} if body else {}
    status, answer = await client.insist(method, f"/api/v1{path}", token=token, data=body, headers=headers)
    if status >= 300:
        raise aiohttp.ClientError(f"{method} {path}: {status} {answer}")
    return answer
