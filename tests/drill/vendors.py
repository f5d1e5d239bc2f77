"""Vendors around the drilled installation, as stand-ins that can be told to misbehave, and what is done with them."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import orjson

from cli.drill.faults import Fault
from cli.drill.film import FilmHouse
from cli.drill.installation import Installation
from cli.drill.surroundings import Scene, Surrounded
from cli.drill.work import Kind
from settings import Settings
from tests.drill import faults
from tests.drill.post import Post
from tests.drill.work import Engine, Films, Letters, Purchases, Visits, ask, run_again
from tests.standins import livekit, stripe
from tests.standins.elasticsearch import Node
from tests.standins.elasticsearch.way import Way, way_to
from tests.standins.gcs import FarStorage, far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET
from tests.standins.livekit import LiveKitServer, livekit_server
from tests.standins.relay import Relay, relaying
from tests.standins.stripe import FarStripe, far_stripe

KNOCK = aiohttp.ClientTimeout(total=10)


@dataclass
class Vendors:
    """Surroundings of a drill: far sides by port, the way to the search engine, and how webhooks come."""

    settings: dict[str, str]
    stripe: FarStripe
    storage: FarStorage
    livekit: LiveKitServer
    relay: Relay
    way: Way
    node: Node
    source: FilmHouse
    indexes: str
    """The URL of what is searched in Elasticsearch, past the way."""
    session: aiohttp.ClientSession
    chance: Random
    hooks: dict[str, str]
    """Where the vendors post to."""
    connection: str = ""
    batch: str = ""

    def __post_init__(self) -> None:
        self.stripe_post = Post(self._knock_for_stripe, self.chance)
        self.livekit_post = Post(self._knock_for_livekit, self.chance)

    def faults(self, installation: Installation) -> list[Fault]:
        """Every vendor, in each of its bad ways."""
        posts = {"Stripe": self.stripe_post, "LiveKit": self.livekit_post}
        return [
            *faults.of_stripe(self.stripe), *faults.of_storage(self.storage),
            *faults.of_relay(self.relay, partial(run_again, installation)),
            *faults.of_livekit(self.livekit), *faults.of_engine(self.way, self.node), *faults.of_posts(posts),
        ]  # fmt: skip

    async def kinds(self, scene: Scene, /) -> dict[str, Kind]:
        """Purchases with their receipts, visits of a class, and the engine's own books."""
        await scene.installation.run("reindex")
        course = await self._shop(scene)
        class_id = await self._class(scene)
        purchases = Purchases(scene, self.stripe, self.stripe_post, course)
        return {
            "purchases": purchases,
            "receipts": Letters(scene, self.relay, purchases),
            "class visits": Visits(scene, self.livekit_post, class_id),
            "class films": Films(scene, self.livekit_post, self.livekit, self.plan, self.source.url),
            "in the engine": Engine(scene, self.indexes),
        }

    async def _shop(self, scene: Scene) -> str:
        """A course that costs something in a channel that can be paid; its id."""
        owner, at = scene.school.owner, f"/channels/{scene.school.slug}"
        self.hooks["stripe"] = f"{scene.installation.url}/webhooks/stripe"
        await ask(scene, "POST", f"{at}/billing/account", owner, country="GB")
        self.stripe.make_ready(next(iter(self.stripe.accounts)))
        while self.stripe.events:
            await self.stripe_post.send(self.stripe.events.pop(0))
        assert (await ask(scene, "GET", f"{at}/billing/account", owner))["ready"]
        course = await ask(scene, "POST", f"{at}/courses", owner, title="Glazes", slug="glazes")
        lesson = await ask(
            scene, "POST", f"{at}/courses/{course['id']}/lessons", owner, kind="text", title="Ash", body="Wood ash."
        )
        await ask(scene, "POST", f"{at}/lessons/{lesson['id']}/publish", owner)
        await ask(scene, "PUT", f"{at}/courses/{course['id']}/price", owner, amount=4950, currency="EUR")
        await ask(scene, "POST", f"{at}/courses/{course['id']}/publish", owner)
        return str(course["id"])

    async def _class(self, scene: Scene) -> str:
        """A class at LiveKit that goes on for long, for those of the school's own course; its id."""
        owner, at = scene.school.owner, f"/channels/{scene.school.slug}"
        given = {**self.livekit.given, "recordings": "own"}
        made = await ask(
            scene, "POST", f"{at}/live-connections", owner, name="LiveKit", provider="livekit", credentials=given
        )
        self.connection = made["id"]
        self.hooks["livekit"] = f"{scene.installation.url}/webhooks/live/{made['id']}"
        batch = (await ask(scene, "GET", f"{at}/courses/{scene.school.course}/batches", owner))["items"][0]
        self.batch = batch["id"]
        for _, member in scene.school.students:
            seat = {"member": member, "batch": batch["id"]}
            await ask(scene, "POST", f"{at}/courses/{scene.school.course}/students", owner, **seat)
        return await self.plan(scene, timedelta(hours=2))

    async def plan(self, scene: Scene, ends_in: timedelta) -> str:
        """One more class at LiveKit, which goes on now; its id."""
        now, at = datetime.now(UTC), f"/channels/{scene.school.slug}/batches/{self.batch}/classes"
        times = {"starts_at": now - timedelta(hours=1), "ends_at": now + ends_in}
        held = {name: time.strftime("%Y-%m-%dT%H:%M:%SZ") for name, time in times.items()}
        planned = await ask(scene, "POST", at, scene.school.owner, title="Ash", connection_id=self.connection, **held)
        return str(planned["id"])

    async def _knock_for_stripe(self, event: Any, forged: bool) -> int:
        raw = orjson.dumps(event)
        signed = stripe.sign(raw, "whsec_ofsomebodyelse0123456789") if forged else stripe.sign(raw)
        return await self._post(self.hooks["stripe"], raw, signed)

    async def _knock_for_livekit(self, event: Any, forged: bool) -> int:
        secret = "a-secret-of-somebody-else-as-long-as-it-must-be" if forged else livekit.SECRET
        _, headers, raw = livekit.webhook(event, secret=secret)
        return await self._post(self.hooks["livekit"], raw, dict(headers))

    async def _post(self, url: str, raw: bytes, headers: dict[str, str]) -> int:
        async with self.session.post(url, data=raw, headers=headers, timeout=KNOCK) as answer:
            return answer.status


