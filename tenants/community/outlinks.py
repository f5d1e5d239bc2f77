"""Outlinks: where a message leads to outside, and the wish to see what is there."""

import html
import re

from tenants.ids import MessageId
from tenants.jobs import PreviewLink
from tenants.scope import Scope

LONGEST = 1000
_FIRST = re.compile(r'<a href="(https://[^"]{1,4000})"')


def first(rendered: str) -> str | None:
    """The first link of a message's HTML that can be previewed: https, and no longer than anybody would write."""
    found = _FIRST.search(rendered)
    url = html.unescape(found[1]) if found else ""
    return url if 0 < len(url) <= LONGEST else None


def ask(scope: Scope, message_id: MessageId, rendered: str) -> None:
    """Have the first link of a message previewed, if it has one."""
    if first(rendered):
        scope.enqueue(PreviewLink(message_id))
