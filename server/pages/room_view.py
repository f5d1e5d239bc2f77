"""The room's view, from rooms, messages and members as the domain has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from realtime.roll import Change
from server.pages.direct_view import talk_bar
from server.pages.places_view import Beside, by_section, conversations
from server.pages.poll_view import poll_view
from server.web.views.attached import attached, linked
from server.web.views.frame import Form, PersonMark
from server.web.views.room import OwnRoom, PeopleGroup, PlaceGroup, Present, Reaction, RoomPage, Said, arrange
from tenants import links
from tenants.community import mentions, sanctions
from tenants.community.rooms import ARCHIVED, STAFF
from tenants.ids import new_id
from tenants.permissions import Action, Actor, Role, why
from tenants.scope import Record

PAGE = 50
# Under which title a member stands beside a room, in this order.
GROUPS = {
    Role.OWNER: "Teachers",
    Role.ADMIN: "Teachers",
    Role.TEACHER: "Teachers",
    Role.MODERATOR: "Moderators",
    Role.STUDENT: "Students",
}
TITLES = {Role.OWNER: "Owner", Role.ADMIN: "Admin", Role.TEACHER: "Teacher", Role.MODERATOR: "Moderator"}


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What was read for one page: `here` tells who is in the room now, `own` the reader's reactions.

    `votes` is what the reader chose in polls, `talks` are the reader's conversations, `talk` the one that the room is,
    `asking` how many wait to be accepted; `blocked` are members. `withheld` is what hidden messages say, as far as the
    reader may know it; `at` is the seq that was sought. With a `root` the page is that of its thread, and `messages`
    begin with it; `follows` when the reader does, and there is `more` before that seq; `earlier` replies stand still.
    In so many threads something is `waiting` to be read. `draft` is what the reader has begun to write here, `drafted`
    the rooms in which they have begun something. `silence` says why the reader only reads while the `raid` stands.
    Times are told in the reader's `zone`.
    """

    slug: str
    zone: ZoneInfo
    actor: Actor
    room: Record
    rooms: Sequence[Record]
    messages: Sequence[Record]
    own: set[tuple[UUID, str]]
    votes: Mapping[UUID, Sequence[int]]
    members: Sequence[Record]
    here: Change
    read_seq: int
    withheld: Mapping[UUID, Record]
    own_room: Record | None
    talks: Sequence[Record] = ()
    asking: int = 0
    talk: Record | None = None
    blocked: frozenset[str] = frozenset()
    pinned: int = 0
    at: int | None = None
    root: Record | None = None
    follows: bool = False
    more: int = 0
    earlier: bool = False
    waiting: int = 0
    draft: Record | None = None
    drafted: frozenset[UUID] = frozenset()
    silence: str = ""
    raid: Record | None = None


def room_view(facts: RoomFacts, form: Form | None = None) -> RoomPage:
    """The page for a member, or for anybody else an open room with the way in."""
    actor, room, slug = facts.actor, facts.room, facts.slug
    member = actor.member_id is not None and actor.banned is None
    own_url = links.room(slug, room["slug"])
    said = _said(facts)[0 if facts.root is None else 1 :]
    return RoomPage(
        room_id=str(room["id"]),
        name=room["name"],
        topic=room["topic"],
        groups=places(facts),
        lines=arrange(said, facts.zone, facts.read_seq, str(actor.member_id), datetime.now(UTC)),
        read_seq=facts.read_seq,
        zone=facts.zone,
        rooms_url=f"{links.channel(slug)}/community",
        search_url=f"{links.channel(slug)}/search",
        member=member,
        people=_people(facts) if member else (),
        online=facts.here.online,
        member_count=facts.members[0]["total"] if facts.members else 0,
        decisions_url=links.decisions(slug),
        join_url=f"{links.channel(slug)}#join",
        url=own_url,
        own=OwnRoom(f"{own_url}/me", **dict(facts.own_room or {})) if member else None,
        form=form or Form(),
        raid_until=facts.raid["ends_at"] if facts.raid and actor.role in STAFF else None,
        raid_url=links.studio(slug, "/moderation"),
        **_ids(),
        **(_around(facts, own_url) if facts.root is None else _around_thread(facts, facts.root)),
        **_kept(facts),
        **_threads(facts),
        **_begun(facts),
        **_rights(facts, member=member),
    )


