"""A running installation with its demo world, for tests of a part of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import aiohttp

from cli.demo.world import PASSWORD
from tests.slices.installation import Installation

CHANNEL = "pottery"


class Town:
    """A running installation with its demo world, and what its people ask of it over the API."""

    def __init__(self, installation: Installation, programs: aiohttp.ClientSession) -> None:
        self.installation = installation
        self.url = installation.url
        self.programs = programs

    async def call(self, method: str, path: str, token: str = "", **body: Any) -> Any:
        """One API call; the answer must be a good one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/api/v1{path}"
        async with self.programs.request(method, url, json=body or None, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else None

    async def token(self, who: str) -> str:
        """What a real sign-in gives a person of the demo."""
        given = {"email": f"{who}@guildhall.example", "password": PASSWORD}
        return str((await self.call("POST", "/auth/sign-in", **given))["access_token"])

    async def room(self) -> str:
        """A new room of the channel."""
        return str((await self.place())["id"])

    async def place(self, kind: str = "members") -> dict[str, Any]:
        """The same, with its name in addresses (`slug`)."""
        given = {"name": f"Room {uuid4()}", "kind": kind}
        made: dict[str, Any] = await self.call("POST", f"/channels/{CHANNEL}/rooms", await self.token("ana"), **given)
        return made

    async def messages(self, room: str, token: str) -> list[dict[str, Any]]:
        """The newest messages of a room, ascending, as the database holds them."""
        page = await self.call("GET", f"/channels/{CHANNEL}/rooms/{room}/messages?limit=100", token)
        found: list[dict[str, Any]] = page["items"]
        return found

    async def post(self, room: str, token: str, body: str) -> str:
        """Say something in a room over the API; the message's id."""
        url = f"/channels/{CHANNEL}/rooms/{room}/messages"
        return str((await self.call("POST", url, token, client_id=str(uuid4()), body=body))["id"])

    async def react(self, message: str, token: str, emoji: str) -> None:
        """React to a message over the API."""
        await self.call("PUT", f"/channels/{CHANNEL}/messages/{message}/reactions/{quote(emoji)}", token)


@asynccontextmanager
async def running_town(home: Path) -> AsyncIterator[Town]:
    """A town in a folder of its own, until the block ends."""
    installation = Installation(home)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as programs, installation.running():
        yield Town(installation, programs)
