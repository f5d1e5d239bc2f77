"""The ways in which the product is installed that a journey goes through, each with its surroundings."""

import email
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Protocol

import aiohttp

from tests.databases import as_role
from tests.slices.held import ByWebhook
from tests.slices.installation import Installation
from tests.slices.people import Someone
from tests.slices.sold import Free
from tests.standins.recordings import RecordingServer


class Selling(Protocol):
    """How a place in the course is sold."""

    amount: str

    async def open_account(self, ana: Someone, desk: str) -> None:
        """The creator gets ready to be paid, if that is needed."""

    async def take_a_place(self, sam: Someone, home: str, pictures: Path) -> None:
        """The student joins the channel and gets into its course Bowls."""


class Holding(Protocol):
    """Where classes are held; `ahead` is how long before a class is planned."""

    ahead: timedelta

    async def connect(self, ana: Someone, desk: str) -> None:
        """The creator connects the provider."""

    async def hold(self, ana: Someone, sam: Someone, home: str, pictures: Path) -> None:
        """The class takes place, if it does so where we can see it."""

    async def record(self, class_id: str, film: RecordingServer) -> None:
        """The provider tells that the class was recorded."""


@dataclass(frozen=True)
class House:
    """An installation at `url`; `programs` reach it as `flags` let browsers do, `database` is its owner's URL."""

    url: str
    installation: Installation
    database: str
    programs: aiohttp.ClientSession
    flags: tuple[str, ...]
    film: RecordingServer
    selling: Selling
    holding: Holding
    letters: Callable[[], Sequence[EmailMessage]]

    def database_as(self, role: str) -> str:
        """Its database as another role."""
        return as_role(self.database, role)

    def letters_to(self, address: str) -> list[str]:
        """The texts of the letters that came to an address."""
        found = [letter for letter in self.letters() if address in str(letter["To"])]
        parts = [letter.get_body(("plain",)) for letter in found]
        return [str(part.get_content()) for part in parts if part is not None]


@asynccontextmanager
async def embedded(home: Path, film: RecordingServer) -> AsyncIterator[House]:
    """All defaults; told only where recordings may come from."""
    installation = Installation(home, RECORDING_HOSTS=film.host)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as programs, installation.running():
        yield House(
            url=installation.url,
            installation=installation,
            database=installation.database_url,
            programs=programs,
            flags=(),
            film=film,
            selling=Free(),
            holding=ByWebhook(programs),
            letters=lambda: [
                email.message_from_bytes(file.read_bytes(), policy=default) for file in (home / "mail").glob("*.eml")
            ],
        )