@asynccontextmanager
async def _surrounded(source: FilmHouse, *, node: Node, seed: int) -> AsyncIterator[Vendors]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gd-")))
        secret = secrets.token_urlsafe(48)
        far_pay, pay_url = await stack.enter_async_context(far_stripe())
        far_files, files_url = await stack.enter_async_context(far_storage())
        far_live = await stack.enter_async_context(livekit_server())
        relay = await stack.enter_async_context(relaying(Relay(user="drill", password=secret)))
        way, way_url = await stack.enter_async_context(way_to(node.url))
        named = Settings.model_validate({"secret_key": secret, "guildhall_home": folder}).deployment
        settings = {
            "SECRET_KEY": secret, "RECORDING_HOSTS": f"{source.host},{far_live.host}", "ELASTICSEARCH_URL": way_url,
            "STORAGE": f"gcs:{BUCKET}", "STORAGE_EMULATOR_HOST": files_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(folder, files_url)),
            "PAYMENTS": "stripe", "STRIPE_API_BASE": pay_url, "STRIPE_SECRET_KEY": stripe.KEY,
            "STRIPE_WEBHOOK_SECRET": stripe.WEBHOOK_SECRET, "MAIL": f"smtp://drill:{secret}@localhost:{relay.port}?starttls=never",
        }  # fmt: skip
        session = await stack.enter_async_context(aiohttp.ClientSession())
        chance = Random(seed)
        indexes = f"{node.url}/{named}-documents"
        yield Vendors(
            settings, far_pay, far_files, far_live, relay, way, node, source, indexes, session, chance, {}
        )  # fmt: skip


def surrounded(node: Node, seed: int) -> Surrounded:
    """What the drill is to be surrounded by: vendors, and the way to a search engine that runs."""
    return partial(_surrounded, node=node, seed=seed)
