"""Reminders: one mail for what rang, was about a message and stayed unread for a while; not in quiet hours."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from tenants.ids import PersonId, new_id
from tenants.jobs import SendMail
from tenants.members import unsubscribes
from tenants.scope import Scope
from tenants.statements import Scoped

MAILS = {"mention": "mentioned", "reply": "replied"}
"""Kinds of notices that are mailed when they stay unread, with their kinds of mail."""

_IS_DUE = Scoped(
    "select 1 from rings where channel_id = $1 and person_id = $2 and mail_at <= now() limit 1",
    ("channel_id", "of_person"),
    {},
)
_WAIT = Scoped(
    "update rings set mail_at = $3 where channel_id = $1 and person_id = $2 and mail_at < $3",
    ("channel_id", "of_person", "until"),
    {},
)
# What has been read, or is of a kind that is not wanted by mail, is not asked for again.
_TAKE = Scoped(
    "update rings set mail_at = null, mail_id = case when read_at is null and kind = any($3::text[]) then $4::uuid end"
    " where channel_id = $1 and person_id = $2 and mail_at is not null returning kind, mail_id",
    ("channel_id", "of_person", "kinds", "mail_id"),
    {},
)


async def send_due(scope: Scope, person_id: PersonId, quiet_until: datetime | None) -> UUID | None:
    """Ask for one mail of all that waits for the person, if some of it is due; once, whoever asks at the same time.

    In quiet hours all of it waits until they end.
    """
    await scope.serialise("reminders", person_id)
    if await scope.first(_IS_DUE, of_person=person_id) is None:
        return None
    if quiet_until is not None:
        await scope.run(_WAIT, of_person=person_id, until=quiet_until)
        return None
    kinds = [kind for kind, mail in MAILS.items() if not await unsubscribes.stands(scope, person_id, mail)]
    mail_id = new_id()
    taken = await scope.all(_TAKE, of_person=person_id, kinds=kinds, mail_id=mail_id)
    told = _first(row["kind"] for row in taken if row["mail_id"] is not None)
    return scope.enqueue(SendMail(MAILS[told], person_id, mail_id)) if told else None


def _first(kinds: Iterable[str]) -> str:
    """The kind that a mail goes by: a mention, if there is one."""
    return min(kinds, key=list(MAILS).index, default="")
