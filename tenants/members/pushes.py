"""Pushes: the browsers in which a member wants to be told even while no page of ours is open."""

from uuid import UUID

from sqlalchemy import Column, ForeignKey, LargeBinary, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants.errors import Invalid, NotFound, SignInNeeded
from tenants.ids import PersonId, new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds, instant, owned, text

PUSHES = owned(
    "pushes",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("endpoint"),
    Column("p256dh", LargeBinary, nullable=False),
    Column("auth", LargeBinary, nullable=False),
    # Where it was asked for: who signs out there is told there no more.
    Column("session_id", Uuid),
    instant("created_at", now=True),
)
MOST = 10
ENDPOINT_LENGTH = 1000
_P = PUSHES.c
_NEW = insert(PUSHES).values(**binds("id", "person_id", "endpoint", "p256dh", "auth", "session_id"))
# A browser that somebody else signs in with is theirs from then on.
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "endpoint"],
        set_={
            **{name: _NEW.excluded[name] for name in ("person_id", "p256dh", "auth", "session_id")},
            "created_at": func.now(),
        },
    ).returning(_P.id)
)
_OLDEST = Scoped(
    "delete from pushes where channel_id = $1 and person_id = $2 and id not in (select id from pushes"
    " where channel_id = $1 and person_id = $2 order by created_at desc, id desc limit $3)",
    ("channel_id", "me", "most"),
    {},
)
_FIND = scoped(
    select(_P.person_id, _P.endpoint, _P.p256dh, _P.auth, _P.session_id).where(_P.id == bindparam("push_id"))
)
_END = scoped(delete(PUSHES).where(_P.id == bindparam("push_id")))
_END_OWN = scoped(delete(PUSHES).where(_P.id == bindparam("push_id"), _P.person_id == bindparam("me", type_=Uuid())))


async def put(scope: Scope, endpoint: str, p256dh: bytes, auth: bytes) -> UUID:
    """Tell the acting member in this browser too, from now on; its id, the same when it is said again.

    Of a person's browsers the newest MOST are kept.
    """
    me = _reader(scope)
    if not endpoint or len(endpoint) > ENDPOINT_LENGTH:
        raise Invalid.field("/endpoint", "too_long", f"An endpoint has at most {ENDPOINT_LENGTH} characters.")
    values = {"id": new_id(), "person_id": me, "endpoint": endpoint, "p256dh": p256dh, "auth": auth}
    values["session_id"] = scope.actor.session_id
    push_id: UUID = await scope.value(_PUT, **values)
    await scope.run(_OLDEST, me=me, most=MOST)
    return push_id


async def end(scope: Scope, push_id: UUID) -> None:
    """Tell the acting member there no more; NotFound when it is no browser of theirs."""
    if not await scope.run(_END_OWN, push_id=push_id, me=_reader(scope)):
        raise NotFound("There is no such browser of yours.")


async def find(scope: Scope, push_id: UUID) -> Record | None:
    """A browser: `person_id, endpoint, p256dh, auth, session_id`, or None when it takes no more."""
    return await scope.first(_FIND, push_id=push_id)


async def forget(scope: Scope, push_id: UUID) -> None:
    """The browser's push service takes nothing for it any more."""
    await scope.run(_END, push_id=push_id)


def _reader(scope: Scope) -> PersonId:
    scope.require(Action.ROOM_JOIN)
    if scope.actor.person_id is None:
        raise SignInNeeded()
    return scope.actor.person_id
