"""Uploads under way on a disk: one folder each, whose data file's length is the only truth about how far it got."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import orjson

from providers import ProviderRefused
from providers.storage import ObjectInfo
from providers.storage.bounds import Bounds
from providers.storage.shelf import Draft, Shelf, disk_trouble_named, locked, read_info, write_all, write_whole

LIFE = 7 * 24 * 3600
"""Seconds an upload may take, as at Google Cloud Storage."""

_BLOCK = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-]{43}")


class OutOfStep(Exception):
    """A block came that does not follow what the store holds, which is `have` bytes."""

    def __init__(self, have: int) -> None:
        super().__init__(f"the store holds {have} bytes")
        self.have = have


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload was begun for; `size` None is not known yet, `expires` is Unix seconds."""

    key: str
    content_type: str
    size: int | None
    limit: int
    if_generation: int | None
    expires: float

    def check_room(self, end: int) -> None:
        """413 `too_large` when `end` bytes are more than was agreed."""
        Bounds(self.size, self.limit).check_room(end)

    def check_size(self, size: int) -> None:
        """400 `wrong_size` unless `size` bytes are what was announced."""
        Bounds(self.size, self.limit).check_size(size)


def begin(shelf: Shelf, plan: Plan) -> str:
    """Begin an upload and return its name, which nobody can guess."""
    plan.check_room(plan.size or 0)
    name = secrets.token_urlsafe(32)
    folder = shelf.root / "uploads" / name
    with disk_trouble_named():
        folder.mkdir(mode=0o700)
        write_whole(folder / "plan", orjson.dumps(plan))
    return name


def sweep(shelf: Shelf) -> int:
    """Remove the uploads whose time is over; how many."""
    folders = [folder for folder in (shelf.root / "uploads").iterdir() if _expired(folder)]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)


def _expired(folder: Path) -> bool:
    try:
        return bool(orjson.loads((folder / "plan").read_bytes())["expires"] <= time.time())
    except FileNotFoundError:
        return folder.stat().st_mtime + LIFE <= time.time()


class Upload:
    """One upload; several processes may hold it at once and the data file keeps them in step."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise _unknown()
        self._shelf = shelf
        self._folder = shelf.root / "uploads" / name
        self._data = self._folder / "data"
        self._summed, self._crc = 0, 0

    def plan(self) -> Plan:
        """What was agreed; 404 `no_such_upload` when it is unknown, given up or expired."""
        try:
            plan = Plan(**orjson.loads((self._folder / "plan").read_bytes()))
        except FileNotFoundError:
            raise _unknown() from None
        if plan.expires <= time.time():
            raise _unknown()
        return plan

    def done(self) -> ObjectInfo | None:
        """The object that came of it, or None while it is under way."""
        return self.finish() if read_info(self._folder / "done") else None

    def offset(self) -> int:
        """The bytes held for good: on the disk, and not only in the machine's memory."""
        if done := read_info(self._folder / "done"):
            return done.size
        with self._alone(), self._data.open("ab") as file:
            os.fsync(file.fileno())
            held = file.tell()
            self._keep_sum(held)
        return held

    def append(self, at: int, block: bytes) -> int:
        """Add `block`, which begins at byte `at`, and return the new length; OutOfStep when it does not follow."""
        with self._alone():
            if done := read_info(self._folder / "done"):
                raise OutOfStep(done.size)
            with self._data.open("ab", buffering=0) as file:
                if file.tell() != at:
                    raise OutOfStep(file.tell())
                write_all(file, block)
        if self._summed < at:
            self._recall_sum()
        if self._summed == at:
            self._crc, self._summed = google_crc32c.extend(self._crc, block), at + len(block)
        return at + len(block)

    def finish(self, crc32c: int | None = None) -> ObjectInfo:
        """Make the object; again, and after any crash: the same object. 400 `wrong_size`, 412 `precondition`.

        400 `wrong_sum`, and the upload is forgotten, when the bytes are not those whose sum was stated.
        """
        plan = self.plan()
        with self._alone():
            size = self._data.stat().st_size if self._data.exists() else 0
            if done := read_info(self._folder / "done"):
                draft = Draft(done.content_type, done.size, done.crc32c, plan.if_generation)
            else:
                plan.check_size(size)
                draft = Draft(plan.content_type, size, self._whole_sum(), plan.if_generation)
                if crc32c not in {None, draft.crc32c}:
                    self.abort()
                    raise wrong_sum()
            return self._shelf.publish(plan.key, self._data, draft, self._folder / "done")

    def abort(self) -> None:
        """Forget it; nothing happens when it is unknown."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _whole_sum(self) -> int:
        self._recall_sum()
        with self._data.open("ab+") as file:
            os.fsync(file.fileno())
            file.seek(self._summed)
            while block := file.read(_BLOCK):
                self._crc, self._summed = google_crc32c.extend(self._crc, block), self._summed + len(block)
        return self._crc

    def _keep_sum(self, held: int) -> None:
        if 0 < self._summed <= held:
            write_whole(self._folder / "sum", orjson.dumps([self._summed, self._crc]))

    def _recall_sum(self) -> None:
        try:
            kept, crc = orjson.loads((self._folder / "sum").read_bytes())
        except FileNotFoundError:
            return
        if kept > self._summed:
            self._summed, self._crc = kept, crc

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._folder.is_dir():
            raise _unknown()
        with disk_trouble_named(), locked(self._folder / "lock"):
            yield


def wrong_sum() -> ProviderRefused:
    """What arrived is not what the sender meant to send."""
    return ProviderRefused("The bytes that came do not have the checksum stated. Send the file anew.", "wrong_sum", 400)


def _unknown() -> ProviderRefused:
    return ProviderRefused("This upload is not known here, or has expired. Begin it again.", "no_such_upload", 404)
