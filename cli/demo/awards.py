"""The demo's certificates, one in each state: valid, superseded, revoked, expired."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cli.demo.teaching import Taught
from tenants.certificates import certificates
from tenants.ids import ChannelId
from tenants.permissions import Actor, acting_system
from tenants.scope import Tenancy


async def plant(tenancy: Tenancy, channel_id: ChannelId, cast: Mapping[str, Actor], taught: Taught) -> str:
    """One award revoked, one superseded by a valid one, one expired; the code of the valid one."""
    owner, *_, student = cast.values()
    other = list(cast.values())[-2]
    async with tenancy.scope(channel_id, owner) as scope:
        wrong = await certificates.issue(scope, _member(student), taught.course_id)
        await certificates.revoke(scope, wrong.code, "Issued before the last pot was fired.")
        first = await certificates.issue(scope, _member(student), taught.course_id)
        valid = await certificates.supersede(scope, first.code, "The name was spelled wrong.")
        # What an award says is never changed, so this one is issued with its end in sight.
        soon = datetime.now(UTC) + timedelta(seconds=1)
        await certificates.issue(scope, _member(other), taught.course_id, expires_at=soon)
    return valid.code


async def sample(tenancy: Tenancy, channel_id: ChannelId) -> str | None:
    """The code of the newest certificate that can be relied on."""
    async with tenancy.scope(channel_id, acting_system("demo")) as scope:
        for certificate in await certificates.page(scope):
            if certificate.state in {"valid", "rendering"}:
                return certificate.code
    return None


def _member(actor: Actor) -> UUID:
    if actor.member_id is None:
        raise ValueError("everybody of the cast is a member")
    return actor.member_id
