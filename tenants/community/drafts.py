"""Drafts: messages as they were written, checked and rendered before any transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tenants.community import attachments, polls
from tenants.community.polls import Asked
from tenants.texts import clean_text, render_message

# Below this many characters rendering costs less than handing it to a thread.
SHORT = 400


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be posted; `client_id` is the writer's own name for it, so that sending it twice counts once."""

    client_id: UUID
    body: str
    html: str
    reply_to: UUID | None = None
    files: tuple[UUID, ...] = ()
    poll: Asked | None = None

    @property
    def legible(self) -> str:
        """Its HTML with all that filters are to read."""
        return polls.legible(self.html, self.poll.options) if self.poll else self.html


async def prepare(
    client_id: UUID,
    body: str,
    reply_to: UUID | None = None,
    files: Sequence[UUID] = (),
    *,
    bare: bool = False,
    pointer: str = "/body",
    poll: Asked | None = None,
) -> Draft:
    """The draft of what was written, rendered off the event loop when it is long; raises as `draft` does."""
    if len(body) < SHORT:
        return draft(client_id, body, reply_to, files, bare=bare, pointer=pointer, poll=poll)
    return await asyncio.to_thread(draft, client_id, body, reply_to, files, bare=bare, pointer=pointer, poll=poll)


def draft(
    client_id: UUID,
    body: str,
    reply_to: UUID | None = None,
    files: Sequence[UUID] = (),
    *,
    bare: bool = False,
    pointer: str = "/body",
    poll: Asked | None = None,
) -> Draft:
    """Check and render what was written. Costs CPU: call it off the event loop.

    Raises Invalid, at `pointer`, for control characters, too many files, and a body that is empty where there are no
    files (`bare`: whoever calls looks at that) or where it is the question of a poll, TooLarge above 10 KB.
    """
    named = attachments.check(files)
    body = clean_text(body, pointer, shortest=0 if bare or (named and poll is None) else 1)
    return Draft(client_id, body, render_message(body, pointer), reply_to, named, poll)
