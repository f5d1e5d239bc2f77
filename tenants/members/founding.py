"""Founding: a channel is born inside its own scope, and the person who asked for it becomes its owner."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from tenants import audit
from tenants.channels import channels, slugs
from tenants.errors import Conflict, SignInNeeded
from tenants.ids import ChannelId, new_id
from tenants.members import members
from tenants.permissions import Actor, Role
from tenants.scope import Record, Scope, Tenancy


async def found(
    tenancy: Tenancy, person: Actor, name: str, slug: str, settings: Mapping[str, Any] | None = None
) -> Record:
    """Make a channel and its owner, in a transaction of its own; as `found_within`."""
    async with birthplace(tenancy, person) as scope:
        return await found_within(scope, name, slug, settings or {})


def birthplace(tenancy: Tenancy, person: Actor) -> AbstractAsyncContextManager[Scope]:
    """A transaction in a channel that is still to be made; SignInNeeded for a visitor."""
    if person.person_id is None:
        raise SignInNeeded()
    return tenancy.scope(ChannelId(new_id()), person)


async def found_within(scope: Scope, name: str, slug: str, settings: Mapping[str, Any]) -> Record:
    """Make the scope's channel, and its actor the owner; the channel as `channels.read` shows it.

    Raises Invalid for a name or slug that will not do, Conflict `slug_taken` or `slug_looks_alike` when the address is
    another's.
    """
    slug = slugs.clean_channel_slug(slug)
    try:
        await channels.found(scope, slug, {**settings, "name": name})
    except Conflict as clash:
        raise slugs.refusal_of(clash, slug) from None
    await members.take_in(scope, scope.actor, Role.OWNER)
    await audit.record(scope, "channel.found", scope.channel_id)
    return await channels.read(scope)
