"""Incoming webhooks: addresses by which programs outside write in a room, each with a secret that signs what comes.

A program writes on behalf of the member who made its webhook, and no longer than that member keeps the channel. Its
words are screened as a student's are, and call nobody. What is delivered twice is posted once, whenever it comes again.
"""

from datetime import datetime
from uuid import UUID, uuid4, uuid5

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from tenants import audit
from tenants.community import messages, rooms
from tenants.community.drafts import Draft
from tenants.community.messages import Posted
from tenants.community.rooms import DIRECT, ROOMS
from tenants.errors import Conflict, Gone, Invalid, NotFound
from tenants.ids import MemberId, PersonId, new_id
from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import Action, Actor, Program, Role
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line
from tenants.webhooks import endpoints

MOST = 20
INCOMING = owned(
    "incoming_webhooks",
    text("name"),
    Column("room_id", Uuid, nullable=False),
    # Who made it, and keeps it.
    Column("member_id", Uuid, nullable=False),
    # What stands in its address. Its id is no secret: messages carry it.
    Column("address", Uuid, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    # Why it is off, where one who moderates switched it off.
    text("trouble", default=""),
    Column("posts", BigInteger, nullable=False, server_default="0"),
    instant("last_posted_at"),
    instant("created_at", now=True),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)
_W = INCOMING.c
_AT = bindparam("at", type_=Uuid())
_KEPT = and_(MEMBERS.c.left_at.is_(None), ~BANNED, endpoints.KEEPS).label("kept")
FACTS = (
    _W.id, _W.name, _W.room_id, ROOMS.c.name.label("room"), ROOMS.c.archived_at, _W.address, _W.enabled, _W.trouble,
    _W.posts, _W.last_posted_at, _W.created_at, MEMBERS.c.name.label("made_by"), _KEPT,
)  # fmt: skip
_SHOWN = select(*FACTS).join_from(INCOMING, ROOMS).join(
    MEMBERS, and_(MEMBERS.c.channel_id == _W.channel_id, MEMBERS.c.id == _W.member_id)
)  # fmt: skip
_EVERY = scoped(_SHOWN.order_by(_W.id).limit(MOST))
_ONE = scoped(_SHOWN.where(_W.id == _AT))
_SECRET = scoped(select(_W.id, _W.sealed_secret).where(_W.id == _AT))
# Held until what is delivered stands: nothing comes in by a webhook that was switched off, and one thing at a time.
_HELD = scoped(
    _SHOWN.add_columns(_W.member_id, MEMBERS.c.person_id, MEMBERS.c.role)
    .where(_W.id == _AT)
    .with_for_update(of=INCOMING)
)
_ADD = scoped(insert(INCOMING).values(**binds("id", "name", "room_id", "member_id", "address", "sealed_secret")))
_SET = update(INCOMING).where(_W.id == _AT)
_EDIT = scoped(_SET.values(**binds("name", "room_id", "enabled", "trouble")))
_TURN = scoped(_SET.values(sealed_secret=bindparam("sealed")))
_COUNT = scoped(_SET.values(posts=_W.posts + 1, last_posted_at=func.now()))
_OFF = scoped(_SET.where(_W.enabled).values(enabled=False, trouble=bindparam("why")).returning(_W.name))
_REMOVE = scoped(delete(INCOMING).where(_W.id == _AT))


async def every(scope: Scope) -> list[Record]:
    """The channel's incoming webhooks, oldest first, without their secrets; `kept` while their maker keeps them."""
    scope.require(Action.WEBHOOK_EDIT)
    return await scope.all(_EVERY)


async def find(scope: Scope, webhook_id: UUID) -> Record:
    """One of them."""
    scope.require(Action.WEBHOOK_EDIT)
    return _there(await scope.first(_ONE, at=webhook_id))


async def add(scope: Scope, seals: Seals, secret: str, *, name: str, room_id: UUID) -> Record:
    """A new one for a room, whose `secret` is shown to nobody again; Conflict when there are twenty.

    NotFound for no such room, Conflict for an archived one, Invalid for a conversation.
    """
    scope.require(Action.WEBHOOK_EDIT)
    name = clean_line(name, "/name", longest=60)
    await _check_room(scope, room_id)
    await scope.serialise("incoming webhooks")
    if len(await scope.all(_EVERY)) >= MOST:
        raise Conflict(f"A channel has at most {MOST} incoming webhooks. Delete one first.", "too_many_webhooks")
    webhook_id = new_id()
    sealed = seals.seal(scope.channel_id, _purpose(webhook_id), secret.encode())
    facts = {"name": name, "room_id": room_id, "member_id": scope.member_id(), "address": uuid4()}
    await scope.run(_ADD, id=webhook_id, sealed_secret=sealed, **facts)
    await audit.record(scope, "incoming.add", webhook_id, room=str(room_id))
    return await find(scope, webhook_id)


async def edit(
    scope: Scope, webhook_id: UUID, *, name: str | None = None, room_id: UUID | None = None,
    enabled: bool | None = None,
) -> Record:  # fmt: skip
    """Set what is given; what stands in the room stays there, under the name that it came by."""
    scope.require(Action.WEBHOOK_EDIT)
    before = _there(await scope.first(_HELD, at=webhook_id))
    if room_id is not None and room_id != before["room_id"]:
        await _check_room(scope, room_id)
    values = {
        "name": before["name"] if name is None else clean_line(name, "/name", longest=60),
        "room_id": room_id or before["room_id"],
        "enabled": before["enabled"] if enabled is None else enabled,
        "trouble": before["trouble"] if enabled is None else "",
    }
    await scope.run(_EDIT, at=webhook_id, **values)
    await audit.record(scope, "incoming.edit", webhook_id, room=str(values["room_id"]), enabled=values["enabled"])
    return await find(scope, webhook_id)


async def turn(scope: Scope, seals: Seals, webhook_id: UUID, secret: str) -> None:
    """Take what is signed by this secret from now on, and nothing by the one before."""
    scope.require(Action.WEBHOOK_EDIT)
    sealed = seals.seal(scope.channel_id, _purpose(webhook_id), secret.encode())
    if not await scope.run(_TURN, at=webhook_id, sealed=sealed):
        raise _none()
    await audit.record(scope, "incoming.turn", webhook_id)


async def remove(scope: Scope, webhook_id: UUID) -> None:
    """Take one away with its log; its messages stay, under its name. NotFound when there is none."""
    scope.require(Action.WEBHOOK_EDIT)
    if not await scope.run(_REMOVE, at=webhook_id):
        raise _none()
    await audit.record(scope, "incoming.remove", webhook_id)


async def silence(scope: Scope, webhook_id: UUID) -> None:
    """Switch one off as a moderator, and tell those who keep the channel; again: nothing. NotFound when it is gone."""
    scope.require(Action.MESSAGE_MODERATE)
    _there(await scope.first(_ONE, at=webhook_id))
    why = f"{scope.actor.name}, who moderates here, switched it off."
    name = await scope.value(_OFF, at=webhook_id, why=why)
    if name is not None:
        await audit.record(scope, "incoming.off", webhook_id)
        await endpoints.tell_keepers(scope, webhook_id, f"The incoming webhook {name} is off: {why}", "/incoming")


async def secret_of(scope: Scope, seals: Seals, webhook_id: UUID) -> str:
    """The secret that signs what comes to it; NotFound when it was deleted meanwhile."""
    row = _there(await scope.first(_SECRET, at=webhook_id))
    return seals.open(scope.channel_id, _purpose(webhook_id), bytes(row["sealed_secret"])).decode()


async def post(scope: Scope, webhook_id: UUID, new: Draft) -> Posted:
    """Post in its room what came to it, or tell where it stands already.

    Gone `webhook_off` or `webhook_orphaned`, Conflict `archived`; else refused as a message of its maker would be.
    """
    held = _there(await scope.first(_HELD, at=webhook_id))
    if not held["enabled"]:
        raise Gone("This webhook is switched off. Switch it on in the studio, under Webhooks.", "webhook_off")
    if not held["kept"]:
        said = f"{held['made_by']}, who made this webhook, no longer keeps this channel. Make another one."
        raise Gone(said, "webhook_orphaned")
    if held["archived_at"] is not None:
        raise Conflict("Its room is archived. Bring it back, or give the webhook another room.", "archived")
    scope.actor = _actor(held)
    posted = await messages.post(scope, held["room_id"], new)
    if not posted.again:
        await scope.run(_COUNT, at=webhook_id)
    return posted


def name_of(webhook_id: UUID, delivery: str) -> UUID:
    """By which `client_id` a delivery is known, so that it counts once for each webhook."""
    return uuid5(webhook_id, delivery)


def _actor(held: Record) -> Actor:
    """The member who made a webhook, as far as it goes: they write in a room, under the name of the program."""
    created: datetime = held["created_at"]
    return Actor(
        person_id=PersonId(held["person_id"]),
        member_id=MemberId(held["member_id"]),
        role=Role(held["role"]),
        name=held["name"],
        within=frozenset({Action.MESSAGE_POST, Action.MESSAGE_ANNOUNCE}),
        program=Program(held["id"], held["name"], created, held["posts"]),
    )


async def _check_room(scope: Scope, room_id: UUID) -> None:
    room = await rooms.find(scope, room_id)
    if room["kind"] == DIRECT:
        raise Invalid.field("/room", "direct", "Choose a room of the channel; a webhook writes in no conversation.")
    if room["archived_at"] is not None:
        raise Conflict("This room is archived. Bring it back first, or choose another one.", "archived")


def _there(row: Record | None) -> Record:
    if row is None:
        raise _none()
    return row


def _none() -> NotFound:
    return NotFound("There is no such webhook here.", "no_such_webhook")


def _purpose(webhook_id: UUID) -> str:
    return f"incoming webhook {webhook_id}"
