"""Choices: by which ways a member is told what in a channel, and how often they get a digest of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Boolean, Column, ForeignKey, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from tenants.channels.channels import clean_time_zone
from tenants.errors import Invalid, SignInNeeded
from tenants.ids import PersonId, new_id
from tenants.members import digests, unsubscribes
from tenants.members.digests import EVERY, OFF, Rhythm
from tenants.people import quiet
from tenants.people.quiet import DAY, Hours
from tenants.permissions import Action
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import binds, owned, text

CHOICES = owned(
    "notice_choices",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("kind"),
    Column("bell", Boolean, nullable=False),
    Column("push", Boolean, nullable=False, server_default="true"),
)
KINDS = ("mention", "reply", "recording", "certificate", "order")
MAILS: Mapping[str, str] = {"mention": "mentioned", "reply": "replied", "recording": "recording_ready"}
"""Kinds of notices that are mailed where that is wanted, with their kinds of mail; of the others mails always come."""

_C = CHOICES.c
_ALL = scoped(select(_C.kind, _C.bell, _C.push).where(_C.person_id == bindparam("me", type_=Uuid())))
_NEW = insert(CHOICES).values(**binds("id", "person_id", "kind", "bell", "push"))
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "person_id", "kind"],
        set_={name: _NEW.excluded[name] for name in ("bell", "push")},
    )
)


@dataclass(frozen=True, slots=True)
class Ways:
    """By which ways one is told things of a kind."""

    bell: bool = True
    mail: bool = True
    push: bool = True


@dataclass(frozen=True, slots=True)
class Choices:
    """A member's choices in a channel, and their zone and quiet hours, which are theirs everywhere."""

    ways: Mapping[str, Ways] = field(default_factory=dict)
    digest: Rhythm = field(default_factory=Rhythm)
    hours: Hours = field(default_factory=Hours)


async def read(scope: Scope) -> Choices:
    """What the acting member has chosen; what they have not is as usual."""
    me = _reader(scope)
    chosen = {row["kind"]: (row["bell"], row["push"]) for row in await scope.all(_ALL, me=me)}
    unwanted = await unsubscribes.all_of(scope, me)
    ways = {}
    for kind in KINDS:
        bell, push = chosen.get(kind, (True, True))
        ways[kind] = Ways(bell, MAILS.get(kind) not in unwanted, push)
    rhythm = await digests.read(scope, me)
    digest = Rhythm(OFF, rhythm.hour) if "digest" in unwanted else rhythm
    return Choices(ways, digest, await quiet.own(scope))


async def hold(scope: Scope) -> Choices:
    """The same, which nobody else changes in this channel until this transaction ends."""
    await scope.serialise("choices", _reader(scope))
    return await read(scope)


async def wants_push(scope: Scope, kind: str) -> bool:
    """Whether the acting member wants to be told things of a kind in their browsers."""
    rows = await scope.all(_ALL, me=_reader(scope))
    return all(row["push"] for row in rows if row["kind"] == kind)


async def put(scope: Scope, chosen: Choices) -> Choices:
    """Set ways of the kinds given, and all the rest; Invalid for what is no kind, way, hour or zone."""
    me = _reader(scope)
    _check(chosen)
    for kind, ways in chosen.ways.items():
        await scope.run(_PUT, id=new_id(), person_id=me, kind=kind, bell=ways.bell, push=ways.push)
        if kind in MAILS:
            await unsubscribes.put(scope, me, MAILS[kind], on=not ways.mail)
    await unsubscribes.put(scope, me, "digest", on=False)
    await digests.put(scope, me, chosen.digest, chosen.hours.time_zone)
    await quiet.put(scope, chosen.hours)
    return await read(scope)


def _check(chosen: Choices) -> None:
    for kind in chosen.ways:
        if kind not in KINDS:
            raise Invalid.field("/kinds", "unknown_kind", f"A kind is one of: {', '.join(KINDS)}.")
    if chosen.digest.every not in EVERY:
        raise Invalid.field("/digest/every", "unknown_rhythm", f"A digest comes: {', '.join(EVERY)}.")
    if not 0 <= chosen.digest.hour <= 23:
        raise Invalid.field("/digest/hour", "hour", "An hour is a whole number from 0 to 23.")
    clean_time_zone(chosen.hours.time_zone)
    begins, ends = chosen.hours.begins, chosen.hours.ends
    if (begins is None) != (ends is None):
        raise Invalid.field("/quiet", "half", "Quiet hours have a beginning and an end. Give both, or none.")
    if any(each is not None and not 0 <= each < DAY for each in (begins, ends)):
        raise Invalid.field("/quiet", "time", "Write times of day from 00:00 to 23:59.")
    if begins is not None and begins == ends:
        raise Invalid.field("/quiet", "empty", "Quiet hours begin and end at different times.")


def _reader(scope: Scope) -> PersonId:
    scope.require(Action.ROOM_JOIN)
    if scope.actor.person_id is None:
        raise SignInNeeded()
    return scope.actor.person_id
