"""BigBlueButton's API as documented: queries signed by a checksum, XML answers; its callbacks signed by PyJWT."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1, sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import orjson
from aiohttp import web

from tests.standins.live import Delivery, FarServer, Manners
from tests.standins.serving import serving

SECRET = "a-shared-secret-of-the-server-as-long-as-its-longest-signature-wants-it"
CREATED = "1700000000123"


@dataclass
class BigBlueButtonServer(FarServer):
    """One server; `meetings` by id, `people` (id and name) and `recordings` as XML by meeting."""

    meetings: dict[str, dict[str, str]] = field(default_factory=dict)
    people: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    recordings: dict[str, str] = field(default_factory=dict)
    joined: list[dict[str, str]] = field(default_factory=list)
    only_sha1: bool = False
    full: bool = False

    @property
    def given(self) -> dict[str, str]:
        """What its owner copies into the form of a connection."""
        return {"url": f"{self.url}/bigbluebutton/", "secret": SECRET}

    async def api(self, request: web.Request) -> web.Response:  # noqa: PLR0911 - one answer per call
        call, query = request.match_info["call"], request.raw_path.partition("?")[2]
        if not self._signed(call, query):
            return _failed("checksumError", "You did not pass the checksum security check")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        meeting = asked.get("meetingID", "")
        match call:
            case "getMeetings":
                return _xml(
                    "".join(f"<meeting><meetingID>{each}</meetingID></meeting>" for each in self.meetings), "meetings"
                )
            case "create":
                if self.full:
                    return _failed("maxConcurrent", "The server holds as many meetings as it may.")
                known = self.meetings.setdefault(meeting, asked)
                # As the server does: only who knows both passwords may make a meeting again.
                if any(not asked.get(name) or known[name] != asked[name] for name in ("attendeePW", "moderatorPW")):
                    return _failed("idNotUnique", "A meeting already exists with that meeting ID.")
                return _xml(f"<meetingID>{meeting}</meetingID><createTime>{CREATED}</createTime>")
            case "getRecordings":
                return _xml(self.recordings.get(meeting, ""), "recordings")
            case _ if meeting not in self.meetings:
                return _failed("notFound", "We could not find a meeting with that meeting ID")
            case "end":
                del self.meetings[meeting]
                return _xml("<messageKey>sentEndMeetingRequest</messageKey>")
            case "join":
                self.joined.append(asked)
                return _xml("<messageKey>successfullyJoined</messageKey>")
            case _:
                times = f"<running>true</running><endTime>0</endTime><createTime>{CREATED}</createTime>"
                return _xml(f"{times}<attendees>{''.join(map(_attendee, self.people.get(meeting, [])))}</attendees>")

    def _signed(self, call: str, query: str) -> bool:
        plain, _, told = query.rpartition("checksum=")
        text = f"{call}{plain.removesuffix('&')}{SECRET}".encode()
        return told in {sha1(text).hexdigest(), *([] if self.only_sha1 else [sha256(text).hexdigest()])}


def _xml(inner: str, around: str = "") -> web.Response:
    inner = f"<{around}>{inner}</{around}>" if around else inner
    body = f"<response><returncode>SUCCESS</returncode>{inner}</response>"
    return web.Response(text=body, content_type="text/xml")


def _attendee(who: tuple[str, str]) -> str:
    known = f"<userID>{who[0]}</userID><fullName>{who[1]}</fullName><role>VIEWER</role>"
    return f"<attendee>{known}<hasJoinedVoice>true</hasJoinedVoice><clientType>HTML5</clientType></attendee>"


def _failed(key: str, said: str) -> web.Response:
    body = (
        f"<response><returncode>FAILED</returncode><messageKey>{key}</messageKey><message>{said}</message></response>"
    )
    return web.Response(text=body, content_type="text/xml")


def recording(record: str, began: datetime, url: str, kind: str = "video") -> str:
    """A published recording in one format."""
    film = f"<format><type>{kind}</type><url>{url}</url><size>5</size></format>"
    times = f"<state>published</state><startTime>{int(began.timestamp() * 1000)}</startTime>"
    return f"<recording><recordID>{record}</recordID>{times}<playback>{film}</playback></recording>"


def ready(marked: str, meeting: str, record: str, *, secret: str = SECRET) -> Delivery:
    """`bbb-recording-ready-url` called: a form with a token."""
    token = jwt.encode({"meeting_id": meeting, "record_id": record}, secret, "HS256")
    form = urlencode({"signed_parameters": token}).encode()
    return _after(marked), {"Content-Type": "application/x-www-form-urlencoded"}, form


def came(
    marked: str, meeting: str, people: list[dict[str, Any]], *, secret: str = SECRET, lives: int = 86400
) -> Delivery:
    """`analytics-callback-url` called after the meeting."""
    token = jwt.encode({"exp": int(time.time()) + lives}, secret, "HS512")
    told = {"version": "1.0", "meeting_id": meeting, "internal_meeting_id": "in-1", "data": {"attendees": people}}
    return _after(marked), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, orjson.dumps(told)


def ended(marked: str, meeting: str) -> Delivery:
    """`endCallbackUrl` called, a GET without a signature of the server's own."""
    return f"{_after(marked)}&{urlencode({'meetingID': meeting, 'recordingmarks': 'false'})}", {}, b""


def _after(marked: str) -> str:
    return f"?{urlsplit(marked).query}"


@asynccontextmanager
async def bigbluebutton_server(manners: Manners | None = None) -> AsyncIterator[BigBlueButtonServer]:
    """A server on loopback."""
    server = BigBlueButtonServer(manners or Manners(times=0))
    async with serving([web.get("/bigbluebutton/api/{call}", server.mannered(server.api))]) as url:
        server.url = url
        yield server
