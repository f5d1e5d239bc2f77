"""A school for the traffic, made through the domain's own doors in the installation's database."""

from datetime import UTC, date, datetime, timedelta

from providers import live
from tenants.batches import batches, seats
from tenants.community import rooms
from tenants.courses import courses, lessons
from tenants.live import classes, connections
from tenants.permissions import Role
from tenants.scope import Tenancy
from tenants.sealing import Seals
from tests.kills.traffic import School
from tests.slices.installation import Installation
from tests.world import make_school

STUDENTS = 5


async def prepare(installation: Installation, film_url: str) -> School:
    """A channel with a room, a published course, a batch, a class with a connection, and five students."""
    tenancy = Tenancy.open(installation.database_as("guildhall_app"), installation.database_as("guildhall_relay"))
    secret = live.choose("generic").make_secret()
    seals = Seals((installation.home / "secret.key").read_text().strip().encode())
    cast = {"ana": Role.OWNER, **{f"sam{number}": Role.STUDENT for number in range(STUDENTS)}}
    made = await make_school(tenancy, "kiln", cast)
    async with tenancy.scope(made.id, made.ana.actor) as scope:
        room = await rooms.add(scope, "Wheel talk", "members")
        course = await courses.add(scope, "Bowls", "bowls")
        lesson = await lessons.add(scope, course["id"], "text", "Begin", {"body": "Slowly."})
        await lessons.publish(scope, lesson["id"])
        await courses.publish(scope, course["id"])
        batch = await batches.add(scope, course["id"], "Autumn", date(2026, 11, 1), {"seats": 20})
        connection = await connections.add(scope, seals, name="Room", provider="generic", secret=secret)
        begins = datetime.now(UTC) - timedelta(hours=1)
        held = {"title": "Clay", "starts_at": begins, "ends_at": begins + timedelta(hours=2)}
        planned = await classes.add(scope, batch["id"], {**held, "connection_id": connection["id"]})
    students = [made.people[name] for name in cast if name != "ana"]
    for student in students:
        async with tenancy.scope(made.id, student.actor) as scope:
            await seats.enroll(scope, course["id"], batch["id"])
    await tenancy.close()
    return School(
        slug=made.slug, room=str(room["id"]), course=str(course["id"]), class_id=str(planned["id"]),
        connection=str(connection["id"]), secret=secret, film_url=film_url, owner=made.ana.token,
        students=[(student.token, str(student.member_id)) for student in students],
    )  # fmt: skip
