"""What is done at vendors while they fail, counted on both sides in the end."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import orjson

from cli.drill.installation import Installation
from cli.drill.surroundings import Scene
from tests.drill.post import Post
from tests.standins import livekit
from tests.standins.livekit import LiveKitServer
from tests.standins.relay import Relay
from tests.standins.stripe import FarStripe
from tests.waiting import until

PATIENCE = 200.0
ENGINE_PATIENCE, MINUTE = 60.0, timedelta(minutes=1)
BUYERS = 6
"""In the time of one fault."""


async def ask(scene: Scene, method: str, path: str, token: str = "", **fields: Any) -> Any:
    """The API's good answer, however often it has to be asked; AssertionError for a refusal."""
    headers = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
    given = {"json": fields} if method != "GET" else {}
    status, answer = await scene.client.insist(method, f"/api/v1{path}", token=token, headers=headers, **given)
    assert status < 300, (method, path, status, answer)
    return answer


async def comes(so: Callable[[], Awaitable[bool]], within: float) -> bool:
    """Whether it becomes true within so many seconds."""
    try:
        return await until(so, within, every=0.5)
    except AssertionError:
        return False


@dataclass
class Purchases:
    """People who buy and pay; each is charged once and let in once, each fifth one's money goes back once."""

    scene: Scene
    far: FarStripe
    post: Post
    course: str
    paid: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Order and mailbox by checkout."""
    back: set[str] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)
    """The state in which each order was found to have come to rest."""

    async def run(self, end: asyncio.Event) -> None:
        """One buyer after the other, not too many: an address may not sign up without end."""
        for _ in range(BUYERS):
            await self._buy(len(self.paid))
            if len(self.paid) % 5 == 0:
                await self._give_back()
            await asyncio.sleep(0.5)
            if end.is_set():
                break

    async def _buy(self, number: int) -> None:
        email, at = f"buyer-{number}@drill.example", f"/channels/{self.scene.school.slug}"
        given = {"email": email, "password": "a long enough sentence", "name": f"Buyer {number}"}
        token = (await ask(self.scene, "POST", "/auth/sign-up", **given))["access_token"]
        await ask(self.scene, "POST", f"{at}/join", token)
        order = await self._ordered(at, token)
        checkout = order["checkout_url"].rpartition("/")[2]
        self.paid[checkout] = order["id"], email
        self.far.become(checkout, "paid")
        await self._tell()

    async def _ordered(self, at: str, token: str) -> Any:
        """The order; while Stripe knows us for the channel no more, a buyer is told so, and tries again."""
        path, given = f"/api/v1{at}/orders", {"json": {"course": self.course}}
        while True:
            headers = {"Idempotency-Key": uuid4().hex}
            status, answer = await self.scene.client.insist("POST", path, token=token, headers=headers, **given)
            if status < 300:
                return answer
            assert (status, answer["code"]) == (409, "account_revoked"), answer
            await asyncio.sleep(0.2)

    async def _give_back(self) -> None:
        """The oldest paid one that still may; nothing when it is not known here yet, or nobody could."""
        for order, _ in () if self.far.revoked else self.paid.values():
            if order not in self.back and (await self._order(order))["state"] == "paid":
                at = f"/channels/{self.scene.school.slug}/orders/{order}/refund"
                await ask(self.scene, "POST", at, self.scene.school.owner, reason="As agreed.")
                self.back.add(order)
                break
        await self._tell()

    async def _tell(self) -> None:
        while self.far.events:
            await self.post.send(self.far.events.pop(0))

    async def _order(self, order: str) -> Any:
        at = f"/channels/{self.scene.school.slug}/orders/{order}"
        return await ask(self.scene, "GET", at, self.scene.school.owner)

    async def check(self) -> tuple[int, int, int]:
        """Paid and given back; what one side does not know; charged or given back twice, and forgeries believed."""
        await self._tell()
        lost = 0
        for order, _ in self.paid.values():
            lost += not await self._settled(order, "refunded" if order in self.back else "paid")
        orders = Counter(each["metadata"]["order_id"] for each in self.far.sessions.values() if _was_paid(each))
        refunds = Counter(each["payment_intent"] for each in self.far.refunds)
        lost += abs(len(self.back) - len(refunds))
        twice = sum(count - 1 for count in (*orders.values(), *refunds.values()))
        return len(self.paid) + len(self.back), lost, twice + self.post.believed

    async def _settled(self, order: str, wanted: str) -> bool:
        async def so() -> bool:
            self.settled[order] = str((await self._order(order))["state"])
            return self.settled[order] == wanted

        return self.settled.get(order) == wanted or await comes(so, PATIENCE)


def _was_paid(session: dict[str, Any]) -> bool:
    return bool(session["payment_status"] == "paid")


@dataclass
class Letters:
    """A receipt for each purchase; one that a relay took twice has one Message-ID, by which mailboxes know it again."""

    scene: Scene
    relay: Relay
    purchases: Purchases

    async def run(self, end: asyncio.Event) -> None:
        """They are written by what is bought."""
        await end.wait()

    async def check(self) -> tuple[int, int, int]:
        """Receipts due, lost, and written twice."""
        due = {email for _, email in self.purchases.paid.values()}

        async def all_there() -> bool:
            return not due - self._receipts().keys()

        await comes(all_there, PATIENCE)
        found = self._receipts()
        return len(due), len(due - found.keys()), sum(len(ids) - 1 for ids in found.values())

    def _receipts(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for letter in self.relay.letters:
            if str(letter["Subject"]).startswith("Receipt"):
                found.setdefault(str(letter["To"]), set()).add(str(letter["Message-ID"]))
        return found


@dataclass
class Visits:
    """Students who go into a class at LiveKit, and guests who it tells came for a minute, before any roll call."""

    scene: Scene
    post: Post
    class_id: str
    told: list[str] = field(default_factory=list)
    came: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=2))
    guests: int = 0
    """With those of whom nothing was told, for it was dropped: no poll could tell of them later."""

    async def run(self, end: asyncio.Event) -> None:
        """One after the other."""
        school = self.scene.school
        while not end.is_set():
            token, _ = school.students[self.guests % len(school.students)]
            door = await ask(self.scene, "POST", f"/channels/{school.slug}/classes/{self.class_id}/join", token)
            assert re.search(r"[?&]token=", door["url"])
            guest = f"guest-{self.guests}"
            sent = [
                await self.post.send(livekit.moved(kind, UUID(self.class_id), guest, at, f"{kind}-{guest}"))
                for kind, at in (("participant_joined", self.came), ("participant_left", self.came + MINUTE))
            ]
            self.guests += 1
            if all(sent):
                self.told.append(guest)
            await asyncio.sleep(0.5)

    async def check(self) -> tuple[int, int, int]:
        """Guests told of; those who are not known; those who are counted for more than their minute."""
        at = f"/channels/{self.scene.school.slug}/classes/{self.class_id}/attendance"
        came = {
            each["participant"]: each for each in (await ask(self.scene, "GET", at, self.scene.school.owner))["items"]
        }
        lost = [guest for guest in self.told if guest not in came or round(came[guest]["seconds"]) < 60]
        more = [guest for guest in self.told if guest in came and round(came[guest]["seconds"]) > 60]
        return len(self.told), len(lost), len(more) + self.post.believed


@dataclass
class Films:
    """Films that LiveKit makes of classes and tells nobody of: polling finds each, once."""

    scene: Scene
    post: Post
    far: LiveKitServer
    plan: Callable[[Scene, timedelta], Awaitable[str]]
    film: str
    made: list[str] = field(default_factory=list)

    async def run(self, end: asyncio.Event) -> None:
        """One class to begin with, and one whenever webhooks are dropped."""
        while not end.is_set():
            if not self.made or self.post.manners == "dropped":
                await self._hold()
                await end.wait()
            await asyncio.sleep(0.2)

    async def _hold(self) -> None:
        school, ends_in = self.scene.school, timedelta(seconds=8)
        class_id, began = await self.plan(self.scene, ends_in), datetime.now(UTC)
        token, _ = school.students[0]
        await ask(self.scene, "POST", f"/channels/{school.slug}/classes/{class_id}/join", token)
        made = livekit.egress(UUID(class_id), began, self.film)
        self.far.egresses.append(made | {"egressId": f"EG_{len(self.made)}"})
        self.made.append(class_id)

    async def check(self) -> tuple[int, int, int]:
        """Films made, those that did not become recordings, and those that became two."""
        await comes(self._all_there, PATIENCE)
        found = await self._found()
        lost, more = set(self.made) - found.keys(), sum(found.values()) - len(found)
        return len(self.made), len(lost), more

    async def _all_there(self) -> bool:
        return not set(self.made) - (await self._found()).keys()

    async def _found(self) -> Counter[str]:
        at = f"/channels/{self.scene.school.slug}/recordings?limit=100"
        items = (await ask(self.scene, "GET", at, self.scene.school.owner))["items"]
        ours = [each["class_id"] for each in items if each["state"] == "ready" and each["class_id"] in self.made]
        return Counter(map(str, ours))


async def run_again(installation: Installation) -> None:
    """What an operator does about jobs that were given up, once what they met is mended."""
    connection = await asyncpg.connect(installation.servers.postgres.database_url, timeout=30)
    try:
        failed = await connection.fetch(_GIVEN_UP)
    finally:
        await connection.close()
    for row in failed:
        await installation.run("jobs", "run-again", str(row["id"]))


_GIVEN_UP = "select id from jobs where state = 'failed' union all select id from person_jobs where state = 'failed'"


@dataclass
class Engine:
    """Every message is in Elasticsearch too."""

    scene: Scene
    url: str

    async def run(self, end: asyncio.Event) -> None:
        """They are indexed by what is said."""
        await end.wait()

    async def check(self) -> tuple[int, int, int]:
        """Messages, those that the engine lacks, and those that it has too many."""
        connection = await asyncpg.connect(self.scene.installation.servers.postgres.database_url, timeout=30)
        try:
            there = int(await connection.fetchval("select count(*) from messages where deleted_at is null"))
        finally:
            await connection.close()

        async def equal() -> bool:
            return await self._found() == there

        await comes(equal, ENGINE_PATIENCE)
        found = await self._found()
        return there, max(0, there - found), max(0, found - there)

    async def _found(self) -> int:
        asked = orjson.dumps({"query": {"term": {"kind": "message"}}})
        headers = {"Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/_refresh"),
            session.post(f"{self.url}/_count", data=asked, headers=headers) as answer,
        ):
            return int((await answer.json())["count"])
