"""Drafts: messages as they were written, checked and rendered before any transaction."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

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


async def prepare(client_id: UUID, body: str, reply_to: UUID | None = None) -> Draft:
    """The draft of what was written, rendered off the event loop when it is long; raises as `draft` does."""
    if len(body) < SHORT:
        return draft(client_id, body, reply_to)
    return await asyncio.to_thread(draft, client_id, body, reply_to)


def draft(client_id: UUID, body: str, reply_to: UUID | None = None) -> Draft:
    """Check and render what was written. Costs CPU: call it off the event loop.

    Raises Invalid for an empty body or control characters, TooLarge above 10 KB.
    """
    body = clean_text(body, "/body", shortest=1)
    return Draft(client_id, body, render_message(body), reply_to)
