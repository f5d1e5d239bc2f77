"""Pushing: a notice to a browser, as it stands when it is sent and as its reader may see it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import structlog

from providers import ProviderRefused
from providers.push import Browser
from tenants.channels import channels
from tenants.community import bell
from tenants.community.bell import Told
from tenants.errors import Said
from tenants.ids import PersonId
from tenants.jobs import PushNotice
from tenants.languages import Words, words_in
from tenants.members import choices, members, pushes
from tenants.people import quiet, sessions
from tenants.scope import Record, Scope
from workers.registry import PutOff, Work, performs

log = structlog.get_logger("workers.pushing")
STALE = timedelta(hours=12)
# What a push service keeps cannot be taken back: words that may be deleted or hidden wait there for minutes alone.
WORDS_SECONDS = 600
OF_WORDS = {"mention", "reply"}
TITLES = {
    "certificate": Said("Your certificate is ready"),
    "recording": Said("A recording can be watched"),
    "order": Said("Your order"),
}


@performs(PushNotice, seconds=60)
async def push_notice(work: Work, asked: PushNotice) -> None:
    """Send it, unless it was read, taken away or is wanted no more; in quiet hours later.

    A subscription that its push service refuses for good ends here, and one where its person has signed out.
    """
    async with work.scope() as scope:
        push = await pushes.find(scope, asked.push_id)
        told = await _told(scope, push, asked.ring_id) if push else None
        if push is None or told is None:
            return
        words = words_in((await channels.read(scope))["locale"])
    if not await _may_disturb(work, push):
        await _forget(work, asked.push_id)
        return
    browser = Browser(push["endpoint"], push["p256dh"], push["auth"])
    try:
        seconds = WORDS_SECONDS if told.kind in OF_WORDS else int(STALE.total_seconds())
        await work.shop.push.send(browser, payload_of(told, words), seconds=seconds, topic=told.thing_id.hex)
    except ProviderRefused as refused:
        log.info("a browser takes no more messages", reason=refused.message, code=refused.code)
        await _forget(work, asked.push_id)


def payload_of(told: Told, words: Words) -> bytes:
    """What the service worker shows: `{title, body, url, tag}`, in the words of the channel."""
    by = Said("%(who)s, %(where)s", who=told.by, where=told.room_name)
    title = words.message(by if told.by else TITLES.get(told.kind, ""))
    shown = {"title": title, "body": told.title, "url": told.url, "tag": told.thing_id.hex}
    return orjson.dumps(shown)


async def _told(scope: Scope, push: Record, ring_id: UUID) -> Told | None:
    """The notice while it is unread, may be seen, and is wanted so."""
    if not await members.act_as(scope, PersonId(push["person_id"])):
        return None
    told = await bell.one(scope, ring_id)
    if told is None or told.read or told.gone or told.at < datetime.now(UTC) - STALE:
        return None
    return told if await choices.wants_push(scope, told.kind) else None


async def _may_disturb(work: Work, push: Record) -> bool:
    """Whether its person is still signed in there; in their quiet hours it waits until those end."""
    now = datetime.now(UTC)
    async with work.person_scope(PersonId(push["person_id"])) as person:
        until = (await quiet.of(person)).until(now)
        if push["session_id"] is not None and not await sessions.stands(person, push["session_id"]):
            return False
    if until is not None:
        raise PutOff("quiet hours", (until - now).total_seconds())
    return True


async def _forget(work: Work, push_id: UUID) -> None:
    async with work.scope() as scope:
        await pushes.forget(scope, push_id)
