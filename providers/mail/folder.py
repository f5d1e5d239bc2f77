"""The embedded mailer: each mail is an `.eml` file in a folder, and the viewer reads them back."""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from pathlib import Path

from providers import ProviderDown, under_home
from providers.mail import Mail, Place
from providers.mail.letters import checked_address, compose

_NAME = re.compile(r"[0-9a-f]{32}")
_LETTER_LIMIT = 4 * 1024 * 1024
_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the viewer's list; `id` is what `letter` takes."""

    id: str
    to: str
    sender: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole mail as it was written; `html` is untrusted, to be shown only in a sandboxed frame."""

    summary: Summary
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str | None


def open_mailer(setting: str, place: Place) -> "Folder":
    """The mailer into the folder that `folder:path` names."""
    named = setting.partition(":")[2]
    if not named or "\0" in named:
        raise ValueError("MAIL names no folder; it should be, for example, folder:var/mail.")
    checked_address(place.sender)
    try:
        return Folder(under_home(named, place.home), place.sender)
    except OSError as trouble:
        raise ValueError(f"MAIL: the folder {named} cannot be used: {trouble.strerror}.") from trouble


class Folder:
    """Mailer whose mail anyone with the folder can read; the same id twice is one file, and the first stands."""

    def __init__(self, root: Path, sender: str) -> None:
        self._root = root
        self._sender = sender
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def send(self, mail: Mail) -> None:
        """Write the mail into the folder, whole or not at all."""
        letter = compose(mail, self._sender)
        name = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32]
        await asyncio.to_thread(self._write, self._root / f"{name}.eml", letter.as_bytes())

    async def letters(self, limit: int = 50, skip: int = 0) -> list[Summary]:
        """The newest mails first; what is no mail is passed over."""
        return await asyncio.to_thread(self._letters, max(0, min(limit, 200)), max(0, skip))

    async def letter(self, name: str) -> Letter | None:
        """One mail by the id of its summary, or None."""
        if not _NAME.fullmatch(name):
            return None
        return await asyncio.to_thread(_read, self._root / f"{name}.eml")

    async def probe(self) -> None:
        """ProviderDown when the folder cannot be written."""
        if not await asyncio.to_thread(os.access, self._root, os.W_OK | os.X_OK):
            raise ProviderDown(f"The mail folder {self._root} cannot be written. Check MAIL.")

    async def close(self) -> None:
        """Nothing to let go of."""

    def _write(self, path: Path, content: bytes) -> None:
        fresh = self._root / f".{secrets.token_hex(16)}"
        try:
            with fresh.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # A link, unlike a rename, fails where the name is taken: the first mail of an id stands.
            path.hardlink_to(fresh)
        except FileExistsError:
            return
        except OSError as trouble:
            raise ProviderDown(f"The mail folder cannot be written: {trouble.strerror}. Check MAIL.") from trouble
        finally:
            fresh.unlink(missing_ok=True)

    def _letters(self, limit: int, skip: int) -> list[Summary]:
        files = [
            (entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(self._root) if entry.name.endswith(".eml")
        ]
        newest = sorted(files, reverse=True)[skip : skip + limit]
        found = (_summary(Path(path)) for _, path in newest if _NAME.fullmatch(Path(path).stem))
        return [summary for summary in found if summary]


def _read(path: Path) -> Letter | None:
    summary, letter = _summary(path), _parse(path, _LETTER_LIMIT)
    if summary is None or letter is None:
        return None
    headers = tuple((name, _said(partial(letter.get, name))) for name in letter)
    html = letter.get_body(("html",))
    return Letter(summary, headers, _body(letter.get_body(("plain",))), _body(html) if html else None)


def _summary(path: Path) -> Summary | None:
    letter = _parse(path, _HEAD)
    if letter is None:
        return None
    to, sender, subject = (_said(partial(letter.get, name)) for name in ("To", "From", "Subject"))
    return Summary(path.stem, to, sender, subject, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _parse(path: Path, most: int) -> EmailMessage | None:
    try:
        with path.open("rb") as file:
            return message_from_bytes(file.read(most), policy=default)
    except FileNotFoundError:
        return None


def _body(part: object) -> str:
    return _said(part.get_content) if isinstance(part, EmailMessage) else ""


def _said(ask: Callable[[], object]) -> str:
    """What a parsed mail says, as clean text; the parser raises these on a malformed one."""
    try:
        said = ask()
    except (ValueError, LookupError, AttributeError, TypeError):
        return "(unreadable)"
    return str(said or "").encode("utf-8", "replace").decode().replace("\0", "").replace("\r\n", "\n")
