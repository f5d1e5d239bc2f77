"""Calls to Google Cloud Storage's JSON API: with a token, a time limit, bounded retries and a breaker."""

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from secrets import SystemRandom
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import stamina

from providers import ProviderDown, certificates
from providers.breaker import Breaker
from providers.storage.gcs_errors import check_answer, check_bucket
from providers.storage.gcs_tokens import Tokens

CONNECT_SECONDS, READ_SECONDS, SLOW_SECONDS = 3.0, 15.0, 60.0
TRIES, PATIENCE_SECONDS = 4, 45.0
LONGEST_PAUSE = 5.0
"""Seconds that Retry-After may ask for and we wait; for longer the caller is told when to come again."""
SLOWEST = 64 * 1024
"""Bytes a second below which a request that sends is given up."""
_CONNECTIONS = 64
_PAUSE_SECONDS = 0.2
_SLICE = 256 * 1024
_OURS = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer read whole; `tries` is how many times it was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int

    def json(self) -> Any:
        """The body as JSON; ProviderDown when it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as wrong:
            raise ProviderDown("Google Cloud Storage's answer is no JSON. Is something else in between?") from wrong


class Wire:
    """Calls about one bucket; statuses in `fine` are returned, every other one becomes a provider's error."""

    def __init__(self, endpoint: str, bucket: str, tokens: Tokens) -> None:
        self.endpoint, self.bucket, self.tokens = endpoint, bucket, tokens
        self.breaker = Breaker("Google Cloud Storage", slow=SLOW_SECONDS)
        self._opened: aiohttp.ClientSession | None = None

    def bucket_url(self) -> str:
        """The bucket's own resource."""
        return f"{self.endpoint}/storage/v1/b/{self.bucket}"

    def object_url(self, key: str) -> str:
        """The resource of an object."""
        return f"{self.bucket_url()}/o/{quote(key, safe='')}"

    def media_url(self, key: str) -> str:
        """Where the bytes of an object are read."""
        return f"{self.endpoint}/download/storage/v1/b/{self.bucket}/o/{quote(key, safe='')}"

    def upload_url(self) -> str:
        """Where uploads begin."""
        return f"{self.endpoint}/upload/storage/v1/b/{self.bucket}/o"

    async def call(
        self, method: str, url: str, *, fine: tuple[int, ...] = (), again: bool = True, **given: Any
    ) -> Reply:
        """One call, tried up to four times when Google is busy or away, unless `again` is False."""
        with self.breaker.call():
            async for attempt in stamina.retry_context(
                on=_pause,
                attempts=TRIES if again else 1,
                timeout=PATIENCE_SECONDS,
                wait_initial=0.2,
                wait_max=LONGEST_PAUSE,
            ):
                with attempt:
                    return await self._once(method, url, attempt.num, fine, given)
        raise AssertionError("a retry ends by an answer or an error")

    async def _once(self, method: str, url: str, tries: int, fine: tuple[int, ...], given: dict[str, Any]) -> Reply:
        async with self.opened(method, url, **given) as response:
            with named():
                body = await response.read()
            reply = Reply(response.status, response.headers, body, tries)
        if reply.status == 404:
            check_bucket(reply.body, self.bucket)
        if reply.status >= 300 and reply.status not in fine:
            check_answer(reply.status, reply.headers, reply.body, self.bucket)
            raise ProviderDown(f"Google Cloud Storage answers {reply.status}, which nobody expects here.")
        return reply

    @asynccontextmanager
    async def opened(self, method: str, url: str, **given: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, still to be read; ProviderDown when there is none."""
        headers = dict(given.pop("headers", {})) | await self.tokens.header()
        if isinstance(body := given.get("data"), bytes | memoryview):
            headers["Content-Length"] = str(len(body))
            given["data"] = _Slices(body)
            given["timeout"] = _patience(READ_SECONDS * 2 + len(body) / SLOWEST)
        with named():
            response = await self._session().request(method, url, headers=headers, allow_redirects=False, **given)
        try:
            yield response
        finally:
            response.release()

    async def close(self) -> None:
        """Let go of connections and of the thread that fetches tokens."""
        self.tokens.close()
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=ssl.create_default_context())
            self._opened = aiohttp.ClientSession(timeout=_patience(None), connector=connector)
        return self._opened


class _Slices:
    """A body sent in slices, so that the loop is never held up by one; the same again at each try."""

    def __init__(self, body: bytes | memoryview) -> None:
        self._body = memoryview(body)

    async def __aiter__(self) -> AsyncIterator[memoryview]:
        for at in range(0, len(self._body), _SLICE):
            yield self._body[at : at + _SLICE]


@contextmanager
def named() -> Iterator[None]:
    """Trouble with the network becomes ProviderDown."""
    try:
        yield
    except _OURS as trouble:
        if why := certificates.trouble(trouble):
            said = f"The certificate of Google Cloud Storage does not hold ({why}). Check this machine's clock and"
            raise ProviderDown(f"{said} authorities, and STORAGE_EMULATOR_HOST if it is set.") from trouble
        raise ProviderDown(f"Google Cloud Storage does not answer ({type(trouble).__name__}).") from trouble


def _patience(total: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)


def pause_after(down: ProviderDown) -> float:
    """Seconds to wait before the next try; the error itself when Google asks for more than we wait."""
    if down.retry_after is not None and down.retry_after > LONGEST_PAUSE:
        raise down
    return down.retry_after or _PAUSE_SECONDS * (1 + SystemRandom().random())


def _pause(trouble: Exception) -> bool | float:
    """Whether to try again, and after how many seconds when Google said so."""
    if not isinstance(trouble, ProviderDown) or (trouble.retry_after or 0) > LONGEST_PAUSE:
        return False
    return trouble.retry_after or True
