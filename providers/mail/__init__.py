"""Mail out of the house: one message to one person, by a folder or by SMTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast


@dataclass(frozen=True, slots=True)
class Mail:
    """A message ready to go; `message_id` is ours and the same when it is sent again, `html` may be missing."""

    to: str
    subject: str
    text: str
    message_id: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Where mail goes."""

    async def send(self, mail: Mail) -> None:
        """Hand the mail over for good; ProviderDown (again later) or ProviderRefused (`bad_mail`, `mail_refused`)."""

    async def probe(self) -> None:
        """Pass when mail would be taken; the error's sentence names the setting to look at."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Place:
    """What every adapter may need to know: whom mail is from, and the folder for state."""

    sender: str
    home: Path


class Adapter(Protocol):
    """A module of this package that opens one kind of mailer."""

    def open_mailer(self, setting: str, place: Place) -> Mailer:
        """The mailer that the whole setting names; ValueError with a sentence when it is wrong."""


ADAPTERS = {"folder": "providers.mail.folder", "smtp": "providers.mail.smtp", "smtps": "providers.mail.smtp"}
"""Scheme of the setting MAIL → module with `open_mailer`; loaded only when chosen."""


def choose(setting: str, sender: str, home: Path) -> Mailer:
    """The mailer that MAIL names; ValueError with a sentence that says what would be right."""
    scheme = setting.partition(":")[0]
    if scheme not in ADAPTERS:
        raise ValueError(f"MAIL is {scheme!r}:…; it should be folder:var/mail or smtp://user:password@host:587.")
    return cast(Adapter, import_module(ADAPTERS[scheme])).open_mailer(setting, Place(sender, home))
