"""What tests of incoming webhooks do: make one, post to it as a program does, and look at the room."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from providers.standard_webhooks import sign
from tests.server.test_community_api import make_room
from tests.server.test_moderation_api import ask
from tests.webapp import Reply, Web
from tests.world import School, Somebody


@dataclass(frozen=True, slots=True)
class Kiln:
    """A program that has a webhook of a school: where it posts to, by which secret, into which room."""

    id: str
    path: str
    secret: str
    room: str

    async def post(self, web: Web, text: str = "The kiln is at *1240 °C*", **more: Any) -> Reply:
        """One signed delivery; `raw` instead of a text, or other headers."""
        raw = more.pop("raw", None) or orjson.dumps({"text": text})
        at, secret = more.pop("at", datetime.now(UTC)), more.pop("secret", self.secret)
        signed = sign(secret, more.pop("delivery", "") or uuid4().hex, at, raw)
        headers = {"Content-Type": "application/json", **signed, **more.pop("headers", {})}
        assert not more
        async with web.session.post(web.url + self.path, data=raw, headers=headers) as answer:
            body = await answer.read()
            return Reply(answer.status, answer.headers, body, orjson.loads(body) if body else None)


async def make(web: Web, school: School, room: str = "", *, who: Somebody | None = None, name: str = "Kiln") -> Kiln:
    """A webhook of the school's owner, or of somebody else, for an open room."""
    room = room or await make_room(web, school)
    made = await ask(web, school, who or school.people.get("ana") or school.otto, "POST", "/incoming-webhooks", {
        "name": name, "room": room,
    })  # fmt: skip
    assert made.status == 201, made.json
    return Kiln(made.json["id"], made.json["url"].removeprefix(web.url), made.json["secret"], room)


async def read(web: Web, school: School, kiln: Kiln, who: Somebody | None = None) -> list[dict[str, Any]]:
    """What stands in its room."""
    page = await ask(web, school, who or school.zoe, "GET", f"/rooms/{kiln.room}/messages")
    return list(page.json["items"])


async def refusals(web: Web, school: School, kiln: Kiln) -> list[tuple[int, str]]:
    """What was not taken, newest first."""
    page = await ask(web, school, school.ana, "GET", f"/incoming-webhooks/{kiln.id}/refusals")
    return [(each["status"], each["code"]) for each in page.json["items"]]
