"""What tests of polls do: ask, vote, and look at what somebody is shown."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tenants.community import drafts, messages, polls, rooms, voting
from tenants.community.polls import Asked
from tenants.ids import MessageId, RoomId, new_id
from tenants.scope import Tenancy
from tests.world import School, Somebody

OPTIONS = ("Tuesday", "Wednesday", "Thursday")


def asked(*options: str, several: bool = False, anonymous: bool = False, ends_at: datetime | None = None) -> Asked:
    """A poll about a day, unless told."""
    return polls.check(options or OPTIONS, several=several, anonymous=anonymous, ends_at=ends_at)


async def place(tenancy: Tenancy, school: School, kind: str = "members") -> RoomId:
    """A room of that kind, made by the owner."""
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        return RoomId((await rooms.add(scope, f"Room {new_id().hex}", kind))["id"])


async def ask(
    tenancy: Tenancy, school: School, who: Somebody, room: UUID, poll: Asked | None = None, body: str = "Which day?",
    client_id: UUID | None = None,
) -> MessageId:  # fmt: skip
    """Post a message that carries a poll."""
    async with tenancy.scope(school.id, who.actor) as scope:
        draft = drafts.draft(client_id or uuid4(), body, poll=poll or asked())
        return (await messages.post(scope, room, draft)).id


async def vote(tenancy: Tenancy, school: School, who: Somebody, message: UUID, *options: int) -> dict[str, Any]:
    """Choose options, or none: take one's vote back."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return await (voting.vote(scope, message, options) if options else voting.withdraw(scope, message))


async def close(tenancy: Tenancy, school: School, who: Somebody, message: UUID) -> dict[str, Any]:
    """Close a poll early."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return await voting.close(scope, message)


async def standing(tenancy: Tenancy, school: School, who: Somebody, message: UUID) -> dict[str, Any] | None:
    """The poll of a message as somebody is shown it."""
    async with tenancy.scope(school.id, who.actor) as scope:
        (whole,) = await voting.shown(scope, [await messages.find(scope, message)])
        poll: dict[str, Any] | None = whole["poll"]
        return poll


def counts(poll: dict[str, Any] | None) -> list[int]:
    """How many chose each option."""
    assert poll is not None
    return [each["count"] for each in poll["options"]]
