"""The stores that the contract of object storage is held against, each opened by its setting."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from providers.storage import ObjectStore, choose
from providers.storage.gcs import GcsStore
from tests.standins.gcs import FarStorage, far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET

HOME = "http://127.0.0.1:1"


@asynccontextmanager
async def disk_store(folder: Path) -> AsyncIterator[ObjectStore]:
    """A folder of this machine."""
    opened = choose("disk:var/files", HOME, secrets.token_hex(16), folder)
    yield opened
    await opened.close()


@asynccontextmanager
async def gcs_store(folder: Path) -> AsyncIterator[ObjectStore]:
    """A bucket of the stand-in."""
    async with far_gcs(folder) as (_, opened):
        yield opened


@asynccontextmanager
async def far_gcs(folder: Path, keys: Path | None = None) -> AsyncIterator[tuple[FarStorage, GcsStore]]:
    """A bucket of the stand-in, opened by what an operator would set, and the stand-in itself."""
    async with far_storage() as (far, url):
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("STORAGE_EMULATOR_HOST", url)
            environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file(keys or folder.parent, url)))
            opened = choose(f"gcs:{BUCKET}", HOME, secrets.token_hex(16), folder)
        assert isinstance(opened, GcsStore)
        try:
            yield far, opened
        finally:
            await opened.close()
