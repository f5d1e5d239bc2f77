"""JSON Web Tokens signed with a shared secret (RFC 7519, HS256 and HS512): made and checked, with times bound."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

import orjson

from providers import SignatureRefused

_DIGESTS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
LEEWAY_SECONDS = 60.0
LONGEST = 8192


def sign(claims: Mapping[str, Any], secret: str, algorithm: str = "HS256") -> str:
    """The token of these claims."""
    head = _text(orjson.dumps({"alg": algorithm, "typ": "JWT"})) + "." + _text(orjson.dumps(dict(claims)))
    return f"{head}.{_text(_mac(head, secret, algorithm))}"


def read(token: str, secret: str, algorithm: str = "HS256") -> dict[str, Any]:
    """The claims of a token with this signature whose time is now; SignatureRefused for any other."""
    head, _, signature = token.rpartition(".")
    parts = head.split(".")
    if not token.isascii() or len(token) > LONGEST or len(parts) != 2 or not secret:
        raise SignatureRefused("That is no token signed with the shared secret.")
    header, claims = (_object(part) for part in parts)
    # The algorithm is ours to name: a token cannot choose a weaker one.
    if header.get("alg") != algorithm or not hmac.compare_digest(_text(_mac(head, secret, algorithm)), signature):
        raise SignatureRefused("The token was not signed with the shared secret.")
    _check_times(claims)
    return claims


def _check_times(claims: Mapping[str, Any]) -> None:
    now = time.time()
    for name in ("exp", "nbf"):
        if name in claims and (isinstance(claims[name], bool) or not isinstance(claims[name], int | float)):
            raise SignatureRefused(f"The token's `{name}` is no time.")
    if claims.get("exp", now) < now - LEEWAY_SECONDS or claims.get("nbf", now) > now + LEEWAY_SECONDS:
        raise SignatureRefused("The token's time is over, or has not come.")


def _mac(head: str, secret: str, algorithm: str) -> bytes:
    return hmac.new(secret.encode(), head.encode(), _DIGESTS[algorithm]).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _object(part: str) -> dict[str, Any]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, dict):
        raise SignatureRefused("That is no token signed with the shared secret.")
    return found
