"""Moderation: the queue, one case at a time, and what moderators decided about the reader.

Kinds and reasons are the words of the API (`hide`, `off-topic`); the templates say them in the reader's language.
"""

from dataclasses import dataclass, field
from datetime import datetime

from server.web.views.attached import Attached
from server.web.views.frame import Form, PersonMark
from server.web.views.polled import Polled
from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class Told:
    """A message around a case: `html` was sanitised when it was written; `subject` is the one the case is about."""

    author: PersonMark
    at: datetime
    html: str
    files: tuple[Attached, ...] = ()
    poll: Polled | None = None
    subject: bool = False
    hidden: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class FlagRow:
    """Who flagged, and why."""

    by: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class ActRow:
    """What was done about a member before, or noted: `kind` of act, its reasons, and whether it was undone."""

    kind: str
    reason: str
    by: str
    at: datetime
    undone: bool = False


@dataclass(frozen=True, slots=True)
class AppealRow:
    """What an appeal says, and the act that it is about."""

    words: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """The case on the desk, `direct` when it is about a conversation of others.

    `claimed_by` names somebody else who looks at it; `mine` when the reader has claimed it. Of their `own` another
    decides, or they `alone`, where nobody else moderates; and of an appeal against what they `acted`.
    `flagged_words` is what the message said when it was flagged, where that is not what it says now. Of what is `gone`
    nothing can be taken away.
    """

    id: str
    kind: str
    opened: datetime
    author: PersonMark
    role: str
    room: str = ""
    direct: bool = False
    closed: bool = False
    claimed_by: str = ""
    mine: bool = False
    own: bool = False
    alone: bool = False
    acted: bool = False
    gone: bool = False
    flagged_words: tuple[str, ...] = ()
    around: tuple[Told, ...] = ()
    flags: tuple[FlagRow, ...] = ()
    earlier: tuple[ActRow, ...] = ()
    appeal: AppealRow | None = None
    caught_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undoable:
    """The reader's own last act, and the seconds in which it can still be undone."""

    id: str
    kind: str
    seconds: int


@dataclass(frozen=True, slots=True)
class ModerationPage:
    """`studio_moderation.html`. `POST {home}/moderation`: `case`, `kind`, `reason`, `words`, `minutes`, `seconds`.

    `…/moderation/appeal`: `case`, `answer`, `upheld`; `…/moderation/claim`: `case`; `…/moderation/undo`: `act`;
    `…/moderation/raid`: `minutes`, 0 to end it, which is on until `raid_until`. `waiting` counts the open cases, of
    which `place` is the one shown; `me` is what the reader is called here.
    """

    desk: Desk
    case: CaseView | None
    waiting: int
    me: str = ""
    place: int = 0
    next_url: str = ""
    undo: Undoable | None = None
    raid_until: datetime | None = None
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class Decision:
    """One act on the reader: its reasons, how long it holds, and how the appeal went.

    `standing` is `open` while an appeal waits, else `upheld`, `overturned`, `undone` (of a ban: `lifted`) or nothing.
    """

    id: str
    kind: str
    reason: str
    at: datetime
    until: datetime | None = None
    appeal: str = ""
    answer: str = ""
    standing: str = ""
    undone: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    """`decisions.html`. `POST {url}/{id}`: `words` of an appeal; `form` came back for the decision `about`."""

    url: str
    decisions: tuple[Decision, ...]
    about: str = ""
    form: Form = field(default_factory=Form)
