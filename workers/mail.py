"""Mail: who gets it, what it speaks of, and sending it; the mail of one job has one id, however often it is tried."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid5

import structlog
from sqlalchemy import select

from providers import ProviderRefused
from providers.mail import Mail
from tenants import links
from tenants.billing import orders
from tenants.certificates import certificates
from tenants.channels import channels
from tenants.courses import lessons
from tenants.errors import Invalid
from tenants.ids import PersonId
from tenants.jobs import SendMail
from tenants.languages import words_in
from tenants.members import members, unsubscribes
from tenants.members.unsubscribes import KINDS, Named, UnsubscribeSecrets
from tenants.moderation import reports
from tenants.people import bounces, mailed_links
from tenants.people.mailed_links import Purpose
from tenants.people.people import PEOPLE
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import PERSON, personal
from workers import letters, reminding
from workers.dressing import INK, Letter, Sender, dress
from workers.registry import Work, performs

log = structlog.get_logger("workers.mail")

AWAITED = frozenset({"magic_link", "new_password", "confirm", "invitation"})
"""Mails that somebody asked for a moment ago and waits for: they are tried even where others were refused."""

UNASKED = frozenset({"password_changed", "email_taken"})
"""What the owner of an account is told of others' doings: in their own language, not that of whoever did it."""

_NO_SEAT = "No seat was left."
_PERSON = personal(
    select(PEOPLE.c.name, PEOPLE.c.email, PEOPLE.c.locale).where(PEOPLE.c.id == PERSON, PEOPLE.c.closed_at.is_(None))
)


@performs(SendMail, seconds=60, leans_on="mail")
async def send_mail(work: Work, asked: SendMail) -> None:
    """Write the letter that `template` names and send it, unless nobody would get it or it is not wanted.

    Raises Invalid for an unknown template or one without its subject, NotFound when the subject is gone.
    """
    if asked.template not in _WRITERS:
        raise Invalid(f"There is no mail by the name of {asked.template[:40]!r}.", "unknown_template")
    reader = await _reader(work, asked)
    if reader is None or not await _wanted(work, asked):
        return
    if asked.template in UNASKED:
        asked = replace(asked, language=reader["locale"])
    written = await _WRITERS[asked.template](work, asked, reader["name"])
    if written is None:
        log.info("nothing is left to write of", template=asked.template)
        return
    letter, sender = written
    unsubscribe = _unsubscribe_url(work, asked)
    mail, name = dress(letter, sender, unsubscribe), f"{work.job_id.hex}.{asked.template}"
    await _send(work, asked, Mail(reader["email"], mail.subject, mail.text, name, mail.html, _headers(unsubscribe)))


async def _reader(work: Work, asked: SendMail) -> Record | None:
    """Who gets the mail: none who has gone, and none whose address refuses it, unless they just asked for it there."""
    async with work.person_scope(PersonId(asked.to)) as person:
        row = await person.first(_PERSON)
        if row is None or asked.template in AWAITED:
            return row
        bounced = await bounces.standing(person, row["email"])
    if bounced is not None:
        log.info("no mail to an address that refuses it", template=asked.template, reason=bounced["reason"])
        return None
    return row


async def _wanted(work: Work, asked: SendMail) -> bool:
    """Whether the person has not asked the channel for no more mails of this kind."""
    if asked.template not in KINDS:
        return True
    async with work.scope() as scope:
        return not await unsubscribes.stands(scope, PersonId(asked.to), asked.template)


async def _send(work: Work, asked: SendMail, mail: Mail) -> None:
    """Hand the mail over; an address that refuses it is remembered until it takes one again."""
    try:
        await work.shop.mailer.send(mail)
    except ProviderRefused as refused:
        if refused.code != "address_refused":
            raise
        log.warning("an address refuses mail", template=asked.template, reason=refused.message)
        async with work.person_scope(PersonId(asked.to)) as person:
            await bounces.note(person, mail.to, refused.message)
    else:
        async with work.person_scope(PersonId(asked.to)) as person:
            await bounces.forget(person)


def _unsubscribe_url(work: Work, asked: SendMail) -> str:
    if asked.template not in KINDS:
        return ""
    named = Named(work.channel_id, PersonId(asked.to), asked.template)
    return links.absolute(work.shop.base_url, links.unsubscribe(UnsubscribeSecrets(work.shop.secret).token(named)))


def _headers(unsubscribe: str) -> dict[str, str]:
    """What lets a mail program offer a button for it (RFC 8058), and keeps out-of-office notes away (RFC 3834)."""
    headers = {"Auto-Submitted": "auto-generated"}
    if unsubscribe:
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers


