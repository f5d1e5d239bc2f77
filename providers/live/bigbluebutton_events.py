"""BigBlueButton's callbacks in our words.

Its own signatures cover little: none of the end of a meeting, only a moment of the attendance. So each address we give
it bears a mark, an HMAC by the shared secret over what the call is about and which class; without it nothing is heard.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID
from xml.etree.ElementTree import Element

from providers import PayloadRefused, SignatureRefused
from providers.live import BODY_LIMIT, Attended, LiveEvent, RecordingHint, RoomEnded, jwt
from providers.live.fields import Fields

READY, ENDED, CAME = "ready", "ended", "came"
DAY_SECONDS = 24 * 3600
MOST_MARKS = 2000


def marked(callback: str, about: str, class_id: str, sitting: str, secret: str) -> str:
    """The address at which the server tells us of this matter of one sitting of this class."""
    mark = _mark(about, class_id, sitting, secret)
    return f"{callback}?{urlencode({'about': about, 'class': class_id, 'sitting': sitting, 'mark': mark})}"


def read(headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
    """The events of a callback."""
    if len(raw) > BODY_LIMIT:
        raise PayloadRefused(f"A webhook has at most {BODY_LIMIT} bytes.", "too_large", 413)
    about, class_id, sitting = _asked(headers.get(":path", ""), secret)
    if about == READY:
        return [_ready(raw, class_id, secret)]
    if about == CAME:
        return _came(headers, raw, class_id, secret)
    return [RoomEnded(f"ended {class_id} {sitting}", class_id, datetime.now(UTC))] if about == ENDED else []


def listed(attendee: Element) -> Fields:
    """An attendee as the server lists them, under the names by which it tells of them after the meeting."""
    return Fields({"ext_user_id": attendee.findtext("userID"), "name": attendee.findtext("fullName")})


def _asked(path: str, secret: str) -> tuple[str, UUID, str]:
    """What the call is about, which class, and which sitting of it, once the mark holds."""
    query = parse_qs(urlsplit(path).query, max_num_fields=50)
    about, class_id, sitting, mark = (query.get(name, [""])[0] for name in ("about", "class", "sitting", "mark"))
    if not mark.isascii() or not hmac.compare_digest(mark, _mark(about, class_id, sitting, secret)):
        raise SignatureRefused("This address was not given by us, or for another secret.")
    return about, UUID(class_id), sitting


def _mark(about: str, class_id: str, sitting: str, secret: str) -> str:
    told = f"guildhall {about} {class_id} {sitting}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), told, sha256).hexdigest()


def _ready(raw: bytes, class_id: UUID, secret: str) -> LiveEvent:
    """A recording was published: `signed_parameters` says which, by a token of the server's."""
    try:
        form: dict[str, list[str]] = parse_qs(raw.decode("ascii"), max_num_fields=20)
    except ValueError as wrong:
        raise PayloadRefused("The body should be a form with `signed_parameters`.") from wrong
    claims = Fields(jwt.read(form.get("signed_parameters", [""])[0], secret))
    if claims.text("meeting_id", 200) != str(class_id):
        raise SignatureRefused("The token is of another meeting.")
    return RecordingHint(f"ready {claims.text('record_id', 200)}", class_id)


def _came(headers: Mapping[str, str], raw: bytes, class_id: UUID, secret: str) -> list[LiveEvent]:
    """Who came and when, told once after the meeting."""
    bearer = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    claims = jwt.read(bearer.removeprefix("Bearer "), secret, "HS512")
    ahead: Any = claims.get("exp")
    if not isinstance(ahead, int | float) or ahead > datetime.now(UTC).timestamp() + DAY_SECONDS + 300:
        raise SignatureRefused("The token has no end within a day, so nobody can say when it was sent.")
    body = Fields.parse(raw)
    if body.text("meeting_id", 200) != str(class_id):
        raise SignatureRefused("This is told of another meeting.")
    sitting = body.text("internal_meeting_id", 200)
    marks = [
        (who.text("ext_user_id", 200), who.word("name"), kind, at)
        for who in body.inner("data").each("attendees")
        for kind, name in (("joined", "joins"), ("left", "leaves"))
        for at in who.times(name)
    ]
    if len(marks) > MOST_MARKS:
        raise PayloadRefused(f"At most {MOST_MARKS} comings and goings are taken in at once.")
    return [Attended(f"came {sitting}", class_id, tuple(marks))] if marks else []
