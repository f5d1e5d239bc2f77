"""Who calls and where: token or cookie → person, path → channel, and the context that a handler's type asks for."""

import contextlib
import functools
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, get_type_hints

from aiohttp import hdrs, web
from pydantic import BaseModel

from server.context import Admitted, AsPerson, AtChannel, House, InChannel
from server.cookies import read_cookie
from server.idempotency import KeyedRequest, StoredAnswer
from server.key_scopes import KEY_SCOPES
from server.language import LOCALE
from server.memo import Memo
from server.op import ANONYMOUS, Caller, Operation
from server.sender import address_of
from tenants import directory, idempotency
from tenants.directory import ChannelAt
from tenants.errors import Forbidden, NotFound, SignInNeeded
from tenants.keys import keys, tokens
from tenants.people.sessions import Device
from tenants.scope import Scope
from tenants.sealing import Seals

CHANNEL_SECONDS, MOST_CHANNELS = 1.0, 2000
SUBJECT_SECONDS, MOST_SUBJECTS = 30.0, 20_000


class HouseAccess:
    """The doors of the house for typed operations, pages and webhooks alike."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._channels: Memo[str, ChannelAt] = Memo(CHANNEL_SECONDS, MOST_CHANNELS)
        self._subjects: Memo[bytes, str] = Memo(SUBJECT_SECONDS, MOST_SUBJECTS)

    async def authenticate(self, request: web.Request, operation: Operation) -> Caller:
        """The caller by bearer token, else by cookie; ANONYMOUS without either; SignInNeeded when it has ended."""
        token = token_of(request)
        if token is None:
            return ANONYMOUS
        if tokens.is_key(token):
            return await self._caller_by_key(request, operation, token)
        hashed = directory.hash_of(token)
        # Each transaction in a channel admits the token afresh, so until then only the subject of limits is needed.
        if _context_of(operation.handler) is not AsPerson and (subject := self._subjects.get(hashed)):
            return Caller(subject)
        signed_in = await directory.session_of(self.house.tenancy, token)
        return Caller(self._subjects.put(hashed, str(signed_in.person_id)), signed_in)

    async def _caller_by_key(self, request: web.Request, operation: Operation, token: str) -> Caller:
        """The caller by a key of the path's channel; what is mistyped is told without asking the database."""
        tokens.check(token)
        needs, slug = KEY_SCOPES.get(operation.name), request.match_info.get("slug", "")
        if needs is None:
            raise keys.refused()
        hashed = directory.hash_of(f"{slug} {token}")
        if subject := self._subjects.get(hashed):
            return Caller(subject)
        async with self.house.tenancy.scope((await self.channel(slug)).id) as scope:
            actor = await keys.admit(scope, token, needs)
            await keys.touch(scope)
        return Caller(self._subjects.put(hashed, actor.describe()))

    def enter(
        self, request: web.Request, operation: Operation, caller: Caller, path: BaseModel | None
    ) -> AbstractAsyncContextManager[Any]:
        """The context that the handler's first parameter names: AsPerson, AtChannel or InChannel."""
        wanted = _context_of(operation.handler)
        if wanted is AsPerson:
            return contextlib.nullcontext(self.as_person(request, caller))
        readonly = request.method in {"GET", "HEAD"}
        return _Entered(self, request, str(getattr(path, "slug", "")), wanted, operation, readonly=readonly)

    def as_person(self, request: web.Request, caller: Caller) -> AsPerson:
        """The context of a call outside of any channel."""
        return AsPerson(self.house, request, caller.actor, device_of(request))

    async def channel(self, slug: str) -> ChannelAt:
        """The channel of a slug, remembered for a second; NotFound, or Forbidden while it is suspended."""
        found = await self._recall(slug, functools.partial(directory.channel_at, self.house.tenancy, slug=slug))
        if found.state == "suspended":
            raise Forbidden("This channel is suspended. Its owner can ask the operator why.", "suspended")
        return found

    async def slug_of_host(self, host: str) -> str | None:
        """The slug of the channel that is served at a host of its own, or None when no channel is."""
        look = functools.partial(directory.channel_at, self.house.tenancy, host=host.lower())
        try:
            return (await self._recall(f"//{host}", look)).slug
        except NotFound:
            return None

    async def _recall(self, key: str, look: Callable[[], Awaitable[ChannelAt]]) -> ChannelAt:
        return self._channels.get(key) or self._channels.put(key, await look())

    async def at_channel(self, request: web.Request, slug: str, operation: Operation) -> AtChannel:
        """The context of a call to a channel that opens its own transactions."""
        needs, channel = KEY_SCOPES.get(operation.name), await self.channel(slug)
        request[LOCALE] = channel.locale
        return AtChannel(self.house, request, channel, token_of(request), needs)


