"""What the API tests act on: a channel with one of everything, reached by the names that paths have for it."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from providers.standard_webhooks import make_secret
from tenants import directory
from tenants.batches import purchases
from tenants.billing import accounts, prices
from tenants.billing.prices import Price
from tenants.certificates import certificates
from tenants.community import drafts, messages, polls, rooms
from tenants.courses import courses
from tenants.files import files
from tenants.ids import SessionId, new_id
from tenants.keys import keys
from tenants.people.sessions import SESSIONS, TOKENS
from tenants.scope import Tenancy
from tenants.sealing import Seals
from tenants.statements import PERSON, personal
from tenants.tables import binds
from tenants.webhooks import deliveries, endpoints, incoming
from tests.tenants.live_school import make_held
from tests.world import School, Somebody, World, make_world

_SESSION = personal(insert(SESSIONS).values(person_id=PERSON, **binds("id", "kind")))
_TOKEN = personal(insert(TOKENS).values(person_id=PERSON, **binds("hash", "session_id", "kind", "expires_at")))


@dataclass(frozen=True, slots=True)
class Stage:
    """A world, and for each name of a path's parameter a thing of the pottery that it stands for."""

    world: World
    named: dict[str, str]

    @property
    def school(self) -> School:
        """The channel that everything is in."""
        return self.world.pottery


async def set_stage(tenancy: Tenancy) -> Stage:
    """Make a world whose pottery has a course, a class on now, a room with a message, an upload, an award, an order."""
    world = await make_world(tenancy)
    school = world.pottery
    held = await make_held(tenancy, school, school.ana, school.sam)
    poll = polls.check(["Stoneware", "Porcelain"], several=False, anonymous=False, ends_at=None)
    draft = await drafts.prepare(new_id(), "Which clay for a *first* bowl?", poll=poll)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        room = (await rooms.add(scope, "Glazes", "open"))["id"]
        posted = await messages.post(scope, room, draft)
        upload = await files.begin(scope, name="a.pdf", content_type="application/pdf", purpose="attachment", size=9)
        attached = await files.begin(scope, name="b.png", content_type="image/png", purpose="message", size=9)
        award = await certificates.issue(scope, school.sam.member_id, held.course.id)
        priced = (await courses.add(scope, "Kilns", "kilns"))["id"]
        await courses.publish(scope, priced)
        await prices.set_course(scope, priced, Price(900, "EUR"))
        key, _ = await keys.make(scope, name="Robot", scopes=["read:community"])
        await accounts.keep(scope, "sandbox", f"acct_{school.id.hex}", "PT", ready=True, missing=())
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        order = (await purchases.begin(scope, "sandbox", priced)).order
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        webhook = await endpoints.add(
            scope, Seals(bytes(32)), make_secret(), name="Robot", url="https://example.org/x", events=["order.paid"]
        )
        delivery = await deliveries.test(scope, webhook["id"])
        arrives = await incoming.add(scope, Seals(bytes(32)), make_secret(), name="Kiln", room_id=room)
    named = {
        "slug": school.slug,
        "member": school.zoe.member_id,
        "course": held.course.id,
        "section": held.course.section,
        "lesson": held.course.text,
        "batch": held.batch,
        "connection": held.connection,
        "live_class": held.id,
        "room": room,
        "id": posted.id,
        "upload": upload["id"],
        "attachment": attached["id"],
        "code": award.code,
        "priced": priced,
        "order": order["id"],
        "key": key["id"],
        "webhook": webhook["id"],
        "delivery": delivery["id"],
        "incoming": arrives["id"],
    }
    return Stage(world, {name: str(value) for name, value in named.items()})


async def sign_in_again(tenancy: Tenancy, person: Somebody) -> str:
    """A new access token of a session of its own, which no sign-out of another one ends."""
    session_id, token = SessionId(new_id()), secrets.token_urlsafe(32)
    later = datetime.now(UTC) + timedelta(hours=1)
    async with tenancy.person(person.person_id) as scope:
        await scope.run(_SESSION, id=session_id, kind="api")
        await scope.run(_TOKEN, hash=directory.hash_of(token), session_id=session_id, kind="access", expires_at=later)
    return token
