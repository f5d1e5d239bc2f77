"""Asking what others name: HTTPS to public addresses only, checked on the address connected to, bounded in all.

A recording's URL, or a provider's, comes from outside, so this is the one way to follow it. Names are not trusted: the
socket is made only after the address it will go to has been checked, which covers literals, odd spellings, rebinding
and redirects.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from providers import ProviderDown, ProviderRefused, certificates
from providers.public import is_public, places

REDIRECTS = 3
_MOVED = {301, 302, 303, 307, 308}
_KEPT = {"range", "if-range", "if-match", "accept", "user-agent"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one fetch in seconds and bytes; `least` bytes must come for each `stall` seconds of waiting."""

    connect: float = 10.0
    stall: float = 20.0
    least: int = 16 * 1024
    total: float = 4 * 3600.0
    size: int = 20 * 1024**3


class Forbidden(ProviderRefused):
    """A URL that is not asked: for being `plain`, at a `private` address, of a strange `host`, or no `url` at all."""

    def __init__(self, said: str, why: str) -> None:
        super().__init__(said, "forbidden_url", 422)
        self.why = why


class Reply:
    """An answer whose headers are here and whose body is still to come."""

    def __init__(self, response: aiohttp.ClientResponse, limits: Limits) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = str(response.url)
        self.length = response.content_length
        self._response = response
        self._limits = limits

    async def blocks(self) -> AsyncIterator[bytes]:
        """The body as it comes; ProviderRefused `too_large`, ProviderDown when it stalls or ends early."""
        seen, window, patience = 0, 0, self._limits.stall
        clock = asyncio.get_running_loop().time
        while True:
            asked = clock()
            block = await self._next(patience)
            if not block:
                return
            seen, window, patience = seen + len(block), window + len(block), patience - (clock() - asked)
            if seen > self._limits.size:
                raise _too_large(self._limits)
            if window >= self._limits.least:
                window, patience = 0, self._limits.stall
            yield block

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([block async for block in self.blocks()])

    async def _next(self, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await self._response.content.readany()
        except TimeoutError as slow:
            raise ProviderDown("The source stopped sending, or sends too slowly.") from slow
        except (aiohttp.ClientError, ConnectionError) as cut:
            raise ProviderDown("The source broke off before the end it announced.") from cut


class Outbound:
    """A guarded HTTP client; `allowed` holds `host` or `host:port`, those with a port may be private and plain."""

    def __init__(
        self, allowed: Iterable[str] = (), limits: Limits | None = None, resolver: AbstractResolver | None = None
    ) -> None:
        self._allowed = frozenset(checked_host(host) for host in allowed)
        self._limits = limits or Limits()
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> "Outbound":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    @asynccontextmanager
    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, only: Iterable[str] | None = None
    ) -> AsyncIterator[Reply]:
        """Follow `url` by GET; `only` names the hosts (`.zoom.us`: and all below it) besides the allowed ones.

        Raises ProviderRefused (`forbidden_url`, `too_many_redirects`, `too_large`) and ProviderDown. Statuses of
        400 and above are the caller's to judge.
        """
        hosts = None if only is None else tuple(only)
        try:
            async with asyncio.timeout(self._limits.total) as total:
                response = await self._follow(url, {**(headers or {}), "Accept-Encoding": "identity"}, hosts)
                async with response:
                    if (response.content_length or 0) > self._limits.size:
                        raise _too_large(self._limits)
                    yield Reply(response, self._limits)
        except TimeoutError as slow:
            if not total.expired():
                raise
            raise ProviderDown("Fetching took longer than is allowed.") from slow

    @asynccontextmanager
    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> AsyncIterator[Reply]:
        """One request, its URL sent letter by letter (signatures cover it), no redirect followed; raises as `get`."""
        try:
            async with asyncio.timeout(self._limits.total) as total:
                stated = {**(headers or {}), "Accept-Encoding": "identity"}
                async with await self._ask(_as_written(url), stated, None, method, body) as response:
                    if (response.content_length or 0) > self._limits.size:
                        raise _too_large(self._limits)
                    yield Reply(response, self._limits)
        except TimeoutError as slow:
            if not total.expired():
                raise
            raise ProviderDown("The answer took longer than is allowed.") from slow

    async def _follow(
        self, stated: str, headers: dict[str, str], only: tuple[str, ...] | None
    ) -> aiohttp.ClientResponse:
        url = parse_url(stated)
        for _ in range(REDIRECTS + 1):
            response = await self._ask(url, headers, only)
            target = response.headers.get("Location")
            if response.status not in _MOVED or target is None:
                return response
            response.close()
            onward = parse_url(target, url)
            if onward.origin() != url.origin():
                headers = {
                    name: value for name, value in headers.items() if name.lower() in {*_KEPT, "accept-encoding"}
                }
            url = onward
        raise ProviderRefused(f"The source redirects more than {REDIRECTS} times.", "too_many_redirects", 502)

    async def _ask(
        self,
        url: URL,
        headers: dict[str, str],
        only: tuple[str, ...] | None,
        method: str = "GET",
        body: bytes | None = None,
    ) -> aiohttp.ClientResponse:
        named = self._require_secure(url)
        if not named and only is not None and not self._within(url.host or "", only):
            said = "That host is not one this provider keeps recordings at. RECORDING_HOSTS may name it."
            raise Forbidden(said, "host")
        try:
            session = self._session(named)
            return await session.request(method, url, headers=headers, data=body, allow_redirects=False)
        except aiohttp.ClientConnectorError as failed:
            if failed.errno == errno.EACCES:
                raise _private() from failed
            if why := certificates.trouble(failed):
                raise ProviderDown(f"The certificate of {url.host} does not hold ({why}): renew it there.") from failed
            raise ProviderDown(f"The source {url.host} cannot be reached.") from failed
        except aiohttp.InvalidURL as wrong:
            raise _forbidden("That is not a URL with a host that can be.") from wrong
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as failed:
            raise ProviderDown(f"The source {url.host} does not answer properly: {type(failed).__name__}.") from failed

    def require_sendable(self, stated: str) -> None:
        """Raise the Forbidden that `send` would for this URL, as far as that is known without asking for a name."""
        url = _as_written(stated)
        if not self._require_secure(url) and not all(map(is_public, places(url.host or ""))):
            raise _private()

    def _require_secure(self, url: URL) -> bool:
        """Whether the operator has named the place; Forbidden for a plain one that is not named."""
        named = f"{url.host}:{url.port}" in self._allowed
        if url.scheme != "https" and not named:
            raise Forbidden("Only https is fetched, unless RECORDING_HOSTS names the host with its port.", "plain")
        return named

    def _within(self, host: str, only: tuple[str, ...]) -> bool:
        below = any(host == each.removeprefix(".") or (each[:1] == "." and host.endswith(each)) for each in only)
        return below or host in self._allowed

    def _session(self, named: bool) -> aiohttp.ClientSession:
        if named not in self._sessions:
            guard = None if named else _public_socket
            connector = aiohttp.TCPConnector(socket_factory=guard, resolver=self._resolver, limit=20, ttl_dns_cache=10)
            # `sock_read` bounds the wait for the headers; the body is watched block by block.
            timeout = aiohttp.ClientTimeout(total=None, connect=self._limits.connect, sock_read=self._limits.stall)
            self._sessions[named] = aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._sessions[named]


