"""The work that goes on while services fail: each kind keeps what it was promised, and reckons it up in the end."""

import asyncio
import hashlib
import itertools
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
import orjson

from cli.drill.client import Client
from cli.drill.school import School
from providers.standard_webhooks import sign


class Kind(Protocol):
    """One kind of work: goes on until told to stop, then says what was acknowledged, lost and doubled."""

    async def run(self, until: asyncio.Event, /) -> None:
        """Work."""

    async def check(self) -> tuple[int, int, int]:
        """Acknowledged, lost, doubled."""


@dataclass
class Messages:
    """Messages posted by several people; an acknowledged one is there once, at its number."""

    client: Client
    school: School
    acked: dict[str, tuple[str, int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def run(self, until: asyncio.Event) -> None:
        """Post until told to stop."""
        path = f"/api/v1/channels/{self.school.slug}/rooms/{self.school.room}/messages"
        writers = itertools.cycle(token for token, _ in self.school.students)
        while not until.is_set():
            client_id, token = str(uuid4()), next(writers)
            body = {"client_id": client_id, "body": f"message {client_id}"}
            status, answer = await self.client.insist("POST", path, token=token, json=body)
            if status not in {200, 201}:
                self.wrong.append(f"{status} {answer}")
                continue
            self.acked[client_id] = (answer["id"], answer["seq"])
            await asyncio.sleep(0.02)

    async def check(self) -> tuple[int, int, int]:
        """Acknowledged, lost, doubled."""
        path = f"/api/v1/channels/{self.school.slug}/rooms/{self.school.room}/messages"
        there = self.seen
        while True:
            after = there[-1]["seq"] if there else 0
            _, page = await self.client.insist("GET", f"{path}?after={after}&limit=100", token=self.school.owner)
            if not page["items"]:
                break
            there += page["items"]
        bodies = [message["body"] for message in there]
        places = {message["id"]: message["seq"] for message in there}
        lost = [each for each, (id_, seq) in self.acked.items() if places.get(id_) != seq]
        doubled = len(bodies) - len(set(bodies))
        holes = [message["seq"] for message in there] != list(range(1, len(there) + 1))
        return len(self.acked), len(lost) + len(self.wrong) + holes, doubled


@dataclass
class Recordings:
    """A provider's webhooks, each sent until it is taken, some twice; each becomes one lesson that can be played.

    A class takes at most fifty.
    """

    client: Client
    school: School
    chance: random.Random
    film_url: str
    told: list[str] = field(default_factory=list)

    async def run(self, until: asyncio.Event) -> None:
        """Tell of a recording now and then."""
        while not until.is_set() and len(self.told) < 50:
            name = f"rec-{uuid4()}"
            for _ in range(self.chance.choice((1, 2))):
                await self._tell(name)
            self.told.append(name)
            await asyncio.sleep(4)

    async def _tell(self, name: str) -> None:
        data = {
            "class": self.school.class_id, "recording": name, "url": self.film_url, "content_type": "video/mp4",
            "started_at": "2026-11-01T19:00:00Z",
        }  # fmt: skip
        raw = orjson.dumps({"type": "recording.ready", "data": data})
        headers = sign(self.school.secret, f"evt-{name}", datetime.now(UTC), raw)
        path = f"/webhooks/live/{self.school.connection}"
        headers["Content-Type"] = "application/json"
        status, answer = await self.client.insist("POST", path, data=raw, headers=headers)
        _expect(status, 200, answer)

    async def check(self) -> tuple[int, int, int]:
        """Told, lost, doubled; one that failed with a reason is ready after it was tried again."""
        path = f"/api/v1/channels/{self.school.slug}/recordings"
        page = await self._fetched(path)
        for each in page:
            if each["state"] == "failed" and each["reason"]:
                await self.client.insist("POST", f"{path}/{each['id']}/retry", token=self.school.owner, json={})
        page = await self._fetched(path)
        ours = [each for each in page if each["class_id"] == self.school.class_id]
        ready = [each for each in ours if each["state"] == "ready"]
        lessons_path = f"/api/v1/channels/{self.school.slug}/courses/{self.school.course}/lessons?limit=100"
        _, lessons = await self.client.insist("GET", lessons_path, token=self.school.owner)
        shown = [each["id"] for each in lessons["items"] if each["kind"] == "recording"]
        lost = len(self.told) - len({each["lesson_id"] for each in ready} & set(shown))
        strays = set(shown) - {each["lesson_id"] for each in page}
        return len(self.told), lost, len(ours) - len(set(self.told)) + len(strays)

    async def _fetched(self, path: str) -> list[dict[str, Any]]:
        """All recordings, once none is on its way any more."""
        async with asyncio.timeout(240):
            while True:
                _, page = await self.client.insist("GET", f"{path}?limit=100", token=self.school.owner)
                items: list[dict[str, Any]] = page["items"]
                if all(each["state"] in {"ready", "failed"} for each in items):
                    return items
                await asyncio.sleep(0.5)


@dataclass
class Certificates:
    """Awards to every student; each acknowledged one becomes valid with one PDF, and is not awarded twice."""

    client: Client
    school: School
    acked: dict[str, str] = field(default_factory=dict)
    twice: int = 0

    async def run(self, until: asyncio.Event) -> None:
        """Award one student after the other, each twice."""
        path = f"/api/v1/channels/{self.school.slug}/certificates"
        for _, member in itertools.cycle(self.school.students):
            if until.is_set():
                return
            body = {"member": member, "course": self.school.course}
            status, answer = await self.client.insist("POST", path, token=self.school.owner, json=body)
            _expect(status, 202, answer)
            self.twice += self.acked.setdefault(member, answer["code"]) != answer["code"]
            await asyncio.sleep(1)

    async def check(self) -> tuple[int, int, int]:
        """Awarded, lost, doubled."""
        lost = 0
        for code in self.acked.values():
            lost += not await self._valid(code)
        path = f"/api/v1/channels/{self.school.slug}/certificates?limit=100"
        _, page = await self.client.insist("GET", path, token=self.school.owner)
        return len(self.acked), lost, self.twice + len(page["items"]) - len(self.acked)

    async def _valid(self, code: str) -> bool:
        async with asyncio.timeout(120):
            while True:
                _, shown = await self.client.insist("GET", f"/api/v1/certificates/{code}")
                if shown["state"] == "valid":
                    break
                await asyncio.sleep(0.5)
        status, pdf = await self.client.insist("GET", f"/verify/{code}.pdf")
        return status == 200 and bytes(pdf[:5]) == b"%PDF-"


@dataclass
class Uploads:
    """Files sent in pieces straight to the store, gone on with where the store says; each arrives byte by byte."""

    client: Client
    school: School
    chance: random.Random
    sent: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    grain: int = 256 * 1024

    async def run(self, until: asyncio.Event) -> None:
        """Upload one file after the other."""
        path = f"/api/v1/channels/{self.school.slug}/uploads"
        while not until.is_set():
            content = self.chance.randbytes(self.grain * 4 + self.chance.randrange(self.grain))
            given = {"name": "a.bin", "size": len(content), "content_type": "application/pdf", "purpose": "attachment"}
            status, begun = await self.client.insist("POST", path, token=self.school.owner, json=given)
            _expect(status, 201, begun)
            await self._send(begun["session_url"], content)
            done = f"{path}/{begun['id']}/complete"
            status, answer = await self.client.insist("POST", done, token=self.school.owner, json={})
            _expect(status, 200, answer)
            await asyncio.sleep(0.5)
            self.sent[begun["id"]] = hashlib.sha256(content).hexdigest()

    async def _send(self, session: str, content: bytes) -> None:
        at, total = 0, len(content)
        while at < total:
            piece = content[at : at + self.grain]
            held = f"bytes {at}-{at + len(piece) - 1}/{total}"
            try:
                async with self.client.session.put(session, data=piece, headers={"Content-Range": held}) as answer:
                    if answer.status in {200, 201}:
                        return
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            at = await self._offset(session, total)

    async def _offset(self, session: str, total: int) -> int:
        for _ in range(1000):
            try:
                asked = {"Content-Range": f"bytes */{total}"}
                async with self.client.session.put(session, headers=asked) as answer:
                    if answer.status in {200, 201}:
                        return total
                    if answer.status == 308:
                        return int(answer.headers.get("Range", "bytes=0--1").rpartition("-")[2] or -1) + 1
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(0.05)
        raise aiohttp.ClientError("the store does not come back")

    async def check(self) -> tuple[int, int, int]:
        """Sent, lost, doubled (a file is its id: it cannot be)."""
        for file_id in self.sent.keys() - self.whole:
            path = f"/c/{self.school.slug}/files/{file_id}"
            _, content = await self.client.insist("GET", path, token=self.school.owner)
            if hashlib.sha256(content).hexdigest() == self.sent[file_id]:
                self.whole.add(file_id)
        return len(self.sent), len(self.sent) - len(self.whole), 0


def _expect(status: int, wanted: int, answer: Any) -> None:
    if status != wanted:
        raise aiohttp.ClientError(f"{status} instead of {wanted}: {answer}")
