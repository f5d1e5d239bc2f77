"""Reminding: the clock's part in mails of what stayed unread and in digests, and what is written in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import structlog

from tenants import links, relay
from tenants.channels import channels
from tenants.community import catching_up
from tenants.community.bell import Told
from tenants.community.catching_up import News
from tenants.errors import Said, Unavailable
from tenants.ids import ChannelId, PersonId
from tenants.members import digests, reminders
from tenants.people import quiet
from tenants.people.quiet import Hours
from tenants.permissions import acting_system
from tenants.scope import Record
from workers.dressing import Item, Letter, isolated, plain
from workers.registry import Work, Workshop

log = structlog.get_logger("workers.reminding")
BATCH = 200
EVERY_SECONDS = 20
SENTENCES = {
    "mention": ("%(by)s mentioned you in %(room)s", "Hello %(name)s, %(by)s mentioned you in %(room)s."),
    "reply": (
        "%(by)s replied in a thread you follow, in %(room)s",
        "Hello %(name)s, %(by)s replied in a thread you follow, in %(room)s.",
    ),
}
"""The subject and the sentence of a mail of one thing, by its kind."""


async def send_reminders(shop: Workshop) -> int:
    """Ask for mails of what stayed unread, for each person one, unless it is quiet there; how many people were due."""
    due = await relay.reminders_due(shop.tenancy, BATCH)
    for channel_id, person_id in due:
        with _logged("reminders", channel_id, person_id):
            until = (await _hours(shop, person_id)).until(datetime.now(UTC))
            async with shop.tenancy.scope(channel_id, acting_system("reminders")) as scope:
                await reminders.send_due(scope, person_id, until)
    return len(due)


async def send_digests(shop: Workshop) -> int:
    """Ask for the digests that are due; how many."""
    due = await relay.digests_due(shop.tenancy, BATCH)
    for channel_id, person_id in due:
        with _logged("digests", channel_id, person_id):
            zone = (await _hours(shop, person_id)).time_zone
            async with shop.tenancy.scope(channel_id, acting_system("digests")) as scope:
                await digests.send_due(scope, person_id, zone)
    return len(due)


@contextmanager
def _logged(what: str, channel_id: ChannelId, person_id: PersonId) -> Iterator[None]:
    """What goes wrong for one person is logged, and keeps nobody else waiting; a database that is away does."""
    try:
        yield
    except Unavailable:
        raise
    except Exception:
        log.exception("could not remind", what=what, channel=str(channel_id), person=str(person_id))


async def reminder(work: Work, person_id: PersonId, mail_id: UUID, name: str) -> tuple[Letter, Record] | None:
    """The letter of what stayed unread, and its channel; None when nothing is left to tell, or nobody to tell it to."""
    async with work.scope() as scope:
        channel = await channels.read(scope)
        news = await catching_up.of_mail(scope, person_id, mail_id)
    if not news:
        return None
    subject, said = _told_of(news.told, channel["name"], name)
    because = Said("You get this because it stayed unread for some minutes.")
    return _letter(work, channel, subject, said, news, because), channel


async def digest(work: Work, person_id: PersonId, name: str) -> tuple[Letter, Record] | None:
    """The letter of what is new, and its channel; None when nothing is, or nobody is there to be told."""
    async with work.scope() as scope:
        channel = await channels.read(scope)
        news = await catching_up.of_digest(scope, person_id, channel["slug"])
    if not news:
        return None
    said = Said(
        "Hello %(name)s, this is unread at %(channel)s.", name=isolated(name), channel=isolated(channel["name"])
    )
    subject = Said("What is new at %(channel)s", channel=plain(channel["name"]))
    because = Said("You get this because you asked for a digest.")
    return _letter(work, channel, subject, said, news, because), channel


def _told_of(told: Sequence[Told], channel: str, name: str) -> tuple[Said, Said]:
    """The subject and the sentence of a reminder."""
    by, room = told[0].by, told[0].room_name
    if len(told) == 1:
        subject, said = SENTENCES[told[0].kind]
        return (
            Said(subject, by=plain(by), room=plain(room)),
            Said(said, name=isolated(name), by=isolated(by), room=isolated(room)),
        )
    return (
        Said("%(count)s unread at %(channel)s", count=len(told), channel=plain(channel)),
        Said(
            "Hello %(name)s, %(who)s and others wrote to you at %(channel)s.",
            name=isolated(name),
            who=isolated(by),
            channel=isolated(channel),
        ),
    )


def _letter(work: Work, channel: Record, subject: Said, said: Said, news: News, because: Said) -> Letter:
    def full(path: str) -> str:
        return links.absolute(work.shop.base_url, path)

    slug = channel["slug"]
    items = [Item(_heading(each), each.title, full(each.url)) for each in news.told]
    items += [Item(isolated(each.name), _unread(each.unread), full(each.url)) for each in news.places]
    choices = full(links.notice_choices(slug))
    return Letter(
        subject, (said,), Said("Open your notices"), full(links.notices(slug)), because, tuple(items), choices
    )


def _heading(told: Told) -> Said:
    where = {"who": isolated(told.by), "where": isolated(told.room_name)}
    if told.times > 1:
        return Said(
            "%(who)s, %(where)s (%(count)s reply)", "%(who)s, %(where)s (%(count)s replies)", count=told.times, **where
        )
    return Said("%(who)s, %(where)s", **where)


def _unread(count: int) -> Said:
    return Said("%(count)s unread message", "%(count)s unread messages", count=count)


async def _hours(shop: Workshop, person_id: PersonId) -> Hours:
    async with shop.tenancy.person(person_id, readonly=True) as person:
        return await quiet.of(person)
