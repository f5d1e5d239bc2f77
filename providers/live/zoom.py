"""Zoom by a server-to-server OAuth app: meetings with personal registrations, cloud recordings, signed webhooks.

Wire: developers.zoom.us, "Server-to-Server OAuth", "Meetings", "Cloud recording", "Webhooks". Each student is
registered under a mailbox that begins with the member's id and that nobody reads, so that Zoom reports them by it and
learns no address. Teachers come in as the meeting's host.
"""

import base64
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from providers import ProviderDown, ProviderRefused
from providers.live import LiveEvent
from providers.live import zoom_events as events
from providers.live import zoom_reports as reports
from providers.live.credentials import Field, FieldRefused, address, check_printed, keep, read, stripped
from providers.live.fields import Fields
from providers.live.hosting import (
    Abilities,
    Download,
    FoundRecording,
    Meeting,
    Part,
    Participant,
    Present,
    Room,
    RoomState,
    Stay,
    Token,
    cannot,
)
from providers.live.wire import Answer, Wire, sentence
from providers.outbound import Outbound

API = "https://api.zoom.us"
EARLY_SECONDS = 300.0
CURE = "Copy account id, client id and client secret again, and see that the app is activated in the Zoom Marketplace."
MOST_REGISTRANTS = 300


def open_provider() -> "ZoomProvider":
    """The provider, which has nothing to open."""
    return ZoomProvider()


class ZoomProvider:
    """LiveProvider for one Zoom account."""

    fields = (
        Field("account_id", "Account ID", "Of your server-to-server OAuth app."),
        Field("key_id", "Client ID"),
        Field("secret", "Client secret", secret=True),
        Field("webhook_secret", "Secret token", "Of the app's event subscription.", secret=True),
        Field(
            "host", "Host", "E-mail of the Zoom user who holds the classes; the app's owner if empty.", optional=True
        ),
        Field("url", "API address", f"{API} if left empty.", optional=True),
    )
    abilities = Abilities(joins=True, creates_rooms=True, records=True, polls=True, fresh_links=True, reports=True)

    def verify_and_parse(self, headers: Mapping[str, str], raw: bytes, secret: str) -> list[LiveEvent]:
        """The events of a webhook signed within five minutes of now, by its raw bytes."""
        events.verify(headers, raw, read(secret)["webhook_secret"])
        return events.parse(raw)

    def greeting(self, headers: Mapping[str, str], raw: bytes, secret: str) -> dict[str, str] | None:
        """The proof that `endpoint.url_validation` asks for; the request itself must be signed."""
        if not events.asks_for_proof(raw):
            return None
        key = read(secret)["webhook_secret"]
        events.verify(headers, raw, key)
        return events.proof(raw, key)

    def make_secret(self) -> str:
        """Credentials of a made-up account, for sandboxes."""
        names = ("account_id", "key_id", "secret", "webhook_secret")
        return keep({name: secrets.token_urlsafe(16) for name in names})

    def checked_secret(self, secret: str) -> str:
        """The kept credentials themselves, when they read."""
        return secret if secret.startswith("{") else self.check({"webhook_secret": secret})

    def check(self, given: Mapping[str, str]) -> str:
        """The credentials as they are kept."""
        values = stripped(self.fields, given)
        check_printed(values, "account_id", "key_id", "secret", "webhook_secret", "host")
        if "host" in values and not 3 <= len(values["host"]) <= 200:
            raise FieldRefused("host", "Give the e-mail of the Zoom user who holds the classes.")
        if "url" in values:
            values["url"] = address("url", values["url"], API)
        return keep(values)

    def open(self, secret: str, outbound: Outbound, memory: dict[str, Token]) -> "ZoomHosting":
        """The account as this app."""
        return ZoomHosting(read(secret), outbound, memory)


