"""A small house on a real socket: one API of toy operations, for the tests of HTTP itself."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, Field

from server.app import Parts, create_app
from server.bodies import Given
from server.cookies import read_cookie
from server.counters import Counters
from server.deadlines import Deadlines
from server.idempotency import Idempotency, KeyedRequest, StoredAnswer
from server.keyset import Cursor, Page, PageQuery
from server.limits import POSTING, Limiter
from server.op import ACCESS, ANONYMOUS, Answer, Auth, Caller, Operation, Route, op
from server.process import drain, start
from server.sender import bearer_of
from tenants.errors import Conflict, FieldError, Invalid, NotFound, SignInNeeded
from tests.server.toy_pages import add_pages

CURSOR: Cursor[tuple[int]] = Cursor("bowls", tuple[int])


class Bowl(BaseModel):
    """A bowl."""

    id: UUID
    name: str


class BowlPath(Given):
    bowl: UUID


class NewBowl(Given):
    name: Annotated[str, Field(max_length=200)]
    id: UUID | None = None
    notes: dict[str, Any] = Field(default_factory=dict)


@dataclass
class Kiln:
    """What handlers work on; it notes what was committed."""

    committed: list[str] = field(default_factory=list)
    firing: asyncio.Event = field(default_factory=asyncio.Event)


FIRST = UUID("018f0000-0000-7000-8000-000000000001")


@op("List the bowls", tags=["bowls"], auth=Auth.OPTIONAL)
async def list_bowls(kiln: Kiln, *, query: PageQuery) -> Page[Bowl]:
    """Numbered bowls, a page at a time."""
    place = CURSOR.read(query.after)
    begin = place[0] if place else 0
    bowls = [Bowl(id=UUID(int=number), name=f"bowl {number}") for number in range(begin, min(begin + query.limit, 120))]
    end = begin + len(bowls)
    return Page(items=bowls, next=CURSOR.write((end,)) if end < 120 else None)


@op("Make a bowl", status=201, tags=["bowls"], idempotent=Idempotency.TAKEN, errors=[409])
async def make_bowl(kiln: Kiln, *, body: NewBowl) -> Bowl:
    """Make one."""
    if body.name == "taken":
        raise Conflict("There is a bowl of that name already.", "name_taken")
    if body.name == "wrong":
        raise Invalid(errors=[FieldError("/name", "ugly", "Choose a nicer name.")])
    kiln.committed.append(body.name)
    return Bowl(id=body.id or FIRST, name=body.name)


@op("Show a bowl", tags=["bowls"], auth=Auth.NONE, errors=[404])
async def show_bowl(kiln: Kiln, *, path: BowlPath) -> Answer[Bowl]:
    """Bytes made elsewhere."""
    if path.bowl != FIRST:
        raise NotFound()
    return Answer(b'{"id":"018f0000-0000-7000-8000-000000000001","name":"raw"}', headers={"ETag": '"1"'})


@op("Pay for a bowl", status=201, tags=["bowls"], idempotent=Idempotency.REQUIRED)
async def pay_bowl(kiln: Kiln, *, body: NewBowl) -> Bowl:
    kiln.committed.append("paid " + body.name)
    return Bowl(id=FIRST, name=body.name)


@op("Break a bowl", tags=["bowls"])
async def break_bowl(kiln: Kiln, *, path: BowlPath) -> None:
    kiln.committed.append("broken")


@op("Drop the kiln", auth=Auth.NONE)
async def drop_kiln(kiln: Kiln) -> None:
    raise RuntimeError("the password is hunter2")


@op("Say something", limits=[POSTING], auth=Auth.NONE)
async def say(kiln: Kiln) -> None:
    kiln.committed.append("said")


@op("Fire the kiln", auth=Auth.NONE, seconds=0.1)
async def fire(kiln: Kiln) -> None:
    await kiln.firing.wait()


ROUTES = [
    Route("GET", "/bowls", list_bowls),
    Route("POST", "/bowls", make_bowl),
    Route("GET", "/bowls/{bowl}", show_bowl),
    Route("DELETE", "/bowls/{bowl}", break_bowl),
    Route("POST", "/payments", pay_bowl),
    Route("POST", "/drop", drop_kiln),
    Route("POST", "/say", say),
    Route("POST", "/fire", fire),
]


@dataclass
class ToyAccess:
    """Knows two people by token, and ana by cookie."""

    kiln: Kiln

    async def authenticate(self, request: web.Request, operation: Operation) -> Caller:
        token = bearer_of(request) if bearer_of(request) is not None else read_cookie(request)
        if token is None:
            return ANONYMOUS
        if token not in {"token-of-ana-1234", "token-of-ben-1234"}:
            raise SignInNeeded("Your sign-in has ended. Sign in again.")
        return Caller(token, token)

    @asynccontextmanager
    async def enter(
        self, request: web.Request, operation: Operation, caller: Caller, path: BaseModel | None
    ) -> AsyncIterator[Kiln]:
        draft = replace(self.kiln, committed=[])
        yield draft
        self.kiln.committed.extend(draft.committed)


@dataclass
class ToyLedger:
    """Keeps keys in memory as the domain keeps them in rows."""

    kept: dict[tuple[str, str], tuple[bytes, StoredAnswer | None]] = field(default_factory=dict)

    async def begin(self, context: Any, attempt: KeyedRequest) -> StoredAnswer | None:
        place = (attempt.route, attempt.key)
        if place not in self.kept:
            self.kept[place] = (attempt.fingerprint, None)
            return None
        fingerprint, answer = self.kept[place]
        if fingerprint != attempt.fingerprint:
            raise Invalid("This Idempotency-Key was used for something else.", "idempotency_key_reused")
        if answer is None:
            raise Conflict("The first attempt is still running.", "still_running")
        return answer

    async def finish(self, context: Any, attempt: KeyedRequest, answer: StoredAnswer) -> None:
        self.kept[attempt.route, attempt.key] = (attempt.fingerprint, answer)


@dataclass
class House:
    """A running toy house."""

    port: int
    app: web.Application
    runner: web.AppRunner

    @property
    def kiln(self) -> Kiln:
        access = self.app[ACCESS]
        assert isinstance(access, ToyAccess)
        return access.kiln

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


ANA = {"Authorization": "Bearer token-of-ana-1234"}
BEN = {"Authorization": "Bearer token-of-ben-1234"}


def make_app(**parts: Any) -> tuple[web.Application, socket.socket]:
    """The toy house before it opens, and the port it will listen on."""
    given = {"limiter": Limiter(Counters(), "relaxed"), "base_url": "http://guildhall.test", **parts}
    app = create_app(Parts(routes=ROUTES, access=ToyAccess(Kiln()), ledger=ToyLedger(), **given))
    add_pages(app)
    return app, socket.create_server(("127.0.0.1", 0))


@asynccontextmanager
async def toy_house(
    deadlines: Deadlines | None = None, unix_path: str | None = None, **parts: Any
) -> AsyncIterator[House]:
    """A house on a free port, ended by the same drain as in production."""
    app, listener = make_app(**parts)
    listeners = [listener]
    if unix_path:
        unix_listener = socket.socket(socket.AF_UNIX)
        unix_listener.bind(unix_path)
        listeners.append(unix_listener)
    port = listener.getsockname()[1]
    runner = await start(app, listeners, deadlines or Deadlines())
    try:
        yield House(port, app, runner)
    finally:
        if runner.server is not None:
            await drain(runner)


async def talk(port: int, *pieces: bytes, end: bool = False) -> bytes:
    """Send raw pieces to the port and read all that comes back until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if end:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
