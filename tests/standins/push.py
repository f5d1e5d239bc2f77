"""A push service and the browsers behind it: takes what is encrypted for them, and reads it by another library."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import http_ece  # type: ignore[import-untyped]
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


@dataclass(slots=True)
class PushService:
    """Answers `status` with `headers`; `got` holds what browsers read, with the headers it came with."""

    origin: str
    status: int = 201
    headers: Mapping[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, Any], Mapping[str, str]]] = field(default_factory=list)
    asked: int = 0
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = field(default_factory=lambda: token_bytes(16))

    @property
    def host(self) -> str:
        """`host:port`."""
        return self.origin.partition("//")[2]

    @property
    def point(self) -> bytes:
        """The browser's public key."""
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, name: str = "one") -> dict[str, Any]:
        """What `PushSubscription.toJSON()` says."""
        keys = {"p256dh": _text(self.point), "auth": _text(self.secret)}
        return {"endpoint": f"{self.origin}/send/{name}", "keys": keys}

    async def take(self, request: web.Request) -> web.Response:
        """One message: read when it is taken."""
        self.asked += 1
        body = await request.read()
        if self.status < 300:
            check_sender(request.headers["Authorization"], self.origin)
            plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
            self.got.append((json.loads(plain), dict(request.headers)))
        return web.Response(status=self.status, headers=self.headers)


def check_sender(authorization: str, origin: str) -> dict[str, Any]:
    """The claims of a VAPID header (RFC 8292), its signature checked; AssertionError for another push service."""
    kind, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = parts["t"].split(".")
    raw = _raw(signature)
    signed = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _raw(parts["k"]))
    key.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    said: dict[str, Any] = json.loads(_raw(claims))
    assert (kind, json.loads(_raw(head))["alg"], said["aud"]) == ("vapid", "ES256", origin)
    return said


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """A push service on this machine."""
    app = web.Application()
    runner = web.AppRunner(app)
    service = PushService("")
    app.router.add_post("/send/{name}", service.take)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield service
    await runner.cleanup()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
