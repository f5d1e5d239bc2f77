"""Drafts: messages as they were written, checked and rendered before any transaction."""

from dataclasses import dataclass
from uuid import UUID

from tenants.texts import clean_text, render_message


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be posted; `client_id` is the writer's own name for it, so that sending it twice counts once."""

    client_id: UUID
    body: str
    html: str
    reply_to: UUID | None = None


def draft(client_id: UUID, body: str, reply_to: UUID | None = None) -> Draft:
    """Check and render what was written. Costs CPU: call it off the event loop.

    Raises Invalid for an empty body or control characters, TooLarge above 10 KB.
    """
    body = clean_text(body, "/body", shortest=1)
    return Draft(client_id, body, render_message(body), reply_to)
