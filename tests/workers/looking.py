"""A class at a stand-in of a live provider, and the jobs that look after it: asked for, due, and done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from providers.live import choose
from providers.live.hosts import LiveHosts
from providers.live.wire import _BREAKERS
from tenants import work
from tenants.live import classes, connections, recordings, rooms
from tenants.permissions import acting_system
from tests.databases import bare
from tests.providers.live_sides import HASTE, SIDES
from tests.standins import bigbluebutton as bbb
from tests.standins import livekit, zoom
from tests.tenants.live_school import SEALS, Held, make_class
from workers.registry import Workshop
from workers.run import perform_leased

SYSTEM = acting_system("test")


@dataclass
class Past:
    """A class in a room of `far`, and what a worker needs to look after it."""

    kind: str
    far: Any
    shop: Workshop
    held: Held
    id: UUID
    connection: UUID
    ref: str
    began: datetime

    async def looks(self) -> list[int]:
        """The numbers of the looks that are asked for."""
        return [number for number, _ in await self.asked_for()]

    async def asked_for(self, name: str = "LookAfterClass") -> list[tuple[int, datetime]]:
        """The numbers of the looks, or roll calls, that are asked for, and when they are due."""
        sql = "select payload, run_at from jobs where name = $2 and payload->>'class_id' = $1 order by id"
        async with bare(self.shop.tenancy.relay) as connection:
            rows = await connection.fetch(sql, str(self.id), name)
        return [(row["payload"]["call" if name == "CallRoll" else "look"], row["run_at"]) for row in rows]

    async def look(self) -> None:
        """Do what is asked for, whenever it is due."""
        async with bare(self.shop.tenancy.relay) as connection:
            sql = "update jobs set run_at = now() where name = 'LookAfterClass' and payload->>'class_id' = $1"
            await connection.execute(sql, str(self.id))
        await self.do_what_is_due("LookAfterClass")

    async def do_what_is_due(self, name: str) -> None:
        """Do the jobs of this name that are due; whoever held them is dead."""
        sql = """update jobs set lease = null, leased_until = null where name = $2 and run_at <= now()
                 and payload->>'class_id' = $1 and state <> 'failed' returning channel_id, id"""
        async with bare(self.shop.tenancy.relay) as connection:
            rows = await connection.fetch(sql, str(self.id), name)
        for row in rows:
            leased = await work.take(self.shop.tenancy, work.Ticket(row["channel_id"], None, row["id"]))
            assert leased is not None
            await perform_leased(self.shop, leased)

    async def pass_time(self, by: timedelta) -> None:
        """Time passes: the class, and all that is known of it and asked for, was so much earlier."""
        async with bare(self.shop.tenancy.app, channel_id=self.held.school.id) as connection:
            for column in ("starts_at", "ends_at"):
                sql = f"update live_classes set {column} = {column} - $2::interval where id = $1"
                await connection.execute(sql, self.id, by)
            await connection.execute("update attendance set at = at - $2::interval where class_id = $1", self.id, by)
        async with bare(self.shop.tenancy.relay) as connection:
            sql = "update jobs set run_at = run_at - $2::interval where payload->>'class_id' = $1"
            await connection.execute(sql, str(self.id), by)
        self.began -= by

    def keeps(self, url: str) -> None:
        """The provider has a recording of the class at this address."""
        if self.kind == "livekit":
            self.far.egresses = [livekit.egress(self.id, self.began, url)]
        elif self.kind == "zoom":
            self.far.recordings[self.ref] = zoom.films(self.ref, self.began, url)
            self.far.recordings[zoom.SITTING] = self.far.recordings[self.ref]
        else:
            self.far.recordings[self.ref] = bbb.recording("rec-1", self.began, url)

    async def kept(self) -> list[tuple[str, str]]:
        async with self.shop.tenancy.scope(self.held.school.id, SYSTEM) as scope:
            return [(row["state"], row["reason"] or "") for row in await recordings.of_class(scope, self.id)]

    async def state(self) -> str:
        async with self.shop.tenancy.scope(self.held.school.id, SYSTEM) as scope:
            return str((await classes.read(scope, self.id))["state"])


@asynccontextmanager
async def past(
    kind: str, shop: Workshop, held: Held, *hosts: str, begins: float = -62, lasts: float = 60
) -> AsyncIterator[Past]:
    """A class whose room was made just now, which began 62 minutes ago and lasted 60, unless told otherwise."""
    async with SIDES[kind]().serve() as far:
        now = datetime.now(UTC).replace(microsecond=0)
        began = now + timedelta(minutes=begins)
        ended = began + timedelta(minutes=lasts)
        near = replace(shop, live=LiveHosts([far.host], HASTE), recording_hosts=(far.host, *hosts))
        async with shop.tenancy.scope(held.school.id, SYSTEM) as scope:
            secret = choose(kind).check(far.given)
            made = await connections.add(scope, SEALS, name="Ours", provider=kind, secret=secret)
        at = {"connection_id": made["id"], "starts_at": began, "ends_at": ended}
        class_id = await make_class(shop.tenancy, held.school, held.school.ana, held.batch, **at)
        ref = "90000000000" if kind == "zoom" else str(class_id)
        async with shop.tenancy.scope(held.school.id, SYSTEM) as scope:
            room = {"class_id": class_id, "connection_id": made["id"], "ref": ref, "facts": {}, "problem": ""}
            await rooms.keep(scope, SEALS, **room, ends_at=ended)
        try:
            yield Past(kind, far, near, held, class_id, made["id"], ref, began)
        finally:
            await near.live.close()
    _BREAKERS.clear()
