"""Members: who belongs to a channel, and in which role; joining, leaving, and what a member is called."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    FetchedValue,
    ForeignKey,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert

from tenants.errors import Conflict, SignInNeeded
from tenants.ids import MemberId, PersonId, new_id
from tenants.jobs import RenameMentions, SendMail
from tenants.members import raids, unsent
from tenants.permissions import Action, Actor, Role, banned
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, text
from tenants.texts import clean_line

MEMBERS = owned(
    "members",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("role", default="student"),
    text("name"),
    instant("joined_at", now=True),
    instant("left_at"),
    instant("banned_at"),
    instant("banned_until"),
    Column("ban_reason", Text),
    # The address of their picture, where they have one.
    Column("avatar", Text),
    # The name without capitals and accents: by it members are found, and stand in order. Kept by PostgreSQL.
    Column("folded", Text, FetchedValue(), nullable=False),
)
NAME_LENGTH = 80
_M = MEMBERS.c
_SHOWN = (_M.id, _M.person_id, _M.name, _M.role, _M.joined_at, _M.banned_at, _M.banned_until, _M.ban_reason)
BANNED = and_(_M.banned_at.is_not(None), or_(_M.banned_until.is_(None), _M.banned_until > func.now()))

_BY_ID = select(*_SHOWN).where(_M.id == bindparam("id"))
_READ = scoped(_BY_ID.where(_M.left_at.is_(None)))
_STANDING = scoped(
    select(_M.id, _M.role, _M.name).where(_M.person_id == bindparam("of_person"), _M.left_at.is_(None), ~BANNED)
)
_LOCKED = scoped(_BY_ID.with_for_update())
_PAGE = scoped(
    select(*_SHOWN).where(_M.left_at.is_(None), _M.id > bindparam("after")).order_by(_M.id).limit(bindparam("limit"))
)


def folded(words: ColumnElement[str]) -> ColumnElement[str]:
    """Words without capitals and accents, as the column `folded` holds names: `É` as `e`, `ß` as `ss`."""
    plain = func.regexp_replace(func.pg_catalog.normalize(words, "NFKD"), r"[\u0300-\u036F]", "", "g")
    latin: ColumnElement[str] = func.translate(plain, "øØłŁđĐħĦıŧŦ", "oOlLdDhHitT")
    # Large ones too, for in a database of the locale C only English letters have small ones.
    for letter, written in (("ß", "ss"), ("æ", "ae"), ("Æ", "ae"), ("œ", "oe"), ("Œ", "oe")):
        latin = func.replace(latin, letter, written)
    return func.lower(latin)


def called_so(start: str) -> ColumnElement[bool]:
    """Whether a word of a member's name begins as the bound `start` does, capitals and accents aside."""
    # Folded once, and not again for each member.
    asked = select(folded(bindparam(start, type_=Text()))).scalar_subquery()
    return func.strpos(func.concat(" ", _M.folded), func.concat(" ", asked)) > 0


# Those who left or are banned cannot be called.
_CALLED = scoped(
    select(*_SHOWN)
    .where(_M.left_at.is_(None), ~BANNED, _M.id > bindparam("after"))
    .where(called_so("start"))
    .order_by(_M.id)
    .limit(bindparam("limit"))
)
_OTHER_OWNER = scoped(
    select(_M.id).where(_M.role == Role.OWNER, _M.left_at.is_(None), _M.id != bindparam("id")).limit(1)
)
_JOINING = insert(MEMBERS).values(**binds("id", "person_id", "name", "role"))
# One who comes back after leaving is a student again; one who never left keeps what they are.
_JOIN = scoped(
    _JOINING.on_conflict_do_update(
        index_elements=["channel_id", "person_id"],
        set_={
            "role": func.coalesce(sql("CASE WHEN members.left_at IS NULL THEN members.role END"), Role.STUDENT.value),
            "left_at": None,
        },
        where=~BANNED,
    ).returning(*_SHOWN)
)
_LEAVE = scoped(update(MEMBERS).where(_M.id == bindparam("at"), _M.left_at.is_(None)).values(left_at=func.now()))
_RENAME = scoped(update(MEMBERS).where(_M.id == bindparam("at")).values(name=bindparam("new_name")).returning(*_SHOWN))


