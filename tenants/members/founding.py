"""Founding: a channel is born inside its own scope, and the person who asked for it becomes its owner."""

from collections.abc import Mapping
from typing import Any

from tenants import audit
from tenants.channels import channels, slugs
from tenants.errors import Conflict, SignInNeeded
from tenants.ids import ChannelId, new_id
from tenants.members import members
from tenants.permissions import Actor, Role
from tenants.scope import Record, Tenancy


async def found(
    tenancy: Tenancy, person: Actor, name: str, slug: str, settings: Mapping[str, Any] | None = None
) -> Record:
    """Make a channel and its owner; the channel as `channels.read` shows it.

    Raises SignInNeeded for a visitor, Invalid for a name or slug that will not do, Conflict `slug_taken` or
    `slug_looks_alike` when the address is another's.
    """
    if person.person_id is None:
        raise SignInNeeded()
    slug = slugs.clean_channel_slug(slug)
    async with tenancy.scope(ChannelId(new_id()), person) as scope:
        try:
            await channels.found(scope, slug, {**(settings or {}), "name": name})
        except Conflict as clash:
            raise slugs.refusal_of(clash, slug) from None
        await members.take_in(scope, person, Role.OWNER)
        await audit.record(scope, "channel.found", scope.channel_id)
        return await channels.read(scope)
