"""A creator's own Google Cloud bucket that a provider writes recordings into: signed addresses to read them by.

V4 query signing with a service account's key, as cloud.google.com/storage/docs/authentication/signatures has it.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from providers.live.credentials import FieldRefused

HOST = "storage.googleapis.com"
READ_SECONDS = 6 * 3600


def check_key(text: str) -> None:
    """FieldRefused unless this is the JSON key of a service account."""
    try:
        key = orjson.loads(text)
        _private_key(key["private_key"])
        fit = "@" in key["client_email"]
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        fit = False
    if not fit:
        raise FieldRefused("bucket_key", "Paste the whole JSON key of the service account, from { to }.")


class Bucket:
    """A bucket and the account that may read it."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self._key: Mapping[str, Any] = orjson.loads(key)

    def holds(self, url: str) -> bool:
        """Whether this address is one of the bucket's."""
        return self._object(url) is not None

    def signed(self, url: str, now: datetime | None = None) -> str:
        """The address of an object of the bucket, readable by whoever has it for six hours."""
        now = now or datetime.now(UTC)
        stamp, path = now.strftime("%Y%m%dT%H%M%SZ"), f"/{self.name}/{quote(self._object(url) or '', safe='/~')}"
        scope = f"{stamp[:8]}/auto/storage/goog4_request"
        query = "&".join(
            f"{name}={quote(value, safe='')}"
            for name, value in (
                ("X-Goog-Algorithm", "GOOG4-RSA-SHA256"),
                ("X-Goog-Credential", f"{self._key['client_email']}/{scope}"),
                ("X-Goog-Date", stamp),
                ("X-Goog-Expires", str(READ_SECONDS)),
                ("X-Goog-SignedHeaders", "host"),
            )
        )
        asked = "\n".join(("GET", path, query, f"host:{HOST}", "", "host", "UNSIGNED-PAYLOAD"))
        told = "\n".join(("GOOG4-RSA-SHA256", stamp, scope, hashlib.sha256(asked.encode()).hexdigest()))
        signature = _private_key(self._key["private_key"]).sign(told.encode(), PKCS1v15(), SHA256())
        return f"https://{HOST}{path}?{query}&X-Goog-Signature={signature.hex()}"

    def _object(self, url: str) -> str | None:
        parts = urlsplit(url)
        if parts.hostname == f"{self.name}.{HOST}":
            return unquote(parts.path.removeprefix("/"))
        bucket, _, name = parts.path.removeprefix("/").partition("/")
        return unquote(name) if parts.hostname == HOST and bucket == self.name else None


@lru_cache(maxsize=64)
def _private_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