def _around(facts: RoomFacts, own_url: str) -> dict[str, Any]:
    """Where what was said before and after is, and what was not read yet."""
    slug, room = facts.slug, facts.room
    first, last = (facts.messages[0]["seq"], facts.messages[-1]["seq"]) if facts.messages else (1, 0)
    past, missed = 0 < last < room["head_seq"], 0 < facts.read_seq < first - 1
    return {
        "post_url": own_url,
        "last_seq": last,
        "older_url": f"{own_url}?before={first}" if first > 1 else "",
        "newer_url": f"{own_url}?after={last}" if past else "",
        "unread_url": links.message(slug, room["slug"], facts.read_seq + 1) if missed else "",
    }


def _around_thread(facts: RoomFacts, root: Record) -> dict[str, Any]:
    """The same for the replies to a message; its scripts hear the room from its head on."""
    url = links.thread(facts.slug, facts.room["slug"], root["seq"])
    return {
        "post_url": url,
        "back_url": links.message(facts.slug, facts.room["slug"], root["seq"]),
        "last_seq": facts.room["head_seq"],
        "older_url": f"{url}?before={facts.more}" if facts.more else "",
        "newer_url": url if facts.earlier else "",
    }


def _kept(facts: RoomFacts) -> dict[str, Any]:
    """Where pinned and saved messages are found, and the list of rooms alone."""
    slug, room = facts.slug, facts.room["slug"]
    places_url = f"{links.room(slug, room)}/places"
    kept = {"pinned": facts.pinned, "pins_url": links.pins(slug, room), "saved_url": links.saved(slug)}
    return kept | {"places_url": places_url}


def _threads(facts: RoomFacts) -> dict[str, Any]:
    """The threads that the reader follows, and how they stand to the one that the page shows."""
    about = {"threads_url": links.threads(facts.slug), "threads_waiting": facts.waiting}
    if facts.root is None:
        return about
    root = arrange(_said(facts)[:1], facts.zone, 0, "", datetime.now(UTC))
    return about | {"root_id": facts.root["id"], "root": root, "follows": facts.follows}


def _begun(facts: RoomFacts) -> dict[str, Any]:
    """What the reader has begun to write here, at whatever device."""
    if facts.draft is None:
        return {}
    begun = facts.draft
    return {"draft": begun["body"], "draft_version": begun["version"], "draft_has_files": bool(begun["files"])}


def _ids() -> dict[str, Any]:
    """By which ids what the reader writes next counts once."""
    return {"client_id": str(new_id()), "poll_id": str(new_id())}


def _rights(facts: RoomFacts, *, member: bool) -> dict[str, Any]:
    """What the reader may do here, and what holds them back."""
    actor, room = facts.actor, facts.room
    muted, slow_seconds = sanctions.said_of(room, facts.zone)
    raid_until = facts.raid["ends_at"] if facts.raid and facts.silence else None
    return {
        "talk": talk_bar(facts.slug, facts.talk) if facts.talk else None,
        "folds": tuple(sorted(facts.blocked)),
        "people_url": links.people(facts.slug) if member else "",
        "why_silent": why_silent(actor, room) if member else "",
        "muted": (muted or facts.silence) if member else "",
        "muted_until": sanctions.muted_until(room) or raid_until,
        "slow_seconds": 0 if actor.role in STAFF else slow_seconds,
        "staff": actor.role in STAFF,
        "pins_messages": why(actor, Action.MESSAGE_PIN).allowed,
        "moderates": why(actor, Action.MESSAGE_MODERATE).allowed,
        "groups_of_reader": mentions.groups_of(actor.role),
        "mentions_all": why(actor, Action.MESSAGE_MENTION_ALL).allowed,
    }


