"""What the scripts of a page say, for pages in another language than English: the words come with the page.

The English stands in `frontend/src/lib/words.ts` and `later.ts`, so that English pages carry none; a test holds both
lists to be the same. A pair has the forms for one and for many.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

from markupsafe import Markup

from tenants.languages import Words

SPOKEN: Mapping[str, str | tuple[str, str]] = {
    "sending": "Sending…",
    "waiting": "Waiting for the connection",
    "stuck": "Not sent. It stays on this device.",
    "notSent": "Not sent.",
    "deleted": "This message was deleted.",
    "hidden": "This message is hidden.",
    "today": "Today",
    "yesterday": "Yesterday",
    "reply": "In reply to %(name)s",
    "replying": "Replying to %(name)s",
    "earlier": "an earlier message",
    "fresh": ("%(count)s new message", "%(count)s new messages"),
    "here": ("%(count)s here", "%(count)s here"),
    "hereAt": "%(count)s at %(time)s",
    "offline": "You are offline since %(time)s.",
    "silent": "The school has not answered since %(time)s. We keep trying.",
    "kept": (
        "Keep writing: %(count)s message is kept on this device and goes out by itself.",
        "Keep writing: %(count)s messages are kept on this device and go out by themselves.",
    ),
    "ended": "This room is closed to you now.",
    "answered": "The server answered %(status)s.",
    "replies": ("%(count)s reply", "%(count)s replies"),
    "ready": "Your certificate for %(title)s is ready.",
    "waits": ("%(count)s case waits", "%(count)s cases wait"),
    "looking": "%(name)s is looking at this.",
    "decided": "This was decided already.",
    "flagged": "Flagged. Moderators look at it.",
    "removed": "Deleted. Its author is told why.",
    "away": "Your sign-in or your place in this channel has ended.",
    "tooLong": "This is %(kb)s KB; a message holds 10 KB. Make it shorter, or send it in parts.",
    "typing": ("%(names)s is typing", "%(names)s are typing"),
    "more": ("%(count)s more", "%(count)s more"),
    "undo": "Undo",
    "slow": "Slow mode: one message every %(count)s s.",
    "decisions": "Decisions about you",
    "meanwhile": "It was changed elsewhere meanwhile. Above is what stands now; save again to put yours in its place.",
    "unread": "The thread cannot be read now. It is tried again.",
    "follow": "Follow",
    "unfollow": "Follow no more",
    "people": "People to mention",
    "program": "Program",
    "owner": "Owner",
    "admin": "Admin",
    "teacher": "Teacher",
    "moderator": "Moderator",
    "student": "Student",
    "voted": ("%(count)s person voted", "%(count)s people voted"),
    "notAsked": "Not sent: the network is away. Press again when it is back.",
    "found": ("%(count)s person found", "%(count)s people found"),
    "movedBefore": "Moved %(what)s before %(next)s, in %(list)s.",
    "movedLast": "Moved %(what)s to the end of %(list)s.",
    "movedBack": "%(what)s is where it was.",
    "notReady": "Not all of the files are ready. Wait until they are, or remove those that cannot be sent.",
    "tooMany": "A message holds at most %(count)s files. Send the rest in another.",
    "empty": "%(name)s is empty.",
    "tooLarge": "%(name)s has %(size)s; a message takes files up to 100 MB.",
    "asFile": "Sent as a file to be saved",
    "lookedAt": "Being looked at",
    "refused": "The store refused this file (%(status)s). Choose it again to start over.",
    "kb": "%(count)s KB",
    "mb": "%(count)s MB",
    "noMicrophone": "The microphone cannot be used. Allow it for this page in your browser, or attach a sound.",
    "noSound": "This browser records no sound. Attach a sound instead.",
    "note": "Voice note",
    "part": "%(part)s of %(whole)s",
    "paused": "The connection is gone; this goes on by itself when it is back.",
    "arrived": "%(name)s is here, %(size)s.",
    "underWay": "The file is still on its way. Save when the bar is full.",
}


@lru_cache
def spoken(words: Words) -> Markup:
    """The block that gives the scripts of a page `words`; nothing for English."""
    if words.language == "en":
        return Markup()
    said = {"locale": words.tag} | {name: _form(words, english) for name, english in SPOKEN.items()}
    data = json.dumps(said, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Markup('<script type="application/json" id="spoken">{}</script>').format(Markup(data))  # noqa: S704 - ours


def _form(words: Words, english: str | tuple[str, str]) -> str | dict[str, str]:
    if isinstance(english, str):
        return words.message(english)
    forms = words.forms(*english)
    return forms if len(set(forms.values())) > 1 else next(iter(forms.values()))