async def _magic_link(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    return letters.magic_link(name, _link_url(work, asked.to, _subject(asked))), _house(asked)


async def _new_password(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    return letters.new_password(name, _password_url(work, asked.to, _subject(asked))), _house(asked)


async def _password_changed(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    return letters.password_changed(name, links.absolute(work.shop.base_url, "/set-password")), _house(asked)


async def _confirm(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    return letters.confirm(name, await _first_url(work, asked, "confirm")), _house(asked)


async def _invitation(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    return letters.invitation(name, await _first_url(work, asked, "invitation")), _house(asked)


async def _first_url(work: Work, asked: SendMail, purpose: Purpose) -> str:
    """The link is made here, under an id that the job's own id gives: tried again, it is the same link."""
    link_id = uuid5(work.job_id, purpose)
    async with work.person_scope(PersonId(asked.to)) as person:
        await mailed_links.add_once(person, link_id, purpose)
    return _password_url(work, asked.to, link_id)


async def _email_taken(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    return letters.email_taken(name, links.absolute(work.shop.base_url, "/sign-in")), _house(asked)


async def _welcome(work: Work, _: SendMail, name: str) -> tuple[Letter, Sender]:
    async with work.scope() as scope:
        channel = await channels.read(scope)
    url = links.absolute(work.shop.base_url, links.channel(channel["slug"]))
    return letters.welcome(name, channel["name"], url), _sender(channel)


async def _certificate_ready(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    async with work.scope() as scope:
        channel = await channels.read(scope)
        certificate = await certificates.read(scope, _subject(asked))
    url = links.absolute(work.shop.base_url, links.certificate(certificate.code))
    return letters.certificate_ready(name, channel["name"], certificate.facts.title, url), _sender(channel)


async def _recording_ready(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    async with work.scope() as scope:
        channel, lesson = await channels.read(scope), await _lesson(scope, asked)
    path = links.lesson(channel["slug"], lesson["course_slug"], lesson["id"])
    url = links.absolute(work.shop.base_url, path)
    return letters.recording_ready(name, channel["name"], lesson["title"], url), _sender(channel)


async def _moderation_report(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender] | None:
    """For who moderates still, now that it is written."""
    async with work.scope() as scope:
        if not await members.act_as(scope, PersonId(asked.to)):
            return None
        if not why(scope.actor, Action.MESSAGE_MODERATE).allowed:
            return None
        channel, report = await channels.read(scope), await reports.find(scope, _subject(asked))
    path = links.studio(channel["slug"], f"/moderation/reports?week={report['week_on']}")
    url = links.absolute(work.shop.base_url, path)
    return letters.moderation_report(name, channel["name"], reports.in_words(report["figures"]), url), _sender(channel)


async def _order_paid(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    channel, order, url = await _order(work, asked)
    return letters.order_paid(name, channel["name"], order["title"], _price(channel, order), url), _sender(channel)


async def _order_returned(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    channel, order, url = await _order(work, asked)
    reason = words_in(channel["locale"]).message(order["refund_reason"] or _NO_SEAT)
    letter = letters.order_returned(name, channel["name"], order["title"], _price(channel, order), reason, url)
    return letter, _sender(channel)


async def _order_refunded(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender]:
    channel, order, url = await _order(work, asked)
    return letters.order_refunded(name, channel["name"], order["title"], _price(channel, order), url), _sender(channel)


async def _order(work: Work, asked: SendMail) -> tuple[Record, Record, str]:
    """The channel, the order, and where its page is."""
    async with work.scope() as scope:
        channel, order = await channels.read(scope), await orders.read(scope, _subject(asked))
    return channel, order, links.absolute(work.shop.base_url, links.order(channel["slug"], order["id"]))


def _price(channel: Record, order: Record) -> str:
    return words_in(channel["locale"]).money(order["amount"], order["currency"])


async def _lesson(scope: Scope, asked: SendMail) -> Record:
    return await lessons.placed(scope, _subject(asked))


def _subject(asked: SendMail) -> UUID:
    if asked.subject_id is None:
        raise Invalid(f"The mail {asked.template} was asked for without what it speaks of.", "subject_missing")
    return asked.subject_id


def _link_url(work: Work, person_id: UUID, link_id: UUID, page: str = "/sign-in/link") -> str:
    token = work.shop.links.token(person_id, link_id)
    return links.absolute(work.shop.base_url, f"{page}?token={token}")


def _password_url(work: Work, person_id: UUID, link_id: UUID) -> str:
    return _link_url(work, person_id, link_id, "/set-password")


def _sender(channel: Record) -> Sender:
    return Sender(channel["name"], channel["brand"].get("colour") or INK, channel["locale"])


def _house(asked: SendMail) -> Sender:
    return Sender(locale=asked.language)


async def _reminder(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender] | None:
    written = await reminding.reminder(work, PersonId(asked.to), _subject(asked), name)
    return written and (written[0], _sender(written[1]))


async def _digest(work: Work, asked: SendMail, name: str) -> tuple[Letter, Sender] | None:
    written = await reminding.digest(work, PersonId(asked.to), name)
    return written and (written[0], _sender(written[1]))


_WRITERS: dict[str, Callable[[Work, SendMail, str], Awaitable[tuple[Letter, Sender] | None]]] = {
    "magic_link": _magic_link,
    "new_password": _new_password,
    "password_changed": _password_changed,
    "confirm": _confirm,
    "invitation": _invitation,
    "email_taken": _email_taken,
    "welcome": _welcome,
    "certificate_ready": _certificate_ready,
    "order_paid": _order_paid,
    "order_refunded": _order_refunded,
    "order_returned": _order_returned,
    "recording_ready": _recording_ready,
    "mentioned": _reminder,
    "replied": _reminder,
    "digest": _digest,
    "moderation_report": _moderation_report,
}
