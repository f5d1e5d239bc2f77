"""A small named world: two channels of one shape, made afresh for each test so that tests never meet."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from tenants import directory
from tenants.channels.channels import CHANNELS
from tenants.ids import ChannelId, MemberId, PersonId, SessionId, new_id
from tenants.members.members import MEMBERS
from tenants.people.people import PEOPLE
from tenants.people.sessions import SESSIONS, TOKENS
from tenants.permissions import Actor, Role
from tenants.scope import Tenancy
from tenants.statements import PERSON, personal, scoped
from tenants.tables import binds

_CHANNEL = scoped(insert(CHANNELS).values(**binds("slug", "name")))
_PERSON = personal(insert(PEOPLE).values(id=PERSON, **binds("email", "email_key", "name", "confirmed_at")))
_SESSION = personal(insert(SESSIONS).values(person_id=PERSON, **binds("id", "kind")))
_TOKEN = personal(insert(TOKENS).values(person_id=PERSON, **binds("hash", "session_id", "kind", "expires_at")))
_MEMBER = scoped(insert(MEMBERS).values(**binds("id", "person_id", "role", "name")))


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the world: who they are, their token for the API, and what they act as in their channel."""

    person_id: PersonId
    name: str
    email: str
    token: str
    actor: Actor

    @property
    def member_id(self) -> MemberId:
        """The person's membership; there must be one."""
        assert self.actor.member_id is not None
        return self.actor.member_id

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of a signed-in API request."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(slots=True)
class School:
    """A channel of the world and its people by first name: `world.pottery.ana`."""

    id: ChannelId
    slug: str
    name: str
    people: dict[str, Somebody] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Somebody:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True, slots=True)
class World:
    """Both channels, and a person who belongs to neither."""

    pottery: School
    chess: School
    nobody: Somebody


CAST = {
    "pottery": {
        "ana": Role.OWNER,
        "ben": Role.TEACHER,
        "mia": Role.MODERATOR,
        "sam": Role.STUDENT,
        "zoe": Role.STUDENT,
    },
    "chess": {"otto": Role.OWNER, "eve": Role.STUDENT},
}


async def make_world(tenancy: Tenancy) -> World:
    """Make both channels with their people in the database."""
    pottery, chess = [await make_school(tenancy, name, CAST[name]) for name in ("pottery", "chess")]
    return World(pottery, chess, await make_person(tenancy, "nobody"))


async def make_school(tenancy: Tenancy, name: str, cast: dict[str, Role]) -> School:
    """One channel with the people of `cast`."""
    school = School(ChannelId(new_id()), f"{name}-{secrets.token_hex(5)}", name.title())
    async with tenancy.scope(school.id) as scope:
        await scope.run(_CHANNEL, slug=school.slug, name=school.name)
    for who, role in cast.items():
        school.people[who] = await add_member(tenancy, school, await make_person(tenancy, who), role)
    return school


async def make_person(tenancy: Tenancy, name: str) -> Somebody:
    """A person with a confirmed e-mail and an access token, in no channel."""
    person_id, session_id, token = PersonId(new_id()), SessionId(new_id()), secrets.token_urlsafe(32)
    email = f"{name}-{person_id.hex[-8:]}@guildhall.example"
    async with tenancy.person(person_id) as person:
        await person.run(_PERSON, email=email, email_key=email, name=name.title(), confirmed_at=datetime.now(UTC))
        await person.run(_SESSION, id=session_id, kind="api")
        later = datetime.now(UTC) + timedelta(hours=1)
        await person.run(_TOKEN, hash=directory.hash_of(token), session_id=session_id, kind="access", expires_at=later)
    actor = Actor(person_id=person_id, name=name.title(), session_id=session_id)
    return Somebody(person_id, name.title(), email, token, actor)


async def add_member(tenancy: Tenancy, school: School, person: Somebody, role: Role) -> Somebody:
    """The person as a member of the channel."""
    member_id = MemberId(new_id())
    async with tenancy.scope(school.id) as scope:
        await scope.run(_MEMBER, id=member_id, person_id=person.person_id, role=role, name=person.name)
    actor = Actor(person.person_id, member_id, role, person.name, session_id=person.actor.session_id)
    return Somebody(person.person_id, person.name, person.email, person.token, actor)
