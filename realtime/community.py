"""Events of the community: each its own transaction with rights looked up afresh, acknowledged after the commit."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from realtime import wire
from realtime.bus import Bus
from realtime.composing import Composing
from realtime.connections import MOST_ROOMS, Connection
from realtime.presence import Presence, shown
from realtime.reading import Reading
from tenants import directory
from tenants.community import changes, direct, direct_rules, drafts, edits, messages, reactions, reads, rooms, voting
from tenants.errors import Conflict, NotFound, Said, SignInNeeded
from tenants.ids import PersonId, RoomId, new_id
from tenants.moderation import deleting
from tenants.permissions import Action
from tenants.scope import Scope, Tenancy

Ok = dict[str, Any]
Handler = Callable[[Connection, Any], Awaitable[Ok]]
AdmitPost = Callable[[PersonId], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Community:
    """The handlers; `admit_post` raises TooFast above the posting limit."""

    tenancy: Tenancy
    bus: Bus
    presence: Presence
    composing: Composing
    reading: Reading
    admit_post: AdmitPost
    epoch: str

    def events(self) -> dict[str, tuple[type[wire.Sent], Handler]]:
        """Every event that a client may send, with the payload it takes."""
        return {
            "room.join": (wire.Joining, self.join),
            "room.leave": (wire.InRoom, self.leave),
            "room.sync": (wire.Behind, self.sync),
            "message.post": (wire.Posting, self.post),
            "message.edit": (wire.Editing, self.edit),
            "message.delete": (wire.Deleting, self.delete),
            "reaction.set": (wire.Reacting, self.react),
            "read": (wire.Reading, self.read),
            "typing": (wire.InRoom, self.type),
            "presence.watch": (wire.Watching, self.watch),
        }

    async def join(self, by: Connection, given: wire.Joining) -> Ok:
        """Hear a room; the head is read only after joining, so that nothing falls between."""
        room_id = RoomId(given.room)
        if len(by.joined) >= MOST_ROOMS and room_id not in by.joined:
            words = Said("A connection joins at most %(most)s rooms. Leave one first.", most=MOST_ROOMS)
            raise Conflict(words, "too_many_rooms")
        name = by.room(room_id)
        async with self._acting(by, readonly=True) as scope:
            await rooms.find(scope, room_id)
            if not self.bus.is_here(by.sid):
                raise SignInNeeded("This connection has ended.")
            await self.bus.enter(by.sid, name)
            by.joined.add(room_id)
            room = await rooms.find(scope, room_id)
            head = room["head_seq"]
        self.bus.order.begin(name, head)
        if given.unseen or direct_rules.is_quiet(room):
            # Nobody learns that a request was looked at, nor who reads elsewhere what was said here.
            by.quiet.add(room_id)
            self.presence.leave(name, by.member_id, by.sid, at_once=True)
            return {"room": str(room_id), "head_seq": head, "epoch": self.epoch, "online": 0}
        by.quiet.discard(room_id)
        online = await self.presence.join(name, by.member_id, by.name, by.sid)
        return {"room": str(room_id), "head_seq": head, "epoch": self.epoch, "online": online}

    async def leave(self, by: Connection, given: wire.InRoom) -> Ok:
        """Hear a room no more."""
        self.depart(by, RoomId(given.room), at_once=True)
        return {}

    def depart(self, by: Connection, room_id: RoomId, *, at_once: bool) -> None:
        """Take a socket out of a room; nothing happens when it is not in it."""
        if room_id in by.joined:
            by.joined.discard(room_id)
            by.quiet.discard(room_id)
            self.bus.depart(by.sid, by.room(room_id))
            self.presence.leave(by.room(room_id), by.member_id, by.sid, at_once=at_once)

    async def sync(self, by: Connection, given: wire.Behind) -> Ok:
        """What came after a seq: at most 100 messages, or `reset` when it is more than 500."""
        async with self._acting(by, readonly=True) as scope:
            found, head, reset = await changes.sync(scope, given.room, given.after_seq)
            whole = await voting.shown(scope, found)
        shown_as = [orjson.Fragment(messages.encoded(one)) for one in whole]
        return {"messages": shown_as, "head_seq": head} | ({"reset": True} if reset else {})

    async def post(self, by: Connection, given: wire.Posting) -> Ok:
        """Post; the same `client_id` again gets the same answer."""
        await self.admit_post(by.person_id)
        poll = given.poll.asked() if given.poll else None
        draft = await drafts.prepare(given.client_id, given.body, given.reply_to, given.files, poll=poll)
        async with self._acting(by) as scope:
            posted = await messages.post(scope, given.room, draft)
        return {"id": str(posted.id), "seq": posted.seq}

    async def edit(self, by: Connection, given: wire.Editing) -> Ok:
        """Change the words of one's own message, if they are still those that the writer saw."""
        await self.admit_post(by.person_id)
        draft = await drafts.prepare(new_id(), given.body, bare=True)
        seen = edits.Seen(given.edited_at) if "edited_at" in given.model_fields_set else None
        async with self._acting(by) as scope:
            await edits.edit(scope, given.id, draft, seen)
        return {}

    async def delete(self, by: Connection, given: wire.Deleting) -> Ok:
        """Delete one's own message, or that of those below as a moderator: then with the `act`, which can be undone."""
        async with self._acting(by) as scope:
            act = await deleting.delete(scope, given.id, given.reason, given.words)
        return {"act": str(act["id"])} if act else {}

    async def react(self, by: Connection, given: wire.Reacting) -> Ok:
        """Put or take back one emoji."""
        async with self._acting(by) as scope:
            await reactions.put(scope, given.message, given.emoji, on=given.on)
        return {}

    async def read(self, by: Connection, given: wire.Reading) -> Ok:
        """Move the read mark forward; the person's own devices are told. A joined room's is written in a moment."""
        if (room_id := RoomId(given.room)) in by.joined:
            self.reading.note(by, room_id, given.seq)
            return {}
        async with self._acting(by) as scope:
            seq = await reads.mark_read(scope, given.room, given.seq)
        await self.bus.tell("read", {"room": str(given.room), "seq": seq}, by.own_room())
        return {}

    async def type(self, by: Connection, given: wire.InRoom) -> Ok:
        """Tell a joined room that one is typing; a large one is spared it, for somebody always is."""
        name = self._joined(by, given.room)
        if RoomId(given.room) not in by.quiet and not self.presence.is_large(name):
            self.composing.note(name, given.room, by.member_id, by.name)
        return {}

    async def watch(self, by: Connection, given: wire.Watching) -> Ok:
        """Have this socket told who is in a joined room now: all of a small one; in a large one those asked for, or a
        first page, and from then on when they come and go.
        """
        members = [str(member) for member in given.members or ()]
        here = await self.presence.watch(by.sid, self._joined(by, given.room), members)
        names = [{"id": member, "name": name} for member, name in here.joined.items()]
        await self.bus.tell_one(by.sid, "presence.changed", shown(here) | {"joined": names, "whole": True})
        return {}

    async def greet(self, by: Connection) -> None:
        """Tell a new connection how much is unread in each room, and how much of it mentions the person."""
        await self.reading.settle(by)
        async with self._acting(by, readonly=True) as scope:
            found = [row for row in (*await rooms.seen(scope), *await direct.mine(scope)) if row["unread"]]
        unread = {str(row["id"]): {"unread": row["unread"], "mentions": row["mentions"]} for row in found}
        await self.bus.tell_one(by.sid, "unread", unread)

    @contextlib.asynccontextmanager
    async def _acting(self, by: Connection, *, readonly: bool = False) -> AsyncIterator[Scope]:
        async with self.tenancy.scope(by.channel_id, readonly=readonly) as scope:
            await directory.admit(scope, by.token)
            scope.require(Action.ROOM_JOIN)
            yield scope

    def _joined(self, by: Connection, room: UUID) -> str:
        if room not in by.joined:
            raise NotFound("Join this room first.", "not_joined")
        return by.room(RoomId(room))
