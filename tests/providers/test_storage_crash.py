"""The disk store under a full disk, kills and crashes: nothing half-written, nothing lost."""

import asyncio
import resource
import secrets
import signal
import sys
from pathlib import Path

import aiohttp
import google_crc32c
import pytest

from providers import ProviderRefused
from providers.storage import GRAIN, shelf, uploads
from providers.storage.disk import DiskStore
from tests.providers.storing import key, put


async def test_a_full_disk_is_a_sentence_and_what_was_held_stays(
    store: DiskStore, browser: aiohttp.ClientSession
) -> None:
    name, content = key(), secrets.token_bytes(900_000)
    url = await store.sign_upload(name, len(content), "video/mp4")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        answer = await put(browser, url, content)
        with pytest.raises(ProviderRefused, match="full"):
            await store.put(key(), content, "video/mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.status == 507
    assert "full" in (await answer.json())["error"]["message"]
    assert await store.resumable(url).offset() == 500_000
    assert (await put(browser, url, content)).status == 200
    assert b"".join([block async for block in store.open_range(name)]) == content


WRITER = """
import asyncio, sys
from pathlib import Path
from providers.storage.disk import DiskStore
from providers.storage.signing import Signer
async def main():
    session = DiskStore(Path(sys.argv[1]), "http://x", Signer("a" * 16)).resumable(sys.argv[2])
    at = await session.offset()
    with open(sys.argv[3], "rb") as source:
        source.seek(at)
        while chunk := source.read(262144):
            last = len(chunk) < 262144
            await session.write(chunk, last)
            print(str(source.tell()).zfill(16000), flush=True)
asyncio.run(main())
"""


async def test_a_writer_killed_again_and_again_still_makes_the_same_file(store: DiskStore, tmp_path: Path) -> None:
    name, content = key(), secrets.token_bytes(70 * GRAIN + 1)
    (tmp_path / "source").write_bytes(content)
    url = await store.start_resumable(name, "video/mp4", len(content))
    for kills in range(4):
        arguments = (sys.executable, "-c", WRITER, str(store.shelf.root), url, str(tmp_path / "source"))
        child = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert child.stdout
        if kills < 3:
            # The lines are long, so that the pipe holds the writer back and the kill always comes half-way.
            for _ in range(4):
                await child.stdout.readline()
            child.kill()
        await child.communicate()
        assert child.returncode == (-signal.SIGKILL if kills < 3 else 0)
    info = await store.resumable(url).finalise()
    assert info.crc32c == google_crc32c.value(content)
    assert b"".join([block async for block in store.open_range(name)]) == content


@pytest.mark.parametrize("step", ["rename", "write_whole"])
async def test_a_crash_while_publishing_is_finished_by_the_next_call(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    name = key()
    url = await store.start_resumable(name, "video/mp4", 5, if_generation=0)
    upload = uploads.Upload(store.shelf, url.rpartition("/")[2])
    upload.append(0, b"hello")
    with monkeypatch.context() as patched:
        crash(patched, step)
        with pytest.raises(KeyboardInterrupt):
            upload.finish()
    info = await store.resumable(url).finalise()
    assert info == await store.head(name)
    assert b"".join([block async for block in store.open_range(name)]) == b"hello"


def crash(patched: pytest.MonkeyPatch, step: str) -> None:
    """Die before the data is moved, or after it and before the record is written."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    real = shelf.write_whole
    if step == "rename":
        patched.setattr(Path, "rename", die)
    else:
        patched.setattr(shelf, "write_whole", lambda path, content: die() if "@" in path.name else real(path, content))
