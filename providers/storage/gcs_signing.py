"""Links of the store, signed by our private key or by IAM's signBlob, the same for all of a window."""

import re
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from providers import ProviderRefused
from providers.google_signing import Link
from providers.storage.signing import LONGEST

_HEADER_SAFE = re.compile(r"[ -~]{0,300}")
_MOST_KEPT = 4096

Sign = Callable[[bytes], Awaitable[bytes]]
"""RSASSA-PKCS1-v1_5 with SHA-256 over the given bytes."""


class Links:
    """Signed URLs, each made once in half its life and then kept: a signature may cost a call to Google."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self._endpoint, self._bucket = endpoint, bucket
        self._kept: OrderedDict[Link, str] = OrderedDict()

    async def get(self, link: Link, email: str, sign: Sign) -> str:
        """The URL of `link`."""
        if (kept := self._kept.get(link)) is None:
            unsigned = link.unsigned(email)
            kept = self._kept[link] = unsigned.signed(await sign(unsigned.text))
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
