"""Objects on a disk: each is a data file and a small record, and replacing the record is what publishes it.

`c/…/lesson.mp4` is the pair `lesson.mp4@{generation}` and `lesson.mp4@about`. A reader sees the old object or the new
one, never half of either; a crash between the two steps leaves a data file nobody names, which `sweep` removes.
"""

import errno
import fcntl
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import orjson

from providers import ProviderDown, ProviderRefused
from providers.storage import ObjectInfo
from providers.storage.keys import checked_key, checked_prefix

_STALE = 24 * 3600
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished file that waits to become an object."""

    content_type: str
    size: int
    crc32c: int
    if_generation: int | None = None


class Shelf:
    """The objects below one folder, shared by every process that opens it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("objects", "uploads", "new", "locks"):
            (root / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def new_file(self) -> Path:
        """A path nobody else has, on the same disk as the objects."""
        return self.root / "new" / secrets.token_hex(16)

    def publish(self, key: str, data: Path, draft: Draft, note: Path | None = None) -> ObjectInfo:
        """Make `data` the object at `key`; with a `note`, again after a crash finishes the same publication."""
        place = self._place(key)
        with self._locked(key), disk_trouble_named():
            current = self.info(key)
            info = read_info(note) if note else None
            if info and current and current.generation >= info.generation:
                return info
            check_generation(current, draft.if_generation)
            info = info or _described(draft, current)
            if note:
                write_whole(note, orjson.dumps(info))
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                data.rename(_data(place, info))
            if not _data(place, info).exists():
                raise ProviderRefused("That file was stored and has been removed since.", "no_such_object", 404)
            write_whole(_about(place), orjson.dumps(info))
            if current:
                _data(place, current).unlink(missing_ok=True)
            return info

    def info(self, key: str) -> ObjectInfo | None:
        """What lies at `key`, or None."""
        return read_info(_about(self._place(key)))

    def find(self, key: str) -> tuple[ObjectInfo, Path] | None:
        """What lies at `key` and the file that holds its bytes, or None."""
        info = self.info(key)
        return (info, _data(self._place(key), info)) if info else None

    def open(self, key: str) -> tuple[ObjectInfo, BinaryIO]:
        """The object opened for reading, unhurt by a later replacement; 404 `no_such_object`."""
        for _ in range(3):
            found = self.find(key)
            if not found:
                break
            with suppress(FileNotFoundError):
                return found[0], found[1].open("rb")
        raise ProviderRefused("There is no file by that name.", "no_such_object", 404)

    def delete(self, key: str) -> bool:
        """Remove the object; False when there was none."""
        with self._locked(key):
            found = self.find(key)
            if found:
                _about(self._place(key)).unlink()
                found[1].unlink(missing_ok=True)
            return found is not None

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object below `prefix`: out of sight at once, then from the disk."""
        aside = self.new_file()
        with suppress(FileNotFoundError):
            (self.root / "objects" / checked_prefix(prefix)).rename(aside)
            shutil.rmtree(aside)

    def sweep(self) -> int:
        """Remove day-old files that no object and no upload names; how many."""
        old = time.time() - _STALE
        leftovers = [path for path in (self.root / "new").iterdir() if path.stat().st_mtime < old]
        leftovers += [path for path in self._nameless() if path.stat().st_mtime < old]
        for path in leftovers:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        return len(leftovers)

    def _nameless(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.root / "objects"):
            for name in names:
                stem, _, generation = name.rpartition("@")
                info = read_info(Path(folder, f"{stem}@about"))
                if generation != "about" and (not info or str(info.generation) != generation):
                    yield Path(folder, name)

    def _place(self, key: str) -> Path:
        return self.root / "objects" / checked_key(key)

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with locked(self.root / "locks" / str(zlib.crc32(key.encode()) % 64)):
            yield


def check_generation(current: ObjectInfo | None, wanted: int | None) -> None:
    """412 `precondition` unless the object is at the generation asked for (0: does not exist, None: any)."""
    if wanted is not None and wanted != (current.generation if current else 0):
        raise ProviderRefused("A file by that name is there already, or has changed.", "precondition", 412)


def read_info(path: Path) -> ObjectInfo | None:
    """The record in the file, or None when there is no file."""
    try:
        return ObjectInfo(**orjson.loads(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file by `content` so that after any crash it is the old one or the new one."""
    fresh = path.with_name(f"{path.name}@{secrets.token_hex(8)}")
    try:
        with fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_all(file: FileIO, block: bytes) -> None:
    """Write the whole block to an unbuffered file, or as much as the disk takes and then raise."""
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


def sync_folder(folder: Path) -> None:
    """Make the names in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else holds `path` meanwhile, in any process; a killed holder lets go."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def disk_trouble_named() -> Iterator[None]:
    """Trouble with the disk becomes a sentence: full is 507 `storage_full`, the rest ProviderDown."""
    try:
        yield
    except OSError as trouble:
        if trouble.errno in _FULL:
            said = "The disk that holds the files is full. Free some space on it and try again."
            raise ProviderRefused(said, "storage_full", 507) from trouble
        raise ProviderDown(
            f"The folder of the files cannot be written: {trouble.strerror}. Check its owner."
        ) from trouble


def _described(draft: Draft, current: ObjectInfo | None) -> ObjectInfo:
    generation = max(time.time_ns() // 1000, current.generation + 1 if current else 0)
    return ObjectInfo(draft.size, draft.crc32c, draft.content_type, generation)


def _about(place: Path) -> Path:
    return place.with_name(f"{place.name}@about")


def _data(place: Path, info: ObjectInfo) -> Path:
    return place.with_name(f"{place.name}@{info.generation}")