class _Entered:
    """What a handler for a channel's routes works in, as a context: the channel alone, or with an open transaction."""

    __slots__ = ("_access", "_admitted", "_operation", "_readonly", "_request", "_slug", "_wanted")

    def __init__(
        self, access: HouseAccess, request: web.Request, slug: str, wanted: type[Any], operation: Operation, *,
        readonly: bool,
    ) -> None:  # fmt: skip
        self._access, self._request, self._slug, self._wanted = access, request, slug, wanted
        self._operation, self._readonly = operation, readonly
        self._admitted: Admitted | None = None

    async def __aenter__(self) -> AtChannel | InChannel:
        """Find the channel, and begin the transaction if there is to be one."""
        at = await self._access.at_channel(self._request, self._slug, self._operation)
        if self._wanted is AtChannel:
            return at
        admitted = at.scope(readonly=self._readonly)
        scope = await admitted.__aenter__()
        self._admitted = admitted
        return InChannel(at.house, self._request, at.channel, scope)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or roll back when the handler raised."""
        if self._admitted is not None:
            await self._admitted.__aexit__(kind, error, trace)


class ScopeLedger:
    """Idempotency keys kept in the transaction of the work: that of an InChannel call, or a scope that is given.

    Answers are kept sealed, for some hold a secret that is shown only once.
    """

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    async def begin(self, context: Any, attempt: KeyedRequest) -> StoredAnswer | None:
        """The answer given before, or None to go on."""
        scope = _transaction_of(context)
        if scope is None:
            return None
        kept = await idempotency.recall(scope, attempt.route, attempt.key, attempt.fingerprint)
        if kept is None or scope.actor.person_id is None:
            return None
        return StoredAnswer(kept.status, self._seals.open(scope.actor.person_id, attempt.route, kept.body))

    async def finish(self, context: Any, attempt: KeyedRequest, answer: StoredAnswer) -> None:
        """Keep the answer with its effects."""
        scope = _transaction_of(context)
        if scope is not None and scope.actor.person_id is not None:
            sealed = self._seals.seal(scope.actor.person_id, attempt.route, answer.body)
            kept = idempotency.Kept(answer.status, sealed)
            await idempotency.keep(scope, attempt.route, attempt.key, attempt.fingerprint, kept)


def _transaction_of(context: object) -> Scope | None:
    """The transaction that the work is done in; None for a call whose handler opens it, and then gives it itself."""
    if isinstance(context, Scope):
        return context
    return context.scope if isinstance(context, InChannel) else None


def token_of(request: web.Request) -> str | None:
    """The token a request is signed in by; SignInNeeded when the Authorization header is none of ours."""
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is None:
        return read_cookie(request)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SignInNeeded("Send `Authorization: Bearer` and an access token.", "bearer_needed")
    return _bearer(token.strip())


def _bearer(token: str) -> str:
    # What a cookie of a channel's own host amounts to there is nothing that can be sent.
    if "@" in token:
        raise SignInNeeded("This sign-in has ended. Sign in again.", "session_ended")
    return token


def device_of(request: web.Request) -> Device:
    """What is kept of where a sign-in comes from."""
    return Device(request.headers.get(hdrs.USER_AGENT, ""), address_of(request))


@functools.cache
def _context_of(handler: Callable[..., Any]) -> type[AsPerson] | type[AtChannel] | type[InChannel]:
    wanted: object = next(iter(get_type_hints(handler).values()), None)
    for context in (AsPerson, AtChannel, InChannel):
        if wanted is context:
            return context
    raise TypeError(f"{handler}: the first parameter must be AsPerson, AtChannel or InChannel")
