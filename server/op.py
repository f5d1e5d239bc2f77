"""Typed operations: a handler's signature says what it takes and gives; the rest of HTTP is done here, once."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar, get_args, get_origin, get_type_hints

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter

from server.bodies import Given, parse_json, parse_query, parse_texts, read_body, require_json
from server.idempotency import Idempotency, KeyedRequest, Ledger, StoredAnswer, read_key
from server.limits import API, API_ANONYMOUS, Policy, charge
from server.said import say
from server.sender import address_of, neighbourhood_of
from server.within import Hourglass
from tenants.errors import NotFound, Refusal, SignInNeeded

HANDLER_SECONDS = 30.0
Shown = TypeVar("Shown")
Handler = Callable[..., Awaitable[Any]]


class Auth(Enum):
    """Who may call: anyone, without even looking; anyone, known if signed in; only those signed in."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `subject` is what limits count by (None: nobody is signed in), `actor` what the domain knows."""

    subject: str | None
    actor: Any = None


ANONYMOUS = Caller(None)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Shown]):
    """An answer with a status or headers of its own; a `body` of JSON bytes passes through as it is."""

    body: Shown | bytes
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A handler with all that its declaration and its signature say."""

    handler: Handler
    summary: str
    status: int
    also: tuple[int, ...]
    errors: tuple[int, ...]
    tags: tuple[str, ...]
    auth: Auth
    idempotent: Idempotency
    limits: tuple[Policy, ...]
    seconds: float
    path: type[BaseModel] | None
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    shown: Any
    adapter: TypeAdapter[Any]

    @property
    def name(self) -> str:
        """The handler's own name, unique within an API."""
        return str(getattr(self.handler, "__name__", "operation"))


class Access(Protocol):
    """What operations need of the house: who calls, and the context the handler works in."""

    async def authenticate(self, request: web.Request, operation: Operation) -> Caller:
        """The caller by bearer token, else by cookie; ANONYMOUS without either; SignInNeeded when one is no good."""

    def enter(
        self, request: web.Request, operation: Operation, caller: Caller, path: BaseModel | None
    ) -> AbstractAsyncContextManager[Any]:
        """The handler's first argument, such as a scope: committed when the block ends, rolled back when it raises."""


ACCESS: web.AppKey[Access] = web.AppKey("access")
LEDGER: web.AppKey[Ledger] = web.AppKey("ledger")
CALLER = web.RequestKey("caller", Caller)


@dataclass(frozen=True, slots=True)
class Keyed:
    """The idempotency key of one call, for handlers that open the transaction of their work themselves."""

    operation: Operation
    ledger: Ledger
    attempt: KeyedRequest | None

    async def recall(self, where: Any) -> Answer[Any] | None:
        """The answer given before, or None: to be asked before anything else in the transaction `where`."""
        earlier = await self.ledger.begin(where, self.attempt) if self.attempt else None
        return Answer(earlier.body, earlier.status) if earlier else None

    async def keep(self, where: Any, answer: Any) -> Answer[Any]:
        """`answer`, kept in the transaction `where` that did the work."""
        if self.attempt:
            await self.ledger.finish(where, self.attempt, _encode(self.operation, answer)[0])
        return answer if isinstance(answer, Answer) else Answer(answer)


KEYED = web.RequestKey("keyed", Keyed)


def op(
    summary: str,
    *,
    status: int = 200,
    also: Sequence[int] = (),
    errors: Sequence[int] = (),
    tags: Sequence[str] = (),
    auth: Auth = Auth.REQUIRED,
    idempotent: Idempotency = Idempotency.NONE,
    limits: Sequence[Policy] = (),
    seconds: float = HANDLER_SECONDS,
) -> Callable[[Handler], Operation]:
    """Declare `async def handler(context, *, path: Model, query: Model, body: Model) -> Model` as an operation.

    Each keyword is optional; they are Given models. A handler returns its model, an Answer, or None (204). `also`
    names other good statuses, `errors` refusals beyond those of every such operation. `limits` are spent besides the
    API's own. An idempotent handler that opens its own transactions keeps the key itself, with `Keyed`.
    """

    def declare(handler: Handler) -> Operation:
        hints = get_type_hints(handler)
        shown = hints.pop("return")
        given = {name: hints.get(name) for name in ("path", "query", "body")}
        _check_signature(handler, given)
        if get_origin(shown) is Answer:
            (shown,) = get_args(shown)
        return Operation(
            handler=handler, summary=summary, status=204 if shown is type(None) else status, also=tuple(also),
            errors=tuple(errors), tags=tuple(tags), auth=auth, idempotent=idempotent, limits=tuple(limits),
            seconds=seconds, **given, shown=shown, adapter=TypeAdapter(shown),
        )  # fmt: skip

    return declare


