"""The poll of a message on a page of its room: with a form for those who may vote there."""

from collections.abc import Sequence

from server.web.views.polled import Polled, polled
from tenants import links
from tenants.community import polls
from tenants.permissions import Actor
from tenants.scope import Record


def poll_view(
    row: Record, withheld: str | None, slug: str, room: Record, actor: Actor, talk: Record | None, mine: Sequence[int]
) -> Polled | None:
    """The poll of a message, or what is `withheld` of it, which is only looked at; None where there is neither."""
    if row["poll"] is None:
        return polled(polls.shown(withheld) if withheld else None)
    member = actor.member_id is not None and actor.banned is None
    votes = member and room["archived_at"] is None and (talk is None or talk["standing"] == "in")
    url = links.poll(slug, room["slug"], row["id"])
    return polled(polls.shown(row["poll"]), mine, url if votes else "", url if member else "")
