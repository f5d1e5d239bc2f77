"""V4 signed URLs of Google Cloud Storage: what is to be signed, and the URL once it is.

https://cloud.google.com/storage/docs/access-control/signing-urls-manually
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "GOOG4-RSA-SHA256"


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A URL that lacks its signature, and the `text` to sign for it (RSASSA-PKCS1-v1_5 with SHA-256)."""

    url: str
    text: bytes

    def signed(self, signature: bytes) -> str:
        """The URL, whole."""
        return f"{self.url}&X-Goog-Signature={signature.hex()}"


@dataclass(frozen=True, slots=True)
class Link:
    """To read `key` of `bucket` at `endpoint` for `ttl` seconds from `begins` (Unix seconds) on."""

    endpoint: str
    bucket: str
    key: str
    begins: int
    ttl: int
    disposition: str = ""
    content_type: str = ""

    def unsigned(self, email: str) -> Unsigned:
        """The URL in the name of the service account `email`."""
        stamp = datetime.fromtimestamp(self.begins, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/auto/storage/goog4_request"
        query, path = self._query(f"{email}/{scope}", stamp), f"/{self.bucket}/{quote(self.key, safe='/~')}"
        host = urlsplit(self.endpoint).netloc
        asked = "\n".join(("GET", path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"))
        digest = hashlib.sha256(asked.encode()).hexdigest()
        return Unsigned(f"{self.endpoint}{path}?{query}", "\n".join((_ALGORITHM, stamp, scope, digest)).encode())

    def _query(self, credential: str, stamp: str) -> str:
        said = {
            "X-Goog-Algorithm": _ALGORITHM, "X-Goog-Credential": credential, "X-Goog-Date": stamp,
            "X-Goog-Expires": str(self.ttl), "X-Goog-SignedHeaders": "host",
        }  # fmt: skip
        if self.disposition:
            said["response-content-disposition"] = self.disposition
        if self.content_type:
            said["response-content-type"] = self.content_type
        return "&".join(f"{name}={quote(value, safe='~')}" for name, value in sorted(said.items()))