def places(facts: RoomFacts) -> tuple[PlaceGroup, ...]:
    """What stands beside the talk; conversations for members alone."""
    beside = Beside(facts.slug, facts.room["id"], facts.drafted)
    groups = by_section(beside, facts.rooms)
    if facts.actor.member_id is None or facts.actor.banned is not None:
        return groups
    return (*groups, conversations(beside, facts.talks, facts.asking, facts.talk))


def written_by(row: Record, picture: str | None = None) -> PersonMark:
    """Who wrote a message, as it is shown beside its words."""
    return PersonMark(row["author_id"], row["author_name"], picture, program=row["author_role"] is None)


def _said(facts: RoomFacts) -> list[Said]:
    known = {row["id"]: row for row in facts.messages}
    return [_one(row, known.get(row["reply_to"]), facts) for row in facts.messages]


def _one(row: Record, answered: Record | None, facts: RoomFacts) -> Said:
    kept = facts.withheld.get(UUID(row["id"])) if row["hidden_at"] else None
    # Its author reads what a filter holds, and is not shown again what a moderator has decided about.
    readable = kept is not None and (kept["held"] or why(facts.actor, Action.MESSAGE_MODERATE).allowed)
    return Said(
        id=row["id"],
        seq=row["seq"],
        author=written_by(row, _picture(row["author_avatar"], facts.actor)),
        at=row["created_at"],
        body=row["body"],
        html=kept["html"] if kept and readable else row["html"],
        role=TITLES.get(row["author_role"], ""),
        edited_at=row["edited_at"],
        deleted=row["deleted_at"] is not None,
        hidden=row["hidden_at"] is not None,
        hidden_for=kept["reason"] if kept else "",
        folded=row["author_id"] in facts.blocked,
        sought=row["seq"] == facts.at,
        to_me=mentions.means(row["html"], facts.actor.member_id, mentions.groups_of(facts.actor.role)),
        replies=row["thread_count"],
        reply_to=row["reply_to"] or "",
        reply_seq=answered["seq"] if answered else 0,
        reply_name=answered["author_name"] if answered else "",
        reactions=tuple(_reaction(row["id"], each, facts.own) for each in orjson.loads(row["reactions"])),
        files=attached(kept["files"] if kept and readable else orjson.loads(row["files"])),
        preview=linked(orjson.loads(row["preview"] or "{}")),
        poll=poll_view(
            row,
            kept["poll"] if kept and readable else None,
            facts.slug,
            facts.room,
            facts.actor,
            facts.talk,
            facts.votes.get(UUID(row["id"]), ()),
        ),
    )


def _reaction(message: str, each: Mapping[str, Any], own: set[tuple[UUID, str]]) -> Reaction:
    return Reaction(each["emoji"], each["count"], mine=(UUID(message), each["emoji"]) in own)


def _people(facts: RoomFacts) -> tuple[PeopleGroup, ...]:
    if facts.talk is not None:
        return (PeopleGroup("In this conversation", tuple(_present(row, facts.here.joined) for row in facts.members)),)
    held: dict[str, list[Present]] = {title: [] for title in dict.fromkeys(GROUPS.values())}
    for row in facts.members:
        held[GROUPS[Role(row["role"])]].append(_present(row, facts.here.joined))
    return tuple(PeopleGroup(title, tuple(people)) for title, people in held.items() if people)


def _picture(avatar: str | None, actor: Actor) -> str | None:
    """Members see one another's pictures."""
    return avatar if actor.member_id is not None and actor.banned is None else None


def _present(row: Record, here: Mapping[str, str]) -> Present:
    key = str(row["id"])
    return Present(PersonMark(key, row["name"], row["avatar"]), TITLES.get(Role(row["role"]), ""), here=key in here)


def why_silent(actor: Actor, room: Record) -> str:
    """The sentence for a member who only reads in this room, whatever they do; nothing for one who may write."""
    if room["archived_at"] is not None:
        return ARCHIVED
    if room["kind"] != "announcement" or why(actor, Action.MESSAGE_ANNOUNCE).allowed:
        return ""
    return "Only teachers and moderators write in this room. You can react."
