"""Answers in words are compressed for those who take them so, whether or not a proxy stands in front that would."""

import asyncio
import re
import zlib
from functools import lru_cache

from aiohttp import ETag, hdrs, web

# What fits into one packet is as fast as it is, and what is longer than this would hold the loop for a millisecond.
LEAST, LONGEST_ON_LOOP = 1_400, 96_000
WORDS = frozenset({"text/html", "text/plain", "text/calendar", "application/json", "application/problem+json"})
# Nearly all that is to be saved, at a third of the default's time.
LEVEL = 1
GZIP = 16 + zlib.MAX_WBITS
REFUSED = re.compile(r"q=0(?:\.0*)?$")


async def compress(request: web.Request, response: web.StreamResponse) -> None:
    """Compress the body of an answer (RFC 9110 section 8.4.1.3) where it is words and its asker takes gzip.

    No page of ours holds a secret beside what a stranger may have put into it (BREACH): the session is in a cookie
    that no script reads, and writes are guarded by where they come from, not by a token.
    """
    if not isinstance(response, web.Response) or hdrs.CONTENT_ENCODING in response.headers:
        return
    body = response.body
    if not isinstance(body, bytes) or response.content_type not in WORDS or not is_worth_it(request, body):
        return
    response.body = _gzip(body) if len(body) <= LONGEST_ON_LOOP else await asyncio.to_thread(_gzip, body)
    response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    # A cache may give whoever takes gzip what was kept for one who does not, but not the other way about.
    vary = response.headers.get(hdrs.VARY, "")
    if hdrs.ACCEPT_ENCODING not in vary:
        response.headers[hdrs.VARY] = f"{vary}, {hdrs.ACCEPT_ENCODING}".removeprefix(", ")
    if etag := response.etag:
        # The bytes are others, what they say is the same (RFC 9110 section 8.8.3.3).
        response.etag = ETag(etag.value, is_weak=True)


def is_worth_it(request: web.Request, body: bytes) -> bool:
    """Whether a body in words is long enough, and its asker takes gzip."""
    return len(body) >= LEAST and takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` names gzip, or all, without refusing it (RFC 9110 section 12.5.3)."""
    offers = [offer.replace(" ", "").lower() for offer in accepted[:1000].split(",")]
    named = [offer for offer in offers if offer.split(";")[0] in {"gzip", "x-gzip"}]
    return any(not REFUSED.search(offer) for offer in named or [offer for offer in offers if offer.startswith("*")])


def _gzip(body: bytes) -> bytes:
    squeezer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    return squeezer.compress(body) + squeezer.flush()
