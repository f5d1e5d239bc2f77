"""The engine stands by itself, and stands on the installed libraries as it expects them."""

import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web_protocol

from realtime.engine import hooks
from tests.realtime.engine.stage import serving

ROOT = Path(__file__).parents[3]
LOOK = "import sys, realtime.engine; print(*sorted(sys.modules))"


def test_it_loads_nothing_else_of_the_product() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {"tenants", "server", "settings", "workers", "search", "providers", "cli", "logs"}
    strangers = [
        name
        for name in loaded.stdout.split()
        if name.partition(".")[0] in ours or (name.startswith("realtime.") and not name.startswith("realtime.engine"))
    ]
    assert strangers == []


async def test_the_installed_aiohttp_is_as_expected() -> None:
    assert await hooks.examine() == ""


def _holds_on(handler: web_protocol.RequestHandler, _exc: BaseException | None) -> None:
    raise RuntimeError("the handler holds on")


def _lost(*_given: object, **_options: object) -> None:
    raise TypeError("WebSocketReader() takes other arguments")


@pytest.mark.parametrize(
    ("where", "what", "words"),
    [
        ("aiohttp.web_protocol.RequestHandler.connection_lost", _holds_on, "the handler holds on"),
        ("realtime.engine.hooks.WebSocketReader", _lost, "takes other arguments"),
        ("aiohttp.web_protocol.RequestHandler.data_received", lambda *_: None, "Timeout"),
    ],
)
async def test_on_another_aiohttp_connections_stay_with_it_and_that_is_said(
    where: str, what: object, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hooks, "PATIENCE_SECONDS", 0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, what)
        fault = await hooks.examine()
    assert words in fault

    async def examine() -> str:
        return fault

    monkeypatch.setattr(hooks, "examine", examine)
    async with serving() as stage, stage.member() as raw:
        assert await raw.hear() == '42["auth",{}]'
        await raw.say('421["message-with-ack","x"]')
        assert await raw.hear() == '431["x"]'
        assert stage.sio.fallback == fault
    assert fault in caplog.text


async def test_where_all_is_well_nothing_is_said() -> None:
    async with serving() as stage:
        assert stage.sio.fallback == ""
        async with stage.session.ws_connect(stage.url + "/socket.io/?EIO=4&transport=websocket") as socket:
            assert (await socket.receive()).type is aiohttp.WSMsgType.TEXT
