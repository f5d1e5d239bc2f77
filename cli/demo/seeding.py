"""Planting the demo world: through the domain's own doors, once; again, only what has grown old is made new."""

import asyncio
from dataclasses import dataclass

from cli.demo import awards, classes, sales, talk, teaching
from cli.demo.chess import CHESS
from cli.demo.pottery import POTTERY
from cli.demo.world import PASSWORD, School, Somebody
from providers import storage
from providers.payments import Place
from providers.payments.sandbox import Sandbox
from providers.storage import ObjectStore
from settings import Settings
from tenants import directory
from tenants.certificates.codes import show
from tenants.errors import NotFound
from tenants.ids import ChannelId, PersonId, new_id
from tenants.links import certificate
from tenants.members import founding, members
from tenants.people import people, sign_in
from tenants.people.passwords import Passwords
from tenants.permissions import Actor, Role
from tenants.scope import Tenancy


@dataclass(frozen=True, slots=True)
class Planter:
    """What the demo is planted with: the doors to the database, the store and the sandbox; the settings' secret."""

    tenancy: Tenancy
    store: ObjectStore
    passwords: Passwords
    secret: bytes
    base_url: str
    payments: Sandbox | None


def seed(settings: Settings) -> str | None:
    """Make the demo world if it is not there; the path of a certificate that can be looked at."""
    if not settings.demo:
        return None
    return asyncio.run(_seed(settings))


async def _seed(settings: Settings) -> str | None:
    secret = settings.secret_key.get_secret_value()
    planter = Planter(
        tenancy=Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay")),
        store=storage.choose(settings.storage, settings.base_url, secret, settings.home),
        passwords=Passwords(),
        secret=secret.encode(),
        base_url=settings.base_url,
        payments=_sandbox(settings, secret),
    )
    try:
        codes = [await _school(planter, school) for school in (POTTERY, CHESS)]
    finally:
        if planter.payments is not None:
            await planter.payments.close()
        await planter.store.close()
        await planter.tenancy.close()
        planter.passwords.close()
    return certificate(show(codes[0])) if codes[0] else None


def _sandbox(settings: Settings, secret: str) -> Sandbox | None:
    """The provider that the demo sells by; a real one gets no accounts from us."""
    if settings.payments != "sandbox":
        return None
    return Sandbox(Place(settings.base_url, secret, settings.home))


async def _school(planter: Planter, school: School) -> str | None:
    try:
        channel = await directory.channel_at(planter.tenancy, slug=school.slug)
    except NotFound:
        return await _plant(planter, school)
    await classes.renew(planter.tenancy, channel.id, school)
    await sales.renew(planter.tenancy, channel.id, school)
    return await awards.sample(planter.tenancy, channel.id)


async def _plant(planter: Planter, school: School) -> str | None:
    persons = [await _person(planter, somebody) for somebody in school.people]
    settings = {
        "tagline": school.tagline, "about": school.about, "brand": {"colour": school.colour},
        "landing": school.landing, "time_zone": school.time_zone,
    }  # fmt: skip
    channel = await founding.found(planter.tenancy, persons[0], school.name, school.slug, settings)
    channel_id = ChannelId(channel["id"])
    cast = await _cast(planter, channel_id, school, persons)
    course = await teaching.plant(planter.tenancy, planter.store, channel_id, school, cast)
    await classes.plant(planter, channel_id, school, cast, course)
    await sales.plant(planter, channel_id, school, cast, course)
    await talk.plant(planter.tenancy, channel_id, school, cast)
    return await awards.plant(planter.tenancy, channel_id, cast, course)


async def _person(planter: Planter, somebody: Somebody) -> Actor:
    known = await sign_in.find(planter.tenancy, somebody.email)
    if known is not None:
        return Actor(person_id=known.id, name=known.name)
    person_id = PersonId(new_id())
    password_hash = await planter.passwords.hash(PASSWORD)
    async with planter.tenancy.person(person_id) as scope:
        await people.add(scope, somebody.email, somebody.name, password_hash)
        await people.confirm(scope)
    return Actor(person_id=person_id, name=somebody.name)


async def _cast(planter: Planter, channel_id: ChannelId, school: School, persons: list[Actor]) -> dict[str, Actor]:
    """Everybody of the school as who they act as, by first name."""
    cast = {}
    for somebody, person in zip(school.people, persons, strict=True):
        async with planter.tenancy.scope(channel_id, person) as scope:
            await members.take_in(scope, person, Role(somebody.role))
            cast[somebody.who] = scope.actor
    return cast
