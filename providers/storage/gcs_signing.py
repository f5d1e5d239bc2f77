"""V4 signed URLs of Google Cloud Storage, by our private key or by IAM's signBlob, the same for all of a window.

https://cloud.google.com/storage/docs/access-control/signing-urls-manually
"""

import hashlib
import re
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from providers import ProviderRefused
from providers.storage.signing import LONGEST

_ALGORITHM = "GOOG4-RSA-SHA256"
_HEADER_SAFE = re.compile(r"[ -~]{0,300}")
_MOST_KEPT = 4096

Sign = Callable[[bytes], Awaitable[bytes]]
"""RSASSA-PKCS1-v1_5 with SHA-256 over the given bytes."""


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

    async def signed(self, email: str, sign: Sign) -> str:
        """The URL, signed in the name of the service account `email`."""
        stamp = datetime.fromtimestamp(self.begins, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/auto/storage/goog4_request"
        query, path = self._query(f"{email}/{scope}", stamp), f"/{self.bucket}/{quote(self.key, safe='/~')}"
        host = urlsplit(self.endpoint).netloc
        asked = "\n".join(("GET", path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"))
        digest = hashlib.sha256(asked.encode()).hexdigest()
        signature = await sign("\n".join((_ALGORITHM, stamp, scope, digest)).encode())
        return f"{self.endpoint}{path}?{query}&X-Goog-Signature={signature.hex()}"

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


class Links:
    """Signed URLs, each made once in half its life and then kept: a signature may cost a call to Google."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self._endpoint, self._bucket = endpoint, bucket
        self._kept: OrderedDict[Link, str] = OrderedDict()

    async def get(self, link: Link, email: str, sign: Sign) -> str:
        """The URL of `link`."""
        if (kept := self._kept.get(link)) is None:
            kept = self._kept[link] = await link.signed(email, sign)
        self._kept.move_to_end(link)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    def link(self, key: str, ttl: int, disposition: str, content_type: str) -> Link:
        """A link that lives between half of `ttl` and `ttl` seconds from now; 400 `bad_link`."""
        if not 2 <= ttl <= LONGEST:
            raise ProviderRefused(f"A link lives from 2 to {LONGEST} seconds.", "bad_link", 400)
        if not (_HEADER_SAFE.fullmatch(disposition) and _HEADER_SAFE.fullmatch(content_type)):
            raise ProviderRefused("A disposition and a media type are plain letters.", "bad_link", 400)
        step = ttl // 2
        begins = int(time.time()) // step * step
        return Link(self._endpoint, self._bucket, key, begins, ttl, disposition, content_type)


def sign_blob_body(text: bytes) -> dict[str, str]:
    """What IAM's signBlob is asked."""
    return {"payload": b64encode(text).decode()}


def signed_blob(answer: dict[str, str]) -> bytes:
    """What IAM's signBlob answered."""
    return b64decode(answer["signedBlob"])