class ZoomHosting:
    """Hosting by the REST API v2, under an access token kept until shortly before its hour is over."""

    def __init__(self, values: Mapping[str, str], outbound: Outbound, memory: dict[str, Token]) -> None:
        self._values, self._memory = values, memory
        self._base = values.get("url", API)
        self._wire = Wire(outbound, "Zoom", self._base)
        self._mark = sha256("\n".join(sorted(values.values())).encode()).hexdigest()

    async def probe(self) -> str:
        """Whose meetings these will be."""
        me = Fields(await self._call("GET", self._user))
        name = me.word("display_name") or me.word("email") or "the app's owner"
        return f"Zoom accepts the app; classes are held by {name}."

    async def create_room(self, meeting: Meeting) -> Room:
        """A scheduled meeting that wants registration, lets people in early and is recorded in the cloud."""
        minutes = max(1, round((meeting.ends_at - meeting.starts_at).total_seconds() / 60))
        made = Fields(
            await self._call(
                "POST",
                f"{self._user}/meetings",
                {
                    "topic": meeting.title[:200],
                    "type": 2,
                    "start_time": meeting.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "duration": minutes,
                    "timezone": "UTC",
                    "settings": _SETTINGS,
                },
            )
        )
        number = made.count("id")
        if not number:
            raise ProviderDown("Zoom made a meeting without saying which.")
        return Room(str(number))

    async def join_url(self, room: Room, participant: Participant) -> str:
        """The host's own start link, or the link of this student's registration."""
        if participant.part is Part.TEACHER:
            return _link(await self._call("GET", f"/meetings/{room.ref}"), "start_url")
        registrants = f"/meetings/{room.ref}/registrants"
        asked = {"email": participant.address, "first_name": participant.name[:64] or "Student"}
        try:
            return _link(await self._call("POST", registrants, asked), "join_url")
        except ProviderDown:
            # Zoom registers a person three times a day at most; the earlier registration still stands.
            found = await self._call("GET", f"{registrants}?{urlencode({'page_size': MOST_REGISTRANTS})}")
            for each in Fields(found).each("registrants"):
                if each.word("email") == participant.address:
                    return each.url("join_url")
            raise

    async def end_room(self, room: Room) -> None:
        """End the meeting for all."""
        try:
            await self._call("PUT", f"/meetings/{room.ref}/status", {"action": "end"})
        except ProviderRefused as refused:
            if refused.code != "no_such_room":
                raise

    async def room_state(self, room: Room) -> RoomState:
        """Open once it was started; ended when Zoom remembers its end."""
        try:
            past = Fields(await self._call("GET", f"/past_meetings/{room.ref}"))
            if past.has("end_time"):
                return RoomState("ended", past.time("end_time"))
        except ProviderRefused as refused:
            if refused.code != "no_such_room":
                raise
        return await self._present_state(room)

    async def list_people(self, room: Room) -> list[Present]:
        """Never: only Zoom's dashboards know that, which few accounts have."""
        cannot()

    async def list_stays(self, room: Room, since: datetime) -> list[Stay]:
        """Who took part in the meeting's sittings; none where the account's plan has no such report."""
        return await reports.stays(self._call, room.ref, since)

    async def list_recordings(self, room: Room, since: datetime) -> list[FoundRecording]:
        """The chosen film of each recorded stretch of the meeting's latest sitting."""
        try:
            told = Fields(await self._call("GET", f"/meetings/{room.ref}/recordings"))
        except ProviderRefused as refused:
            if refused.code == "no_such_room":
                return []
            raise
        found = events.chosen_films(told)
        return [each for each in found if each.started_at is not None and each.started_at >= since]

    async def open_recording(self, room: Room, key: str, url: str) -> Download:
        """The film as Zoom links it now, opened by the app's own token."""
        sitting = key.rpartition("|")[0]
        told = Fields(await self._call("GET", f"/meetings/{reports.in_path(sitting)}/recordings"))
        for each in events.chosen_films(told):
            if each.key == key:
                return Download(each.url, {"Authorization": f"Bearer {await self._token()}"}, each.size)
        raise ProviderRefused("Zoom no longer has this recording. It may lie in the account's trash.", "gone", 404)

    @property
    def _user(self) -> str:
        return f"/users/{quote(self._values.get('host', 'me'), safe='@')}"

    async def _present_state(self, room: Room) -> RoomState:
        try:
            now = Fields(await self._call("GET", f"/meetings/{room.ref}"))
        except ProviderRefused as refused:
            if refused.code != "no_such_room":
                raise
            return RoomState("ended")
        return RoomState("open" if now.word("status") == "started" else "waiting")

    async def _call(self, method: str, path: str, asked: Any = None) -> dict[str, Any]:
        """One call; a token that Zoom has dropped early is asked for once more."""
        answer = await self._ask(method, path, asked)
        if answer.status == 401 and Fields(answer.json_or_empty()).count("code") == 124:
            self._memory.pop(self._mark, None)
            answer = await self._ask(method, path, asked)
        if answer.status >= 300:
            raise self._refusal(answer)
        return answer.json() if answer.body else {}

    async def _ask(self, method: str, path: str, asked: Any) -> Answer:
        headers = {"Authorization": f"Bearer {await self._token()}", "Content-Type": "application/json"}
        body = None if asked is None else orjson.dumps(asked)
        return await self._wire.ask(method, f"{self._base}/v2{path}", headers, body)

    async def _token(self) -> str:
        kept = self._memory.get(self._mark)
        if kept is not None and kept.until > time.monotonic():
            return kept.value
        pair = base64.b64encode(f"{self._values['key_id']}:{self._values['secret']}".encode()).decode()
        query = urlencode({"grant_type": "account_credentials", "account_id": self._values["account_id"]})
        answer = await self._wire.ask("POST", f"{self._doors}/oauth/token?{query}", {"Authorization": f"Basic {pair}"})
        if answer.status != 200:
            raise self._wire.keys_refused(answer, CURE)
        told = Fields(answer.json())
        seconds = min(told.count("expires_in") or 0, 3600)
        fresh = Token(told.text("access_token", 4000), time.monotonic() + seconds - EARLY_SECONDS)
        self._memory[self._mark] = fresh
        return fresh.value

    @property
    def _doors(self) -> str:
        """Where tokens are asked for: Zoom's API host without its `api.`, any other host itself."""
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"

    def _refusal(self, answer: Answer) -> ProviderRefused:
        """An error of the API in our words."""
        told = Fields(answer.json_or_empty())
        code, said = told.count("code"), told.word("message", 300)
        if code == 4711 or "scope" in said:
            return ProviderRefused(
                f"The Zoom app lacks a scope. Add it in the Marketplace: {sentence(said)}", "scope", 502
            )
        if answer.status == 401:
            return self._wire.keys_refused(answer, CURE)
        if answer.status == 404 and code in {3001, 3301, None}:
            return ProviderRefused("Zoom has no such meeting or recording.", "no_such_room", 404)
        if code == reports.NOT_IN_PLAN:
            return ProviderRefused(
                f"Zoom's plan, or the app's role, does not allow this: {sentence(said)}", "plan", 502
            )
        if code in {1001, 1010}:
            return ProviderRefused("Zoom knows no such host. Correct the host's e-mail.", "no_host", 502)
        return ProviderRefused(f"Zoom refused this: {sentence(said or str(answer.status))}", "refused", 502)


_SETTINGS = {
    "approval_type": 0,
    "registration_type": 1,
    "registrants_confirmation_email": False,
    "registrants_email_notification": False,
    "join_before_host": True,
    "jbh_time": 15,
    "waiting_room": False,
    "auto_recording": "cloud",
}


def _link(answer: Mapping[str, Any], name: str) -> str:
    return Fields(dict(answer)).url(name)
