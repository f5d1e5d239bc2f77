"""Zoom as documented: OAuth for servers, meetings, registrants, cloud recordings, signed webhooks."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.standins.live import Delivery, FarServer, Manners
from tests.standins.serving import serving

ACCOUNT, CLIENT, SECRET, HOOK = "acc-1", "client-1", "client-secret", "hook-secret"
SITTING = "a/b+uuid=="


@dataclass
class ZoomServer(FarServer):
    """One account; `meetings` by number, `recordings` by number and by UUID, `sittings` by number with their people."""

    tokens: list[str] = field(default_factory=list)
    meetings: dict[str, dict[str, Any]] = field(default_factory=dict)
    registered: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    recordings: dict[str, dict[str, Any]] = field(default_factory=dict)
    sittings: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    reports: bool = True
    ended: dict[str, str] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    lacks_scope: bool = False
    film: Path | None = None

    @property
    def given(self) -> dict[str, str]:
        """What its owner copies into the form of a connection."""
        keys = {"account_id": ACCOUNT, "key_id": CLIENT, "secret": SECRET, "webhook_secret": HOOK}
        return {**keys, "url": self.url}

    async def oauth(self, request: web.Request) -> web.Response:
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        query = request.query
        if request.headers.get("Authorization") != f"Basic {pair}" or query["account_id"] != ACCOUNT:
            return web.json_response(
                {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, status=400
            )
        assert query["grant_type"] == "account_credentials"
        self.tokens.append(f"token-{len(self.tokens)}")
        return web.json_response({"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 3599})

    async def api(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization", "") != f"Bearer {self.tokens[-1] if self.tokens else ''}":
            return web.json_response({"code": 124, "message": "Invalid access token."}, status=401)
        if self.lacks_scope:
            said = "Invalid access token, does not contain scopes:[meeting:write:meeting:admin]."
            return web.json_response({"code": 4711, "message": said}, status=400)
        return await self._answer(request, request.raw_path.removeprefix("/v2").partition("?")[0])

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:  # noqa: PLR0911 - one per call
        parts = path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["users", "me"]:
                return web.json_response({"display_name": "Ana Potter", "email": "ana@example.org"})
            case "POST", ["users", "me", "meetings"]:
                number = str(90000000000 + len(self.meetings))
                self.meetings[number] = await request.json()
                return web.json_response({"id": int(number), "uuid": SITTING, "join_url": "x"}, status=201)
            case "GET", ["meetings", number] if number in self.meetings:
                start = f"https://zoom.example/s/{number}?zak=host"
                return web.json_response({"id": int(number), "start_url": start, "status": "waiting"})
            case "POST", ["meetings", number, "registrants"] if number in self.meetings:
                return self._register(number, await request.json())
            case "GET", ["meetings", number, "registrants"] if number in self.meetings:
                return web.json_response({"registrants": self.registered.get(number, [])})
            case "PUT", ["meetings", number, "status"] if number in self.meetings:
                return web.Response(status=204)
            case "GET", ["past_meetings", number, "instances"] if number in self.sittings:
                told = [
                    {"uuid": uuid, "start_time": min(_came(people))} for uuid, people in self.sittings[number].items()
                ]
                return web.json_response({"meetings": told})
            case "GET", ["past_meetings", sitting, "participants"]:
                return self._took_part(unquote(unquote(sitting)), request.query)
            case "GET", ["past_meetings", number] if number in self.ended:
                return web.json_response({"id": int(number), "uuid": SITTING, "end_time": self.ended[number]})
            case "GET", ["meetings", held, "recordings"] if unquote(unquote(held)) in self.recordings:
                return web.json_response(self.recordings[unquote(unquote(held))])
            case _:
                return web.json_response({"code": 3001, "message": "Meeting does not exist."}, status=404)

    def _took_part(self, sitting: str, query: Mapping[str, str]) -> web.Response:
        """The report, two people to a page."""
        if not self.reports:
            return web.json_response({"code": 200, "message": "Only available for Paid account: acc-1."}, status=400)
        people = next((found[sitting] for found in self.sittings.values() if sitting in found), [])
        place = int(query.get("next_page_token", "at-0").removeprefix("at-"))
        following = f"at-{place + 2}" if place + 2 < len(people) else ""
        page = {"page_size": int(query["page_size"]), "total_records": len(people), "next_page_token": following}
        return web.json_response({**page, "participants": people[place : place + 2]})

    def _register(self, number: str, asked: dict[str, str]) -> web.Response:
        who = asked["email"]
        self.tries[who] = self.tries.get(who, 0) + 1
        if self.tries[who] > 3:
            return web.json_response({"code": 429, "message": "daily rate limit (3)"}, status=429)
        url = f"https://zoom.example/w/{number}?tk={sha256(who.encode()).hexdigest()[:16]}"
        if all(each["email"] != who for each in self.registered.setdefault(number, [])):
            self.registered[number].append({"email": who, "join_url": url})
        return web.json_response({"registrant_id": "r", "join_url": url}, status=201)

    async def download(self, request: web.Request) -> web.StreamResponse:
        told = request.headers.get("Authorization", "")
        if self.film is None or told not in {f"Bearer {self.tokens[-1] if self.tokens else '-'}", "Bearer hook-token"}:
            return web.Response(status=401)
        return web.FileResponse(self.film)


def webhook(event: dict[str, Any], *, secret: str = HOOK, at: float | None = None) -> Delivery:
    """A webhook as Zoom sends it."""
    raw, moment = json.dumps(event).encode(), str(int(time.time() if at is None else at))
    told = hmac.new(secret.encode(), f"v0:{moment}:".encode() + raw, sha256).hexdigest()
    return "", {"x-zm-request-timestamp": moment, "x-zm-signature": f"v0={told}"}, raw


def moved(kind: str, number: str, mailbox: str, at: datetime) -> dict[str, Any]:
    """`meeting.participant_joined` or `meeting.participant_left`."""
    when = "join_time" if kind.endswith("joined") else "leave_time"
    person = {"user_id": "16", "user_name": "Zoë", "email": mailbox, when: at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {
        "event": kind,
        "event_ts": int(at.timestamp() * 1000),
        "payload": {"object": _held(number, participant=person)},
    }


def took_part(mailbox: str, came: datetime, went: datetime, **more: Any) -> dict[str, Any]:
    """A line of the report of a sitting."""
    times = [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in (came, went)]
    known = {"id": "", "user_id": "16", "name": "Zoë", "user_email": mailbox, "status": "in_meeting"}
    return {**known, "join_time": times[0], "leave_time": times[1], "duration": 1, "failover": False, **more}


def _came(people: list[dict[str, Any]]) -> list[str]:
    return [each["join_time"] for each in people] or ["2020-01-01T00:00:00Z"]


def finished(number: str, at: datetime) -> dict[str, Any]:
    """`meeting.ended`."""
    return {"event": "meeting.ended", "payload": {"object": _held(number, end_time=at.strftime("%Y-%m-%dT%H:%M:%SZ"))}}


def films(number: str, began: datetime, url: str) -> dict[str, Any]:
    """What a meeting left: a film in two views, its sound and its chat."""
    start = began.strftime("%Y-%m-%dT%H:%M:%SZ")

    def file(name: str, kind: str, view: str, size: int) -> dict[str, Any]:
        told = {"id": name, "file_type": kind, "recording_type": view, "status": "completed", "file_size": size}
        return {**told, "recording_start": start, "download_url": f"{url}/rec/download/{name}"}

    return _held(
        number,
        uuid=SITTING,
        recording_files=[
            file("f-speaker", "MP4", "active_speaker", 9),
            file("f-screen", "MP4", "shared_screen_with_gallery_view", 5),
            file("f-sound", "M4A", "audio_only", 1),
            file("f-chat", "CHAT", "chat_file", 1),
        ],
    )


def recorded(number: str, began: datetime, url: str) -> dict[str, Any]:
    """`recording.completed`."""
    held = films(number, began, url)
    return {"event": "recording.completed", "payload": {"object": held}, "download_token": "hook-token"}


def _held(number: str, **more: Any) -> dict[str, Any]:
    return {"id": int(number), "uuid": SITTING, "topic": "Centring", **more}


@asynccontextmanager
async def zoom_server(manners: Manners | None = None) -> AsyncIterator[ZoomServer]:
    """An account on loopback."""
    server = ZoomServer(manners or Manners(times=0))
    routes = [
        web.post("/oauth/token", server.mannered(server.oauth)),
        web.get("/rec/download/{file}", server.download),
        web.route("*", "/v2/{path:.+}", server.mannered(server.api)),
    ]
    async with serving(routes) as url:
        server.url = url
        yield server