async def read(scope: Scope, member_id: UUID) -> Record:
    """One member: `id, person_id, name, role, joined_at, banned_at, banned_until, ban_reason`."""
    if member_id != scope.actor.member_id:
        scope.require(Action.MEMBER_LIST)
    return await scope.one(_READ, id=member_id)


async def page(scope: Scope, *, after: UUID | None = None, limit: int = 50, called: str = "") -> list[Record]:
    """Members in the order they first joined, after the member `after`; with `called`, who may be called so.

    A word of their name begins so, in capitals or not, with accents or without.
    """
    scope.require(Action.MEMBER_LIST)
    if called:
        return await scope.all(_CALLED, after=after or UUID(int=0), limit=limit, start=called)
    return await scope.all(_PAGE, after=after or UUID(int=0), limit=limit)


async def locked(scope: Scope, member_id: UUID) -> Record:
    """A member whose row nobody else can change until this transaction ends, even if they left."""
    return await scope.one(_LOCKED, id=member_id)


async def join(scope: Scope) -> Record:
    """Make the acting person a member, and act as one from here on; one who is new is welcomed by mail, once.

    Joining again changes nothing. Raises SignInNeeded for a visitor, Forbidden `banned` for one who is banned, `raid`
    while nobody may come in.
    """
    person_id = scope.actor.person_id
    if person_id is None:
        raise SignInNeeded()
    if scope.actor.role is None and scope.actor.banned is None:
        await raids.require_calm(scope)
    row, is_new = await _entered(scope, scope.actor, Role.STUDENT)
    if is_new:
        scope.enqueue(SendMail("welcome", person_id))
        scope.happened("member.joined", member=row["id"])
    return row


async def take_in(scope: Scope, person: Actor, role: Role) -> Record:
    """Write the membership of a person, in `role` if they are new, and act as them from here on."""
    row, _ = await _entered(scope, person, role)
    return row


async def leave(scope: Scope) -> None:
    """End the actor's own membership; Conflict `last_owner` for the only owner. Their messages stay, what they
    had not sent goes.
    """
    member_id = scope.member_id()
    await keep_an_owner(scope, member_id)
    await scope.run(_LEAVE, at=member_id)
    await unsent.forget(scope, member_id)


async def rename(scope: Scope, member_id: UUID, name: str) -> Record:
    """Change what a member is called in this channel: one's own name, or anyone's for those who manage members."""
    scope.require(Action.MEMBER_LIST if member_id == scope.actor.member_id else Action.MEMBER_ROLE)
    await scope.one(_READ, id=member_id)
    scope.enqueue(RenameMentions(MemberId(member_id)))
    return await scope.one(_RENAME, at=member_id, new_name=clean_line(name, "/name", longest=NAME_LENGTH))


async def act_as(scope: Scope, person_id: PersonId) -> bool:
    """Act as a member from here on, to see what they may see; False for one who is none, or is banned."""
    row = await scope.first(_STANDING, of_person=person_id)
    if row is None:
        return False
    scope.actor = Actor(person_id=person_id, member_id=MemberId(row["id"]), role=Role(row["role"]), name=row["name"])
    return True


async def keep_an_owner(scope: Scope, member_id: UUID) -> None:
    """Conflict when `member_id` is the only owner; waits for others who are changing owners."""
    await scope.serialise("owners")
    row = await scope.one(_READ, id=member_id)
    if row["role"] == Role.OWNER and await scope.first(_OTHER_OWNER, id=member_id) is None:
        raise Conflict("A channel needs an owner. Make somebody else one first.", "last_owner")


async def _entered(scope: Scope, person: Actor, role: Role) -> tuple[Record, bool]:
    """The membership, and whether it was made now."""
    values: dict[str, Any] = {"id": new_id(), "person_id": person.person_id, "name": person.name, "role": role}
    row = await scope.first(_JOIN, **values)
    if row is None:
        raise banned(person)
    scope.actor = Actor(
        person_id=person.person_id, member_id=MemberId(row["id"]), role=Role(row["role"]),
        name=row["name"], session_id=person.session_id,
    )  # fmt: skip
    return row, row["id"] == values["id"]
