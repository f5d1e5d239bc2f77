"""What the drilled installation leans on beside PostgreSQL and Redis; by default all that is embedded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from cli.drill.client import Client
from cli.drill.faults import Fault
from cli.drill.film import FilmHouse
from cli.drill.installation import Installation
from cli.drill.school import School
from cli.drill.work import Kind


@dataclass(frozen=True, slots=True)
class Scene:
    """What work is done in: the installation, its school, who works, and the drill's own dice."""

    installation: Installation
    school: School
    client: Client
    chance: Random


class Surroundings(Protocol):
    """Services beside the house; `settings` lead to them."""

    @property
    def settings(self) -> Mapping[str, str]:
        """By the environment's names."""

    def faults(self, installation: Installation) -> list[Fault]:
        """What can be done to them."""

    async def kinds(self, scene: Scene, /) -> dict[str, Kind]:
        """Work that they have a part in, beyond what every drill does; prepared here, begun by the drill."""


Surrounded = Callable[[FilmHouse], AbstractAsyncContextManager[Surroundings]]


class Embedded:
    """Files in a folder, mails in another, nothing else."""

    def __init__(self, source: FilmHouse) -> None:
        self.settings = {"RECORDING_HOSTS": source.host}

    def faults(self, installation: Installation) -> list[Fault]:
        """Folders that cannot be written to."""
        files, mail = installation.home / "var/files", installation.home / "var/mail"
        return [
            Fault("storage cannot write", lambda: _Blocked(files / "new")),
            Fault("mail cannot be sent", lambda: _Blocked(mail)),
        ]

    async def kinds(self, _: Scene) -> dict[str, Kind]:
        """Nothing beyond."""
        return {}


@contextlib.asynccontextmanager
async def embedded(source: FilmHouse) -> AsyncIterator[Embedded]:
    """The default."""
    yield Embedded(source)


class _Blocked(contextlib.AbstractAsyncContextManager[None]):
    """A file where the folder was: nothing can be written there, whoever one is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.aside = folder, folder.with_name(f"{folder.name}.aside")

    async def __aenter__(self) -> None:
        await asyncio.to_thread(self._block)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._clear)

    def _block(self) -> None:
        self.folder.rename(self.aside)
        self.folder.touch()

    def _clear(self) -> None:
        self.folder.unlink()
        self.aside.rename(self.folder)
