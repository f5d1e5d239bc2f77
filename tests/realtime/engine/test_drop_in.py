"""The same application on python-socketio's own server and on ours: it sees the same, and so do its clients."""

import inspect
from typing import Any

import aiohttp
import engineio
import pytest
import socketio
from aiohttp import web

from realtime.engine import EngineServer, Manager, RedisManager, Server
from tests.realtime.engine.applications import MAKERS, World
from tests.waiting import until


@pytest.mark.parametrize(
    ("ours", "stock"),
    [(Server, socketio.AsyncServer), (EngineServer, engineio.AsyncServer), (RedisManager, socketio.AsyncRedisManager),
     (Manager, socketio.AsyncManager)],
)  # fmt: skip
def test_every_public_method_takes_at_least_what_stock_takes(ours: type, stock: type) -> None:
    for name, method in inspect.getmembers(stock, inspect.isfunction):
        if name.startswith("_") or name == "instrument":
            continue
        wanted, given = inspect.signature(method).parameters, inspect.signature(getattr(ours, name)).parameters
        if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in given.values()):
            assert [each for each in wanted if each not in given and each not in {"args", "kwargs"}] == [], name
        assert inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(getattr(ours, name)), name


async def test_rooms(world: World) -> None:
    a, b, c = [await world.client() for _ in range(3)]
    for guest in (a, b):
        await world.sio.enter_room(guest.sid(), "red")
    await world.sio.enter_room(b.sid(), "blue")
    assert {*world.sio.rooms(b.sid())} == {b.sid(), "red", "blue"}
    await world.sio.emit("to all", 1)
    await world.sio.emit("to red", (1, "two"), room="red")
    await world.sio.emit("to red or blue", to=["red", "blue"])
    await world.sio.emit("to red but a", {"x": None}, to="red", skip_sid=a.sid())
    await world.sio.emit("to a", [1, 2], to=a.sid())
    await world.sio.send("plain", to=c.sid())
    await world.sio.leave_room(a.sid(), "red")
    await world.sio.emit("to red again", to="red")
    await world.sio.close_room("red")
    await world.sio.emit("to nobody", to="red")
    await world.sio.emit("end")
    assert await a.hears(5) == [
        ("to all", 1), ("to red", 1, "two"), ("to red or blue",), ("to a", [1, 2]), ("end",),
    ]  # fmt: skip
    assert await b.hears(6) == [
        ("to all", 1), ("to red", 1, "two"), ("to red or blue",), ("to red but a", {"x": None}), ("to red again",),
        ("end",),
    ]  # fmt: skip
    assert await c.hears(3) == [("to all", 1), ("message", "plain"), ("end",)]
    assert {*world.sio.rooms(b.sid())} == {b.sid(), "blue"}
    assert {sid for sid, _ in world.sio.manager.get_participants("/", None)} == {a.sid(), b.sid(), c.sid()}


async def test_faults_of_the_caller(world: World) -> None:
    a, b = await world.client(), await world.client()
    with pytest.raises(ValueError, match="sid room"):
        await world.sio.enter_room(a.sid(), b.sid())
    with pytest.raises(ValueError, match="sid room"):
        await world.sio.close_room(b.sid())
    with pytest.raises(ValueError, match="not connected"):
        await world.sio.enter_room("nobody", "red", namespace="/nowhere")
    with pytest.raises(ValueError, match="broadcast"):
        await world.sio.call("x")
    with pytest.raises(socketio.exceptions.TimeoutError):
        await world.sio.call("x", to="nobody", timeout=0.1)
    await world.sio.emit("x", to="nobody")
    await world.sio.leave_room("nobody", "red")
    await world.sio.disconnect("nobody")
    assert world.sio.rooms("nobody") == []


async def test_handlers_decorators_and_what_they_return(world: World) -> None:
    sio = world.sio

    @sio.event  # type: ignore[untyped-decorator]
    def plain(sid: str, data: Any) -> Any:
        return data

    @sio.event(namespace="/chat")  # type: ignore[untyped-decorator]
    async def named(sid: str) -> Any:
        return 1, "two", {"three": 3}

    @sio.on("*")  # type: ignore[untyped-decorator]
    async def rest(event: str, sid: str, *data: Any) -> Any:
        return [event, *data]

    @sio.on("*", namespace="/chat")  # type: ignore[untyped-decorator]
    async def rest_of_chat(event: str, sid: str, *data: Any) -> Any:
        return {"chat": event}

    sio.on("none", lambda sid: None)
    guest = await world.client("/", "/chat")
    assert await guest.sio.call("plain", {"b": b"\x00\x01"}) == {"b": b"\x00\x01"}
    assert await guest.sio.call("named", namespace="/chat") == (1, "two", {"three": 3})
    assert await guest.sio.call("else", (1, 2)) == ["else", 1, 2]
    assert await guest.sio.call("else", namespace="/chat") == {"chat": "else"}
    assert await guest.sio.call("none") is None