def _check_signature(handler: Handler, given: Mapping[str, Any]) -> None:
    keywords = {p.name for p in inspect.signature(handler).parameters.values() if p.kind is p.KEYWORD_ONLY}
    if unknown := keywords - given.keys():
        raise TypeError(f"{handler}: an operation takes path, query and body, not {sorted(unknown)}")
    for name in keywords:
        if not (isinstance(given[name], type) and issubclass(given[name], BaseModel)):
            raise TypeError(f"{handler}: {name} must be a model")


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the URL map."""

    method: str
    path: str
    operation: Operation


def mount(app: web.Application, prefix: str, routes: Sequence[Route]) -> None:
    """Serve each route of an API below `prefix`."""
    for route in routes:
        expected = None if route.operation.path is None else set(route.operation.path.model_fields)
        resource = app.router.add_resource(prefix + route.path)
        if expected is not None and (missing := expected ^ _names_in(resource)):
            raise TypeError(f"{route.path}: the path and its model disagree about {sorted(missing)}")
        served = _Served(route, Hourglass(route.operation.seconds))
        resource.add_route(route.method, served.answer)
        if route.method == hdrs.METH_GET:
            resource.add_route(hdrs.METH_HEAD, served.answer)


def _names_in(resource: web.Resource) -> set[str]:
    pattern = resource.get_info().get("pattern")
    return set(pattern.groupindex) if pattern is not None else set()


class _Nothing(Given):
    """What an operation without a query takes."""


@dataclass(frozen=True, slots=True)
class _Served:
    """A route at work."""

    route: Route
    glass: Hourglass

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Admit, read, act within one context, and answer only when that has been committed."""
        operation = self.route.operation
        caller = await self._admit(request)
        given, body = await self._read(request)
        attempt = read_key(request, operation.idempotent, operation.name, body)
        keyed = request[KEYED] = Keyed(operation, request.app[LEDGER], attempt)
        try:
            with self.glass.turned():
                async with request.app[ACCESS].enter(request, operation, caller, given.get("path")) as context:
                    stored, headers = await self._act(context, given, keyed)
        except TimeoutError:
            raise Refusal(503, "too_slow", "This took too long and was given up. Try again.", retry_after=3) from None
        return _respond(request, stored, headers)

    async def _admit(self, request: web.Request) -> Caller:
        """The caller, after limits; one who fails to say who they are spends as the address they come from."""
        operation, address = self.route.operation, neighbourhood_of(address_of(request))
        try:
            knows = operation.auth is not Auth.NONE
            caller = await request.app[ACCESS].authenticate(request, operation) if knows else ANONYMOUS
            refusal = SignInNeeded() if operation.auth is Auth.REQUIRED and caller.subject is None else None
        except SignInNeeded as error:
            caller, refusal = ANONYMOUS, error
        subject = caller.subject or address
        await charge(request, API_ANONYMOUS if caller.subject is None else API, subject)
        if refusal is not None:
            raise refusal
        for policy in operation.limits:
            await charge(request, policy, subject)
        request[CALLER] = caller
        return caller

    async def _read(self, request: web.Request) -> tuple[dict[str, BaseModel], bytes]:
        """The models the handler asks for, and the body's bytes."""
        operation = self.route.operation
        given: dict[str, BaseModel] = {}
        if operation.path is not None:
            given["path"] = _parse_path(operation.path, request)
        query = parse_query(operation.query or _Nothing, request) if request.query_string else None
        if operation.query is not None:
            given["query"] = query or _unasked(operation.query)
        body = b""
        if operation.body is not None:
            body = await read_body(request)
            if body or hdrs.CONTENT_TYPE in request.headers:
                require_json(request)
            given["body"] = parse_json(operation.body, body or b"{}")
        return given, body

    async def _act(
        self, context: Any, given: Mapping[str, BaseModel], keyed: Keyed
    ) -> tuple[StoredAnswer, Mapping[str, str]]:
        if (earlier := await keyed.recall(context)) is not None:
            return _encode(self.route.operation, earlier)
        answer = await self.route.operation.handler(context, **given)
        await keyed.keep(context, answer)
        return _encode(self.route.operation, answer)


@functools.cache
def _unasked(query: type[BaseModel]) -> BaseModel:
    """What an empty query says; Invalid when the operation needs something of it."""
    return parse_texts(query, {}, "/query")


def _parse_path(model: type[BaseModel], request: web.Request) -> BaseModel:
    """The path's parameters; an id of the wrong shape names nothing, so it is not found rather than invalid."""
    try:
        return parse_texts(model, request.match_info, "/path")
    except Refusal:
        raise NotFound() from None


def _encode(operation: Operation, answer: Any) -> tuple[StoredAnswer, Mapping[str, str]]:
    status, headers = operation.status, {}
    if isinstance(answer, Answer):
        status, headers, answer = answer.status or status, dict(answer.headers), answer.body
    if answer is None:
        return StoredAnswer(204, b""), headers
    body = answer if isinstance(answer, bytes) else operation.adapter.dump_json(answer)
    return StoredAnswer(status, body), headers


def _respond(request: web.Request, stored: StoredAnswer, headers: Mapping[str, str]) -> web.StreamResponse:
    if not headers:
        return say(request, stored.status, stored.body)
    response = web.Response(body=stored.body, status=stored.status, headers=headers)
    if stored.body:
        response.headers.setdefault(hdrs.CONTENT_TYPE, "application/json")
    return response
