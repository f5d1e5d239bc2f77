"""Signed links to objects: HMAC-SHA256 over method, key, expiry, disposition and type, with the key's id.

A pass of a channel is signed the same way, for the programs of its operator.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from providers import ProviderRefused

LONGEST = 7 * 24 * 3600
"""Seconds a link may live (the limit of Google's V4 signatures, kept by all)."""

_HEADER_SAFE = re.compile(r"[ -~]{0,300}")


def attachment(filename: str) -> str:
    """A Content-Disposition that saves the file under `filename`, in any script (RFC 6266, RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)[:60]
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename[:60], safe='', errors='replace')[:180]}"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link allows: to read one key until `expires` (Unix seconds), with this disposition and media type."""

    key: str
    expires: int
    disposition: str
    content_type: str

    def text(self) -> str:
        """What is signed; no part can hold the line break that parts them."""
        return "\n".join(("GET", self.key, str(self.expires), self.disposition, self.content_type))


class Signer:
    """Signs with the first secret and accepts the older ones too, so that links outlive a change of secret."""

    def __init__(self, secret: str, *older: str) -> None:
        if len(secret) < 16:
            raise ValueError("SECRET_KEY is too short to sign links with: give at least 16 characters.")
        derived = [_derive(each, b"storage links") for each in (secret, *older)]
        self._keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in derived}
        self._current = next(iter(self._keys))

    def channel_pass(self, channel: str, ttl: int) -> str:
        """A bearer token that reads and writes the files of one channel for `ttl` seconds; 400 `bad_link`."""
        _check_life(ttl)
        expires = int(time.time()) + ttl
        return f"{channel}.{expires}.{self._current}.{self._sign(self._current, _pass_text(channel, expires))}"

    def passed(self, token: str) -> str:
        """The channel whose pass the token is; 401 `sign_in_needed` for what is none, or has expired."""
        parts = token.split(".")
        if len(parts) == 4 and re.fullmatch(r"[0-9]{1,12}", parts[1], re.ASCII) and parts[2] in self._keys:
            channel, expires, by, signature = parts[0], int(parts[1]), parts[2], parts[3]
            ours = self._sign(by, _pass_text(channel, expires))
            if hmac.compare_digest(ours.encode(), signature.encode("utf-8", "replace")) and expires > time.time():
                return channel
        raise ProviderRefused(
            "This needs a pass of the channel, as `guildhall storage pass` prints it.", "sign_in_needed", 401
        )

    def grant(self, key: str, ttl: int, disposition: str, content_type: str) -> dict[str, str]:
        """The query of a link that lives between half of `ttl` and `ttl` seconds; 400 `bad_link`."""
        _check_life(ttl)
        if not (_HEADER_SAFE.fullmatch(disposition) and _HEADER_SAFE.fullmatch(content_type)):
            raise ProviderRefused("A disposition and a media type are plain letters.", "bad_link", 400)
        step = ttl // 2
        expires = int(time.time()) // step * step + ttl
        signature = self._sign(self._current, Grant(key, expires, disposition, content_type).text())
        query = {"e": str(expires), "k": self._current, "d": disposition, "t": content_type, "s": signature}
        return {name: value for name, value in query.items() if value}

    def granted(self, key: str, query: Mapping[str, str]) -> Grant:
        """The grant a link's query proves for `key`; 403 `bad_signature` or `expired`."""
        stated, by = query.get("e", ""), query.get("k", "")
        if not re.fullmatch(r"[0-9]{1,12}", stated, re.ASCII) or by not in self._keys:
            raise ProviderRefused(
                "This link is not signed by us. Open the page it came from again.", "bad_signature", 403
            )
        grant = Grant(key, int(stated), query.get("d", ""), query.get("t", ""))
        ours = self._sign(by, grant.text())
        if not hmac.compare_digest(ours.encode(), query.get("s", "").encode("utf-8", "replace")):
            raise ProviderRefused("This link was changed. Open the page it came from again.", "bad_signature", 403)
        if grant.expires <= time.time():
            raise ProviderRefused("This link has expired. Open the page it came from again.", "expired", 403)
        return grant

    def _sign(self, by: str, text: str) -> str:
        try:
            return hmac.new(self._keys[by], text.encode(), hashlib.sha256).hexdigest()
        except UnicodeEncodeError as wrong:
            raise ProviderRefused("This link is not signed by us.", "bad_signature", 403) from wrong


def _check_life(ttl: int) -> None:
    if not 2 <= ttl <= LONGEST:
        raise ProviderRefused(f"A link lives from 2 to {LONGEST} seconds.", "bad_link", 400)


def _pass_text(channel: str, expires: int) -> str:
    """What is signed of a pass: no link's text begins so."""
    return f"PASS\n{channel}\n{expires}"


def _derive(secret: str, purpose: bytes) -> bytes:
    return hmac.new(secret.encode(), b"guildhall " + purpose, hashlib.sha256).digest()
