"""A school whose classes are held at a stand-in of a live provider, over the whole web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tenants.scope import Tenancy
from tests.providers.live_sides import SIDES
from tests.standins.live import Delivery
from tests.tenants.live_school import make_class, make_held
from tests.webapp import Reply, Web, serving
from tests.world import School, Somebody, World


@dataclass(frozen=True)
class Hosted:
    """A class on now, held at `far` through `connection`; `batch` has Sam in it, Ana and Ben teach."""

    kind: str
    far: Any
    web: Web
    tenancy: Tenancy
    school: School
    batch: UUID
    connection: str
    id: UUID

    async def join(self, who: Somebody) -> Reply:
        return await self.web.get(f"/c/{self.school.slug}/classes/{self.id}", headers=who.bearer)

    async def deliver(self, delivery: Delivery) -> Reply:
        """The provider's own webhook, posted (or got, when it has no body) as the provider would."""
        query, headers, raw = delivery
        url = f"{self.web.url}/webhooks/live/{self.connection}{query}"
        async with self.web.session.request("POST" if raw else "GET", url, data=raw or None, headers=headers) as answer:
            return Reply(answer.status, answer.headers, await answer.read(), None)

    async def class_in(self, **given: Any) -> UUID:
        """Another class at the same provider."""
        given = {"connection_id": UUID(self.connection), **given}
        return await make_class(self.tenancy, self.school, self.school.ana, self.batch, **given)

    @property
    def ref(self) -> str:
        """The provider's name of the class's room, once it was made."""
        return str(next(iter(self.far.meetings))) if self.kind == "zoom" else str(self.id)


@asynccontextmanager
async def hosted(
    kind: str, tenancy: Tenancy, world: World, database: str, redis_url: str, home: Path, **more: str
) -> AsyncIterator[Hosted]:
    """A school connected to a stand-in of this kind over the API, as its owner would."""
    held = await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)
    async with SIDES[kind]().serve() as far, serving(database, redis_url, home, recording_hosts=(far.host,)) as web:
        connection = await connect(web, world.pottery, kind, {**far.given, **more})
        at = {"connection_id": UUID(connection)}
        class_id = await make_class(tenancy, world.pottery, world.pottery.ana, held.batch, **at)
        yield Hosted(kind, far, web, tenancy, world.pottery, held.batch, connection, class_id)


async def connect(web: Web, school: School, kind: str, credentials: dict[str, str]) -> str:
    """A connection of this kind, made over the API; its id."""
    asked = {"name": "Ours", "provider": kind, "credentials": credentials}
    made = await web.call("POST", f"/channels/{school.slug}/live-connections", asked, token=school.ana.token)
    assert made.status == 201, made.body
    return str(made.json["id"])
