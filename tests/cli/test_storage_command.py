"""`guildhall storage prepare`, as the shell meets it, against the stand-in's bucket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.cli.test_commands import guildhall
from tests.standins.gcs import FarStorage, far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET

Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def far() -> AsyncIterator[tuple[FarStorage, str]]:
    async with far_storage() as both:
        yield both


@pytest.fixture
def run(far: tuple[FarStorage, str], tmp_path: Path) -> Run:
    """Prepares the bucket: exit code and all that was said."""

    async def asked(storage: str = f"gcs:{BUCKET}") -> tuple[int, str]:
        done = await asyncio.to_thread(
            guildhall, tmp_path, "storage", "prepare",
            STORAGE=storage, BASE_URL="https://school.example", STORAGE_EMULATOR_HOST=far[1],
            SECRET_KEY="s" * 40, GOOGLE_APPLICATION_CREDENTIALS=str(key_file(tmp_path, far[1])),
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return asked


async def test_a_bucket_is_prepared_once_and_what_others_set_stays(far: tuple[FarStorage, str], run: Run) -> None:
    theirs = {"origin": ["https://other.example"], "method": ["GET"]}
    far[0].bucket["cors"] = [theirs]
    code, said = await run()
    assert code == 0, said
    assert "https://school.example" in said
    bucket = far[0].bucket
    assert bucket["cors"][0] == theirs
    assert bucket["cors"][1]["origin"] == ["https://school.example"]
    assert bucket["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    assert bucket["iamConfiguration"]["uniformBucketLevelAccess"] == {"enabled": True}
    assert bucket["lifecycle"]["rule"][0]["action"]["type"] == "AbortIncompleteMultipartUpload"
    code, said = await run()
    assert code == 0
    assert "Nothing was changed" in said
    assert len([call for call in far[0].calls if call.startswith("PATCH")]) == 1


async def test_whoever_may_not_change_the_bucket_is_told_the_role(far: tuple[FarStorage, str], run: Run) -> None:
    far[0].forbidden = True
    code, said = await run()
    assert (code, "roles/storage.admin" in said) == (1, True)


async def test_a_folder_needs_no_preparing(run: Run) -> None:
    code, said = await run("disk:var/files")
    assert (code, "gcs:BUCKET" in said) == (1, True)
