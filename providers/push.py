"""Web push: one encrypted message to one browser, by way of its maker's push service (RFC 8030, 8188, 8291, 8292).

The installation's own pair of keys comes from SECRET_KEY, so that every process has the same one from the first start,
and none lies anywhere. Where a subscription leads is said by whoever subscribes: it is asked through the guarded client
alone, and never told more than a browser's maker may know.
"""

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp.abc import AbstractResolver
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from providers import Deferred, ProviderDown, ProviderRefused
from providers.outbound import Limits, Outbound, parse_url

LIMITS = Limits(connect=3, stall=3, total=5, size=64 * 1024)
CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LONGEST = 3900
"""Bytes of a message that every push service takes (RFC 8291 section 4)."""
TOKEN_SECONDS = 12 * 3600
_GONE = {404, 410}
_RECORD = 4096


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a browser is reached, and what its messages are encrypted for: a point of P-256 and a secret."""

    endpoint: str
    p256dh: bytes
    auth: bytes

    @classmethod
    def of(cls, endpoint: str, p256dh: str, auth: str) -> "Browser":
        """A browser as `PushSubscription` says it; ProviderRefused `bad_subscription` for what can be none."""
        try:
            url = parse_url(endpoint)
            made = cls(endpoint, _bytes(p256dh), _bytes(auth))
            ec.EllipticCurvePublicKey.from_encoded_point(CURVE, made.p256dh)
        except (ValueError, ProviderRefused) as wrong:
            raise ProviderRefused("That is no subscription of a browser.", "bad_subscription") from wrong
        if url.scheme != "https" or not endpoint.isascii() or len(made.p256dh) != 65 or len(made.auth) != 16:
            raise ProviderRefused("That is no subscription of a browser.", "bad_subscription")
        return made


class WebPush:
    """Sends under one SECRET_KEY; `contact` is where a push service complains (`mailto:…` or an https address)."""

    def __init__(
        self, secret: bytes, contact: str, allowed: Iterable[str] = (), resolver: AbstractResolver | None = None
    ) -> None:
        self._key = _key_of(secret)
        self._contact = contact
        self._out = Outbound(allowed, LIMITS, resolver)

    async def send(self, browser: Browser, payload: bytes, *, seconds: int, topic: str = "") -> None:
        """Hand a message over, which is kept for `seconds`; a later one of the same `topic` takes its place there.

        ProviderRefused `gone` when the subscription has ended, and others where this one never succeeds; Deferred or
        ProviderDown when it may later.
        """
        headers = {
            "Authorization": f"vapid t={self._token(browser.endpoint)}, k={_text(_point(self._key.public_key()))}",
            "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
            "TTL": str(seconds), "Urgency": "normal",
        }  # fmt: skip
        if topic:
            headers["Topic"] = topic
        async with self._out.send("POST", browser.endpoint, headers, encrypt(browser, payload)) as reply:
            status, after = reply.status, reply.headers.get("Retry-After", "")
        if status in _GONE:
            raise ProviderRefused("The browser takes no more messages.", "gone", 410)
        if status == 429:
            raise Deferred("The push service takes no more for now.", _seconds(after))
        if status >= 500:
            raise ProviderDown(f"The push service answered {status}.", _seconds(after))
        if not 200 <= status < 300:
            raise ProviderRefused(f"The push service answered {status}.", "push_refused")

    async def close(self) -> None:
        """Let go of connections."""
        await self._out.close()

    def _token(self, endpoint: str) -> str:
        """Who sends, for this push service alone (RFC 8292)."""
        url = parse_url(endpoint)
        claims = {"aud": str(url.origin()), "exp": int(time.time()) + TOKEN_SECONDS, "sub": self._contact}
        head = _text(b'{"typ":"JWT","alg":"ES256"}')
        signed = f"{head}.{_text(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_text(r.to_bytes(32) + s.to_bytes(32))}"


def public_key(secret: bytes) -> str:
    """The key that a browser is told to take messages from, as `applicationServerKey`."""
    return _text(_point(_key_of(secret).public_key()))


def encrypt(browser: Browser, payload: bytes) -> bytes:
    """The message as that browser alone reads it, in one record; ProviderRefused `too_large`."""
    if len(payload) > LONGEST:
        raise ProviderRefused("That is too long for a push message.", "too_large")
    once = ec.generate_private_key(CURVE)
    ours, salt = _point(once.public_key()), secrets.token_bytes(16)
    shared = once.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, browser.p256dh))
    secret = _derived(browser.auth, shared, b"WebPush: info\0" + browser.p256dh + ours, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4) + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, payload + b"\x02", None)


def _key_of(secret: bytes) -> ec.EllipticCurvePrivateKey:
    # 48 bytes, so that no part of the curve is likelier than another (FIPS 186-5, A.2.1).
    derived = HKDF(SHA256(), 48, salt=None, info=b"guildhall web push 1").derive(secret)
    return ec.derive_private_key(int.from_bytes(derived) % (ORDER - 1) + 1, CURVE)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii").rstrip(b"=") + b"=" * (-len(text.rstrip("=")) % 4))


def _seconds(after: str) -> float | None:
    return min(float(after), 3600.0) if after.isascii() and after.isdigit() and len(after) < 9 else None