async def test_class_based_namespaces_and_older_signatures(world: World) -> None:
    seen = world.seen

    class Chat(socketio.AsyncNamespace):  # type: ignore[misc]
        def on_connect(self, sid: str, environ: Any) -> None:
            seen.append(("connect", environ["PATH_INFO"]))

        async def on_disconnect(self, sid: str) -> None:
            seen.append(("disconnect", self.rooms(sid) != []))

        async def on_say(self, sid: str, text: str) -> str:
            await self.enter_room(sid, "r")
            await self.emit("said", text, room="r")
            return text.upper()

    world.sio.register_namespace(Chat("/chat"))
    guest = await world.client("/chat")
    assert await guest.sio.call("say", "hello", namespace="/chat") == "HELLO"
    assert await guest.hears(1) == [("said", "hello")]
    await guest.sio.disconnect()

    async def gone() -> bool:
        return len(seen) == 2

    await until(gone)
    assert seen == [("connect", "/socket.io/"), ("disconnect", True)]


async def test_reasons_of_leaving(world: World) -> None:
    world.sio.on("disconnect", lambda sid, reason: world.seen.append(reason))
    guest, other = await world.client(), await world.client()
    await guest.sio.disconnect()
    await world.sio.disconnect(other.sid())

    async def gone() -> bool:
        return len(world.seen) == 2

    await until(gone)
    # A client's last packet and the end of its connection may be read in either order.
    assert sorted({"transport close" if each == "client disconnect" else each for each in world.seen}) == [
        "server disconnect", "transport close",
    ]  # fmt: skip


async def test_refusals(world: World) -> None:
    def connect(sid: str, environ: Any, auth: Any) -> bool | None:
        if auth == "data":
            return False
        if auth["why"] == "words":
            raise socketio.exceptions.ConnectionRefusedError("no", {"code": 7})
        if auth["why"] == "plain":
            raise socketio.exceptions.ConnectionRefusedError("no")
        return bool(auth["why"] != "false")

    world.sio.on("connect", connect)
    for why, told in [
        ("words", {"message": "no", "data": {"code": 7}}), ("plain", {"message": "no"}),
        ("false", {"message": "Connection rejected by server"}),
    ]:  # fmt: skip
        client = socketio.AsyncClient(reconnection=False)
        refused: list[Any] = []
        client.on("connect_error", refused.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(world.url, auth={"why": why}, transports=["websocket"])
        assert refused == [told]
        await client.disconnect()
    await world.client(auth={"why": "true"})


async def test_acknowledgements_by_callback(world: World) -> None:
    guest = await world.client()
    guest.sio.on("question", lambda *data: (*data, "answered"))
    answers: list[Any] = []
    await world.sio.emit("question", (1, b"2"), to=guest.sid(), callback=lambda *data: answers.append(data))
    assert await world.sio.call("question", "x", to=guest.sid(), timeout=5) == ("x", "answered")
    assert answers == [(1, b"2", "answered")]


@pytest.mark.parametrize(
    ("rule", "origin", "status"),
    [
        (None, "http://{host}", 200), (None, "http://evil.example", 400), (None, None, 200), ("*", "http://a.b", 200),
        ("http://a.b", "http://a.b", 200), (["http://a.b"], "http://c.d", 400), ([], "http://c.d", 200),
        (lambda origin: origin.endswith(".b"), "http://a.b", 200), (lambda origin, _environ: False, "http://a.b", 400),
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
async def test_origins(make: Any, rule: Any, origin: str | None, status: int) -> None:
    sio = make(async_mode="aiohttp", cors_allowed_origins=rule, cookie="io")
    app = web.Application()
    sio.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    headers = {} if origin is None else {"Origin": origin.format(host=host)}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        url = f"http://{host}/socket.io/?EIO=4&transport=polling"
        async with session.get(url, headers=headers) as answer:
            assert answer.status == status
            allowed = origin is not None and status == 200 and rule != []
            assert answer.headers.get("Access-Control-Allow-Origin") == (headers["Origin"] if allowed else None)
            assert ("Set-Cookie" in answer.headers) == (status == 200)
        async with session.options(url, headers=headers) as answer:
            assert answer.status == status
    await sio.shutdown()
    await runner.cleanup()
