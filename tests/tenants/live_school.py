"""What live tests begin with: a batch with sam in it, a connection with its secret, a class that is on now."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from providers import live
from tenants.live import classes, connections
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.sealing import Seals
from tests.tenants.school import Taught, enrol, make_batch, make_course
from tests.world import School, Somebody

SECRET = b"a secret for tests, as long as it has to be"
SEALS = Seals(SECRET)
ON_AIR = "https://meet.guildhall.example/first-bowl"


@dataclass(frozen=True, slots=True)
class Held:
    """A class that began 10 minutes ago and lasts an hour, and where its provider reports to."""

    school: School
    course: Taught
    batch: UUID
    id: UUID
    connection: UUID
    secret: str
    starts_at: datetime


async def make_connection(tenancy: Tenancy, school: School) -> tuple[UUID, str]:
    """An open connection of the channel, and its secret."""
    secret = live.choose("generic").make_secret()
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        row = await connections.add(scope, SEALS, name="Our room", provider="generic", secret=secret)
    return row["id"], secret


async def make_class(tenancy: Tenancy, school: School, teacher: Somebody, batch: UUID, **given: Any) -> UUID:
    """A class of the batch that is on now, unless told otherwise."""
    now = datetime.now(UTC)
    fields = {"title": "Centring", "starts_at": now - timedelta(minutes=10), "ends_at": now + timedelta(minutes=50)}
    async with tenancy.scope(school.id, teacher.actor) as scope:
        row = await classes.add(scope, batch, fields | given)
    return UUID(str(row["id"]))


async def make_held(tenancy: Tenancy, school: School, teacher: Somebody, student: Somebody) -> Held:
    """A course with a batch, a connection, and a class on now in which the student has a seat."""
    course = await make_course(tenancy, school, teacher)
    batch = await make_batch(tenancy, school, teacher, course)
    await enrol(tenancy, school, student, course, batch)
    connection, secret = await make_connection(tenancy, school)
    class_id = await make_class(tenancy, school, teacher, batch, connection_id=connection, url=ON_AIR)
    async with tenancy.scope(school.id, teacher.actor) as scope:
        starts_at = (await classes.read(scope, class_id))["starts_at"]
    return Held(school, course, batch, class_id, connection, secret, starts_at)