def parse_url(stated: str, origin: URL | None = None) -> URL:
    """The URL, a redirect's against `origin`; `forbidden_url` for anything but http(s) without a password."""
    try:
        url = URL(stated) if origin is None else origin.join(URL(stated))
        url.raw_path.encode()
        # An `xn--` label that stands for nothing is found out here.
        host = url.host
    except (ValueError, TypeError) as wrong:
        raise _forbidden("That is not a URL.") from wrong
    if url.scheme not in {"http", "https"} or not host or not url.port or url.user is not None or len(stated) > 4096:
        raise _forbidden("That is not an http or https URL without a password.")
    return url


def _as_written(stated: str) -> URL:
    """The URL without the tidying that would change what a signature covers."""
    url = parse_url(stated)
    if not stated.isascii() or not stated.isprintable() or " " in stated:
        raise _forbidden("That is not a URL in ASCII.")
    written = URL(stated, encoded=True)
    if written.origin() != url.origin():
        raise _forbidden("That is a URL whose host can be read in two ways.")
    return written


def checked_host(host: str) -> str:
    """`host` or `host:port` in the form a URL has it; ValueError with a sentence."""
    try:
        url = URL(f"https://{host}")
        fit = bool(url.host) and str(url.path) == "/" and url.user is None and "?" not in host and "#" not in host
    except ValueError:
        fit = False
    if not fit:
        raise ValueError(f"RECORDING_HOSTS holds {host!r}; it should be host or host:port.")
    return f"{url.host}:{url.explicit_port}" if url.explicit_port else str(url.host)


def _public_socket(place: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, address = place
    if not is_public(str(address[0])):
        raise PermissionError(errno.EACCES, f"{address[0]} is not a public address")
    return socket.socket(family, kind, protocol)


def _private() -> Forbidden:
    return Forbidden("That address is private. RECORDING_HOSTS may name the host with its port.", "private")


def _forbidden(said: str) -> Forbidden:
    return Forbidden(said, "url")


def _too_large(limits: Limits) -> ProviderRefused:
    return ProviderRefused(f"The source has more than {limits.size} bytes.", "too_large", 413)
