"""Who may do what: one table of role x action, and the reason for each answer."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tenants.errors import Forbidden, Refusal, Said, SignInNeeded
from tenants.ids import MemberId, PersonId, SessionId


class Role(StrEnum):
    """What a member is in a channel, strongest first."""

    OWNER = "owner"
    ADMIN = "admin"
    TEACHER = "teacher"
    MODERATOR = "moderator"
    STUDENT = "student"

    @property
    def said(self) -> Said:
        """Its name for people, in whichever language it is said."""
        return Said(self.value)


class Action(StrEnum):
    """What can be asked of a channel; each is one row of the table."""

    CHANNEL_EDIT = "channel.edit"
    CHANNEL_EXPORT = "channel.export"
    MEMBER_LIST = "member.list"
    MEMBER_ROLE = "member.role"
    MEMBER_BAN = "member.ban"
    COURSE_READ = "course.read"
    COURSE_EDIT = "course.edit"
    BATCH_EDIT = "batch.edit"
    ENROLL = "enroll"
    PRICE_EDIT = "price.edit"
    ORDER_LIST = "order.list"
    ORDER_REFUND = "order.refund"
    PAYOUT_EDIT = "payout.edit"
    LIVE_EDIT = "live.edit"
    LIVE_JOIN = "live.join"
    RECORDING_EDIT = "recording.edit"
    FILE_UPLOAD = "file.upload"
    ROOM_EDIT = "room.edit"
    ROOM_JOIN = "room.join"
    MESSAGE_POST = "message.post"
    MESSAGE_DIRECT = "message.direct"
    MESSAGE_ANNOUNCE = "message.announce"
    MESSAGE_MENTION_ALL = "message.mention_all"
    MESSAGE_PIN = "message.pin"
    MESSAGE_MODERATE = "message.moderate"
    CERTIFICATE_LIST = "certificate.list"
    CERTIFICATE_ISSUE = "certificate.issue"
    CERTIFICATE_REVOKE = "certificate.revoke"
    SEARCH = "search"
    INSIGHTS_READ = "insights.read"
    AUDIT_READ = "audit.read"
    KEY_EDIT = "key.edit"
    WEBHOOK_EDIT = "webhook.edit"


_STUDENT = frozenset(
    {
        Action.MEMBER_LIST,
        Action.COURSE_READ,
        Action.ENROLL,
        Action.LIVE_JOIN,
        Action.ROOM_JOIN,
        Action.MESSAGE_POST,
        Action.MESSAGE_DIRECT,
        Action.SEARCH,
    }
)
_MODERATOR = _STUDENT | {
    Action.MESSAGE_MODERATE,
    Action.MEMBER_BAN,
    Action.MESSAGE_ANNOUNCE,
    Action.MESSAGE_MENTION_ALL,
    Action.MESSAGE_PIN,
    Action.ROOM_EDIT,
}
_TEACHER = _STUDENT | {
    Action.COURSE_EDIT,
    Action.BATCH_EDIT,
    Action.LIVE_EDIT,
    Action.RECORDING_EDIT,
    Action.FILE_UPLOAD,
    Action.MESSAGE_ANNOUNCE,
    Action.MESSAGE_MENTION_ALL,
    Action.MESSAGE_PIN,
    Action.ROOM_EDIT,
    Action.CERTIFICATE_LIST,
    Action.CERTIFICATE_ISSUE,
    Action.INSIGHTS_READ,
}
_ADMIN = frozenset(Action)
TABLE: dict[Role, frozenset[Action]] = {
    Role.OWNER: _ADMIN,
    Role.ADMIN: _ADMIN - {Action.CHANNEL_EXPORT},
    Role.TEACHER: _TEACHER,
    Role.MODERATOR: _MODERATOR,
    Role.STUDENT: _STUDENT,
}
RANK = {role: place for place, role in enumerate(reversed(Role))}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that writes in a channel by a webhook: what it is called, since when it does, and how often it did."""

    id: UUID
    name: str
    since: datetime
    said: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in a scope: a member, a signed-in person who is none, a visitor, or the system itself."""

    person_id: PersonId | None = None
    member_id: MemberId | None = None
    role: Role | None = None
    name: str = ""
    system: str | None = None
    session_id: SessionId | None = None
    banned: str | None = None
    banned_until: datetime | None = None
    key_id: UUID | None = None
    within: frozenset[Action] | None = None
    """The actions that the key which acts for a member was made for; None for the member in person."""
    program: Program | None = None
    """What writes by a webhook that the member keeps; None for the member in person."""

    def narrowed(self, within: frozenset[Action]) -> "Actor":
        """The same member, through a key that was made for some actions only."""
        return replace(self, within=within)

    def describe(self) -> str:
        """One stable word for the audit: `member:…`, `person:…`, `key:…`, `system:…` or `visitor`."""
        if self.system:
            return f"system:{self.system}"
        if self.key_id:
            return f"key:{self.key_id}"
        if self.member_id:
            return f"member:{self.member_id}"
        return f"person:{self.person_id}" if self.person_id else "visitor"


VISITOR = Actor()


def acting_system(name: str) -> Actor:
    """The actor of a job or a webhook; it may do anything inside its channel."""
    return Actor(system=name)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an action is allowed, and the sentence that says why."""

    allowed: bool
    because: str
    refusal: Refusal | None = None


def why(actor: Actor, action: Action) -> Answer:
    """The decision on an action, explained; the same one that `require` enforces."""
    if actor.system:
        return Answer(True, f"the system acts as {actor.system}")
    if actor.person_id is None:
        return Answer(False, "nobody is signed in", SignInNeeded())
    if actor.banned is not None:
        return Answer(False, f"banned: {actor.banned}", banned(actor))
    if actor.role is None:
        return Answer(False, "not a member of this channel", Forbidden("Join this channel first.", "not_a_member"))
    return _by_role(actor, actor.role, action)


def banned(actor: Actor) -> Forbidden:
    """The refusal of a banned one, with the end of the ban under `until`, if it has one."""
    until = {"until": actor.banned_until.isoformat()} if actor.banned_until else {}
    reason = actor.banned or "no reason was given"
    return Forbidden(Said("You are banned from this channel: %(reason)s", reason=reason), "banned", **until)


def _by_role(actor: Actor, role: Role, action: Action) -> Answer:
    if action not in TABLE[role]:
        message = Said("Your role is %(role)s: you may not do that here.", role=role.said)
        return Answer(False, f"a {role} may not {action}", Forbidden(message))
    if actor.within is not None and action not in actor.within:
        refused = Forbidden(f"This key was not made for {action}.", "key_scope")
        return Answer(False, f"the key was not made for {action}", refused)
    return Answer(True, f"a {role} may {action}")


def require(actor: Actor, action: Action) -> None:
    """Pass in silence, or raise the refusal that `why` explains."""
    answer = why(actor, action)
    if answer.refusal:
        raise answer.refusal
