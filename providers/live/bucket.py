"""A creator's own Google Cloud bucket that a provider writes recordings into: signed addresses to read them by."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from providers.google_signing import Link
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
        begins = int((now or datetime.now(UTC)).timestamp())
        link = Link(f"https://{HOST}", self.name, self._object(url) or "", begins, READ_SECONDS)
        unsigned = link.unsigned(self._key["client_email"])
        return unsigned.signed(_private_key(self._key["private_key"]).sign(unsigned.text, PKCS1v15(), SHA256()))

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
