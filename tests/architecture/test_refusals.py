"""Every refusal has one shape: problem+json over HTTP, `{error: …}` over the socket; no route answers with a 500."""

import inspect
import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from realtime.wire import refused
from server.op import Route
from server.routes import API
from tenants import errors
from tenants.errors import Refusal
from tests.webapp import Reply, Web
from tests.world import World

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}
CODE = re.compile(r"[a-z][a-z0-9_]*")


def kinds() -> Iterator[type[Refusal]]:
    """Refusal and all its family."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, Refusal):
            yield kind


@pytest.mark.parametrize("route", API, ids=lambda route: f"{route.method} {route.path}")
async def test_what_no_route_can_do_is_refused_in_one_shape(web: Web, world: World, route: Route) -> None:
    method, path = route.method, route.path
    nowhere = re.sub(r"\{\w+\}", str(uuid4()), path.replace("{slug}", world.pottery.slug))
    for token in ("", world.chess.eve.token, "no such token"):
        reply = await web.call(method, nowhere, {"nonsense": True}, token=token)
        assert reply.status < 500, reply.body
        if reply.status >= 400:
            check_problem(reply)


def check_problem(reply: Reply) -> None:
    """The reply is a problem as RFC 9457 and the contract have it."""
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert set(reply.json) >= MEMBERS
    assert reply.json["status"] == reply.status
    assert CODE.fullmatch(reply.json["code"])
    assert reply.json["detail"].endswith((".", "?", "!"))
    for wrong in reply.json.get("errors", []):
        assert set(wrong) == {"pointer", "code", "detail"}
    assert (reply.status == 422) == ("errors" in reply.json) or reply.json["code"] != "invalid"


def test_every_kind_of_refusal_travels_over_the_socket() -> None:
    for kind in kinds():
        refusal = Refusal(418, "teapot", "This is a teapot.") if kind is Refusal else made(kind)
        error = refused(refusal)["error"]
        assert CODE.fullmatch(error["code"])
        assert error["message"].endswith(".")
        assert set(error) <= {"code", "message", "retry_after"}


def made(kind: Callable[..., Refusal]) -> Refusal:
    """One of that kind, with a sentence where it has none of its own."""
    parameters = inspect.signature(kind).parameters.values()
    needed = [each for each in parameters if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
    return kind(*[1 if each.annotation is float else "This cannot be done." for each in needed])
