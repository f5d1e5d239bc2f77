"""What an application keeps of a session, on python-socketio's own server and on ours."""

from typing import Any

import pytest
from aiohttp import web

from tests.realtime.engine.applications import World


async def test_sessions_environ_and_transport(world: World) -> None:
    kept: list[Any] = []

    async def leave(sid: str, reason: str) -> None:
        kept.append((await world.sio.get_session(sid), world.sio.get_environ(sid)["HTTP_X_TEST"], reason))

    world.sio.on("disconnect", leave)
    guest = await world.client(headers={"X-Test": "yes"})
    sid = guest.sid()
    assert await world.sio.get_session(sid) == {}
    await world.sio.save_session(sid, {"name": "zoë"})
    async with world.sio.session(sid) as session:
        session["more"] = 1
    assert await world.sio.get_session(sid) == {"name": "zoë", "more": 1}
    assert world.sio.transport(sid) == "websocket"
    await world.sio.disconnect(sid)
    assert kept == [({"name": "zoë", "more": 1}, "yes", "server disconnect")]
    with pytest.raises(KeyError):
        await world.sio.get_session(sid)


async def test_what_began_a_session_can_be_asked_at_any_time(world: World) -> None:
    """The request too: its connection is the session's now, but its head, its cookies and its application are there."""
    met: list[tuple[dict[str, Any], list[Any]]] = []

    def seen(environ: dict[str, Any]) -> list[Any]:
        request: web.Request = environ["aiohttp.request"]
        asked = (request.method, request.path_qs, dict(request.headers), dict(request.cookies), request.remote)
        return [*asked, request.app, environ["REMOTE_ADDR"], environ["QUERY_STRING"], environ["HTTP_COOKIE"]]

    def connect(_sid: str, environ: dict[str, Any]) -> None:
        environ["app.mark"] = ["kept"]
        met.append((dict(environ), seen(environ)))

    world.sio.on("connect", connect)
    guest = await world.client(headers={"X-Test": "yes", "Cookie": "a=b; c=d"})
    (before, asked) = met[0]
    for _ in range(2):
        after = world.sio.get_environ(guest.sid())
        assert seen(after) == asked
        assert after["app.mark"] == ["kept"]
        assert set(after) - {"app.later"} == set(before)
        after["app.later"] = True
    assert world.sio.get_environ(guest.sid())["app.later"]
