"""LiveKit's server API as documented (Twirp over JSON); LiveKit's own SDK checks tokens and makes webhooks."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from google.protobuf.json_format import MessageToJson, ParseDict
from google.protobuf.message import Message
from livekit import api

from tests.standins.live import Delivery, FarServer, Manners
from tests.standins.serving import serving

KEY, SECRET = "APIstandin", "a-secret-that-is-long-enough-for-a-key"


@dataclass
class LiveKitServer(FarServer):
    """One server; `rooms` by name with who is in them, `egresses` as ListEgress tells them."""

    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    egresses: list[dict[str, Any]] = field(default_factory=list)
    no_egress: bool = False
    full: bool = False

    @property
    def given(self) -> dict[str, str]:
        """What its owner copies into the form of a connection."""
        return {"url": self.url, "key_id": KEY, "secret": SECRET}

    async def room_service(self, request: web.Request) -> web.Response:  # noqa: PLR0911 - one answer per call
        grants, asked = _grants(request), await request.json()
        match request.match_info["method"]:
            case "CreateRoom":
                return self._create(grants, asked)
            case "ListRooms":
                if grants is None or not grants.room_list:
                    return _error(401, "unauthenticated", "permissions denied")
                wanted = asked.get("names", [])
                return web.json_response({"rooms": [r for n, r in self.rooms.items() if not wanted or n in wanted]})
            case "DeleteRoom":
                if self.rooms.pop(asked["room"], None) is None:
                    return _error(404, "not_found", "requested room does not exist")
                return web.json_response({})
            case "ListParticipants":
                if grants is None or not grants.room_admin or grants.room != asked["room"]:
                    return _error(401, "unauthenticated", "permissions denied")
                told = {"participants": self.people.get(asked["room"], [])}
                return _answer(told, api.ListParticipantsResponse())
            case _:
                return _error(404, "bad_route", "no handler for path")

    async def egress(self, request: web.Request) -> web.Response:
        grants, asked = _grants(request), await request.json()
        if grants is None or not grants.room_record:
            return _error(401, "unauthenticated", "permissions denied")
        items = [e for e in self.egresses if e["roomName"] == asked["roomName"]]
        return _answer({"items": items}, api.ListEgressResponse())

    def _create(self, grants: api.VideoGrants | None, asked: dict[str, Any]) -> web.Response:
        if grants is None or not grants.room_create:
            return _error(401, "unauthenticated", "permissions denied")
        if self.full:
            return _error(412, "resource_exhausted", "concurrent room limit")
        ParseDict(asked, api.CreateRoomRequest())  # every field is one that LiveKit knows
        if asked.get("egress") and self.no_egress:
            return _error(400, "invalid_argument", "no egress is connected")
        self.rooms.setdefault(asked["name"], {"name": asked["name"], "sid": "RM_1", "asked": asked})
        return web.json_response({"name": asked["name"], "sid": "RM_1"})


def _answer(told: dict[str, Any], kind: Message) -> web.Response:
    """As Twirp writes it where nobody set it otherwise: under the names of the protocol's files, all fields."""
    text = MessageToJson(
        ParseDict(told, kind), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return web.Response(text=text, content_type="application/json")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "msg": message}, status=status)


def _grants(request: web.Request) -> api.VideoGrants | None:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        return api.TokenVerifier(KEY, SECRET).verify(token).video
    except Exception:  # noqa: BLE001 - the SDK raises many kinds
        return None


def webhook(event: dict[str, Any], *, key: str = KEY, secret: str = SECRET, lives: float = 300) -> Delivery:
    """A webhook as LiveKit sends it: ProtoJSON, and a token over its SHA-256."""
    message = ParseDict(event, api.WebhookEvent())
    raw = MessageToJson(message, indent=None).encode()
    token = api.AccessToken(key, secret).with_ttl(timedelta(seconds=lives))
    token = token.with_sha256(base64.b64encode(hashlib.sha256(raw).digest()).decode())
    return "", {"Authorization": token.to_jwt(), "Content-Type": "application/webhook+json"}, raw


def moved(event: str, class_id: UUID, who: str, at: datetime, delivery: str, **more: Any) -> dict[str, Any]:
    """`participant_joined` or `participant_left`."""
    seconds = str(int(at.timestamp()))
    person = inside(who, at, **more)
    return {
        "event": event,
        "id": delivery,
        "createdAt": seconds,
        "room": {"name": str(class_id)},
        "participant": person,
    }


def inside(who: str, at: datetime, **more: Any) -> dict[str, Any]:
    """A participant who came in then."""
    seconds = str(int(at.timestamp()))
    return {"identity": who, "name": "Zoë", "sid": "PA_1", "state": "ACTIVE", "joinedAt": seconds, **more}


def finished(class_id: UUID, at: datetime, delivery: str) -> dict[str, Any]:
    """`room_finished`."""
    seconds = str(int(at.timestamp()))
    return {"event": "room_finished", "id": delivery, "createdAt": seconds, "room": {"name": str(class_id)}}


def egress(class_id: UUID, began: datetime, url: str, *, status: str = "EGRESS_COMPLETE", error: str = "") -> Any:
    """An EgressInfo that is over."""
    file = {"filename": "a.mp4", "location": url, "size": "5", "startedAt": str(int(began.timestamp()) * 10**9)}
    told = {"egressId": "EG_1", "roomName": str(class_id), "status": status, "error": error}
    return told | ({"fileResults": [file]} if url else {})


@asynccontextmanager
async def livekit_server(manners: Manners | None = None) -> AsyncIterator[LiveKitServer]:
    """A server on loopback."""
    server = LiveKitServer(manners or Manners(times=0))
    routes = [
        web.post("/twirp/livekit.RoomService/{method}", server.mannered(server.room_service)),
        web.post("/twirp/livekit.Egress/ListEgress", server.mannered(server.egress)),
    ]
    async with serving(routes) as url:
        server.url = url
        yield server
