"""What the page of a direct room has beside that of a room of the channel."""

from server.web.views.direct import TalkBar
from server.web.views.frame import PersonMark
from tenants import links
from tenants.community.direct_rules import BLOCKED, MOST_WAITING
from tenants.scope import Record


def talk_bar(slug: str, row: Record) -> TalkBar:
    """The bar of a conversation, from its row (`direct.find`)."""
    other = row["people"][0] if row["pair"] and row["people"] else None
    return TalkBar(
        url=links.direct(slug, f"/{row['id']}"),
        list_url=links.direct(slug),
        block_url=links.direct(slug, "/block"),
        standing=row["standing"],
        blocked=row["standing"] in BLOCKED,
        other=PersonMark(other["id"], other["name"]) if other else None,
        named=row["given_name"],
        waiting=not row["accepted"],
        most=MOST_WAITING,
        left=max(0, MOST_WAITING - row["head_seq"]),
    )
