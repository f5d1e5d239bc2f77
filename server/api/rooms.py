"""Rooms over the API: which there are, what they are, who is in private ones."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Auth, Route, op
from tenants.community import insiders, room_editing, room_settings, rooms
from tenants.ids import MemberId
from tenants.scope import Record

TAGS = ("community",)
_COLUMNS = {"batch": "batch_id"}
INSIDERS: Cursor[tuple[str, UUID]] = Cursor("insiders", tuple[str, UUID])
Kind = Literal["open", "members", "batch", "announcement", "private"]
Level = Literal["all", "mentions", "nothing"]
Name = Annotated[str, Field(max_length=1000, examples=["Glazes"])]
Topic = Annotated[str, Field(max_length=1000)]


class InSlug(Given):
    """A channel by its slug."""

    slug: str


class OfRoom(InSlug):
    """A room of a channel."""

    room: UUID


class OfRoomMember(OfRoom):
    """A member's place in a room."""

    member: UUID


class NewRoom(Given):
    """A room to be made; `open`: anyone reads, members write; `private`: those let in; `batch`: those in `batch`."""

    name: Name
    kind: Kind = "members"
    topic: Topic = ""
    batch: UUID | None = None


class RoomChanges(Given):
    """What a room is to be from now on; what is left out stays. `icon` is a name of Lucide from a short list."""

    name: Name = ""
    topic: Topic = ""
    icon: Annotated[str, Field(max_length=40)] = ""
    kind: Kind = "members"
    batch: UUID | None = None


class OwnRoom(Given):
    """How you hold a room, all of it at once: `left` takes it out of your list, `muted` only out of your counts."""

    level: Level = "all"
    muted: bool = False
    favourite: bool = False
    left: bool = False


class InsidersQuery(PageQuery):
    """A page of those in a room by name; with `q`, of whom a word of the name begins so, with accents or without."""

    q: Annotated[str, Field(max_length=80)] = ""


class RoomsQuery(Given):
    """Whether archived rooms are listed too."""

    archived: bool = False


class OwnRoomShown(BaseModel):
    """How a member holds a room: of what they are told, and whether it is muted, a favourite, left."""

    level: str = "all"
    muted: bool = False
    favourite: bool = False
    left: bool = False


class RoomShown(BaseModel):
    """A room; an archived one is only read. `unread`, `mentions` and `me` are those of the member who asks.

    `section` is the section of rooms it is in, or null.
    """

    id: UUID
    slug: str
    name: str
    topic: str
    kind: str
    icon: str
    batch: UUID | None
    section: UUID | None
    archived: bool
    head_seq: int
    unread: int = 0
    mentions: int = 0
    me: OwnRoomShown = Field(default_factory=OwnRoomShown)


class InsiderShown(BaseModel):
    """A member in a private room."""

    id: UUID
    name: str


def room_shown(row: Record) -> RoomShown:
    """A room as the domain has it."""
    facts = {name: row[name] for name in ("id", "slug", "name", "topic", "kind", "icon", "head_seq")}
    archived = row["archived_at"] is not None
    own = OwnRoomShown(**{name: row[name] for name in OwnRoomShown.model_fields if name in row})
    unread, mentions = row.get("unread", 0), row.get("mentions", 0)
    shown = {
        "batch": row["batch_id"],
        "section": row["section_id"],
        "archived": archived,
        "unread": unread,
        "mentions": mentions,
    }
    return RoomShown(**facts, **shown, me=own)


@op("The rooms that you see", tags=TAGS, auth=Auth.OPTIONAL, errors=(404,))
async def list_rooms(context: InChannel, *, path: InSlug, query: RoomsQuery) -> Page[RoomShown]:
    """All of them at once, in their order: a channel has at most 500. Those without section stand first."""
    return Page(items=[room_shown(row) for row in await rooms.seen(context.scope, archived=query.archived)])


@op("Make a room", status=201, tags=TAGS, idempotent=Idempotency.TAKEN, errors=(403, 404))
async def add_room(context: InChannel, *, path: InSlug, body: NewRoom) -> RoomShown:
    """For those who edit rooms; its maker is in a private one."""
    return room_shown(await rooms.add(context.scope, body.name, body.kind, body.topic, body.batch))


@op("Change a room", tags=TAGS, errors=(403, 404))
async def edit_room(context: InChannel, *, path: OfRoom, body: RoomChanges) -> RoomShown:
    """What is given is set. Those whom another kind shuts out leave it, their sockets within 2 s."""
    given = body.model_dump(exclude_unset=True)
    changes = {_COLUMNS.get(name, name): value for name, value in given.items()}
    return room_shown(await room_editing.edit(context.scope, path.room, changes))


@op("Set how you hold a room", tags=TAGS, errors=(403, 404))
async def put_own(context: InChannel, *, path: OfRoom, body: OwnRoom) -> OwnRoomShown:
    """For yourself alone. Muted and left rooms count nothing as unread; a left one you join again by the same call."""
    row = await room_settings.put(context.scope, path.room, **body.model_dump())
    return OwnRoomShown(**dict(row))


@op("Archive a room", tags=TAGS, errors=(403, 404))
async def archive_room(context: InChannel, *, path: OfRoom) -> None:
    """It leaves the lists and takes no more words; its messages are read and found as before."""
    await room_editing.archive(context.scope, path.room)


@op("Bring a room back from the archive", tags=TAGS, errors=(403, 404, 422))
async def bring_room_back(context: InChannel, *, path: OfRoom) -> None:
    """However often it is said; refused while another room has its name."""
    await room_editing.archive(context.scope, path.room, archived=False)


@op("Who is in a room", tags=TAGS, errors=(403, 404))
async def list_insiders(context: InChannel, *, path: OfRoom, query: InsidersQuery) -> Page[InsiderShown]:
    """By name. Owners and admins see every private room, in the list or not.

    Of a batch's room, for those who edit rooms: whom the batch brings.
    """
    after, limit = INSIDERS.read(query.after), query.limit
    rows = await insiders.page(context.scope, path.room, called=query.q.strip(), after=after, limit=limit + 1)
    more = INSIDERS.write((rows[limit - 1]["sorted"], rows[limit - 1]["id"])) if len(rows) > limit else None
    return Page(items=[InsiderShown(id=row["id"], name=row["name"]) for row in rows[:limit]], next=more)


@op("Let a member into a private room", tags=TAGS, errors=(403, 404))
async def let_in(context: InChannel, *, path: OfRoomMember) -> None:
    """However often it is said."""
    await insiders.let_in(context.scope, path.room, MemberId(path.member))


@op("Take a member out of a private room", tags=TAGS, errors=(403, 404))
async def take_out(context: InChannel, *, path: OfRoomMember) -> None:
    """Their sockets leave it within 2 s."""
    await insiders.take_out(context.scope, path.room, MemberId(path.member))


ROUTES = (
    Route("GET", "/channels/{slug}/rooms", list_rooms),
    Route("POST", "/channels/{slug}/rooms", add_room),
    Route("PATCH", "/channels/{slug}/rooms/{room}", edit_room),
    Route("PUT", "/channels/{slug}/rooms/{room}/me", put_own),
    Route("PUT", "/channels/{slug}/rooms/{room}/archive", archive_room),
    Route("DELETE", "/channels/{slug}/rooms/{room}/archive", bring_room_back),
    Route("GET", "/channels/{slug}/rooms/{room}/members", list_insiders),
    Route("PUT", "/channels/{slug}/rooms/{room}/members/{member}", let_in),
    Route("DELETE", "/channels/{slug}/rooms/{room}/members/{member}", take_out),
)
