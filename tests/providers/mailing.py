"""Mailers of every adapter, each with its far side, and a mail to send."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from providers import ProviderRefused
from providers.mail import Mail, Mailer, choose
from tests.standins.relay import relaying

SENDER = "Guildhall <noreply@guildhall.example>"


@dataclass(frozen=True)
class Box:
    """A mailer and what has arrived at its far side."""

    mailer: Mailer
    arrived: Callable[[], list[EmailMessage]]


@asynccontextmanager
async def by_folder(tmp_path: Path) -> AsyncIterator[Box]:
    def arrived() -> list[EmailMessage]:
        return [message_from_bytes(path.read_bytes(), policy=default) for path in (tmp_path / "mail").glob("*.eml")]

    yield Box(choose("folder:var/mail", SENDER, tmp_path), arrived)


@asynccontextmanager
async def by_smtp(tmp_path: Path) -> AsyncIterator[Box]:
    async with relaying() as relay:
        yield Box(choose(f"smtp://127.0.0.1:{relay.port}", SENDER, tmp_path), lambda: relay.letters)


ADAPTERS = {"folder": by_folder, "smtp": by_smtp}


def mail(**parts: Any) -> Mail:
    usual = Mail("Zoë <zoe@guildhall.example>", "Willkommen, Zoë", "Guten Tag\n", uuid4().hex)
    return replace(usual, **parts)


async def refusal(doing: Awaitable[None]) -> ProviderRefused:
    with pytest.raises(ProviderRefused) as caught:
        await doing
    return caught.value
