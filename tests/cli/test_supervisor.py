"""The watch over processes: what dies comes back, what should end ends, and nothing is left behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import redis

from cli.supervisor import STEADY_SECONDS, Post
from providers.embedded import EmbeddedValkey
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@dataclass
class Toy:
    """A running toy world, seen from outside."""

    home: Path
    process: "subprocess.Popen[bytes]"

    def diary(self, name: str) -> list[str]:
        path = self.home / name
        return path.read_text().splitlines() if path.exists() else []

    async def lines(self, name: str, count: int) -> list[str]:
        async def enough() -> list[str]:
            return lines if len(lines := self.diary(name)) >= count else []

        return await until(enough)

    async def everyone(self) -> list[psutil.Process]:
        for name in ("calm", "stubborn", "failing", "web", "address"):
            await self.lines(name, 1)
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    async def ended(self, people: list[psutil.Process]) -> None:
        async def nobody_left() -> bool:
            self.process.poll()
            return not any(lives(process) for process in people)

        # A Valkey writes down what it holds before it ends, however busy the disk is.
        await until(nobody_left, within=40)


def lives(process: psutil.Process) -> bool:
    """Whether it runs, though it may end while it is looked at."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    home = Path(tempfile.mkdtemp(prefix="gh-"))
    world = Toy(home, start(home))
    try:
        people = await world.everyone()
        yield world
    finally:
        world.process.kill()
        world.process.wait()
    await world.ended(people)
    shutil.rmtree(home)


def start(home: Path) -> "subprocess.Popen[bytes]":
    with (home / "stderr").open("w") as stderr:
        return subprocess.Popen([sys.executable, "-m", "tests.cli.toy", str(home)], cwd=ROOT, stderr=stderr)


async def test_a_role_that_is_killed_is_launched_again_and_that_is_said(toy: Toy) -> None:
    [first] = await toy.lines("calm", 1)
    os.kill(int(first), signal.SIGKILL)
    _, second = await toy.lines("calm", 2)
    assert psutil.Process(int(second)).ppid() == toy.process.pid
    assert "calm ended (SIGKILL); starting it again in 0.1 s" in toy.diary("said")


async def test_a_role_that_fails_tells_why_and_is_tried_ever_more_rarely(toy: Toy) -> None:
    await toy.lines("failing", 3)
    told = [line for line in toy.diary("said") if line.startswith("failing")]
    assert told[:2] == [
        "failing ended (exit 1); starting it again in 0.1 s",
        "failing ended (exit 1); starting it again in 1 s",
    ]
    assert "LookupError: a fault of the role" in (toy.home / "stderr").read_text()


def test_pauses_double_up_to_half_a_minute_and_start_anew_after_a_steady_time(tmp_path: Path) -> None:
    post = Post(EmbeddedValkey(tmp_path))
    assert [post.note_end() for _ in range(8)] == [0.1, 1, 2, 4, 8, 16, 30, 30]
    post.launched_at -= STEADY_SECONDS + 1
    assert post.note_end() == 0.1


async def test_a_killed_embedded_server_comes_back_with_its_data(toy: Toy) -> None:
    [url] = await toy.lines("address", 1)

    async def answers() -> bool:
        try:
            with redis.Redis.from_url(url, retry=None) as line:
                return bool(line.ping())
        except redis.RedisError:
            return False

    await until(answers)
    with redis.Redis.from_url(url) as line:
        line.set("kept", "yes")
        line.connection_pool.disconnect()
        old = line.info("server")["process_id"]
        os.kill(old, signal.SIGKILL)

    async def another() -> bool:
        return await answers() and redis.Redis.from_url(url).info("server")["process_id"] != old

    await until(another)
    with redis.Redis.from_url(url) as line:
        assert line.get("kept") == b"yes"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_in_order_even_who_does_not_listen(toy: Toy, sign: signal.Signals) -> None:
    people = await toy.everyone()
    toy.process.send_signal(sign)
    assert await asyncio.to_thread(toy.process.wait, 5) == 0
    await toy.ended(people)
    assert toy.diary("calm")[-1] == "ended in order"


async def test_ctrl_c_reaches_the_parent_alone(toy: Toy) -> None:
    roles = [int((await toy.lines(name, 1))[0]) for name in ("calm", "stubborn", "web")]
    sessions = [os.getsid(pid) for pid in (toy.process.pid, *roles)]
    assert len(set(sessions)) == len(sessions)


async def test_killing_the_parent_leaves_nobody_behind(toy: Toy) -> None:
    people = await toy.everyone()
    toy.process.kill()
    await toy.ended(people)


async def test_the_socket_outlives_the_process_that_serves_it(toy: Toy) -> None:
    [first] = await toy.lines("web", 1)
    assert await visit(toy) == first
    served = psutil.Process(int(first))
    served.kill()
    await toy.ended([served])
    assert await visit(toy) == (await toy.lines("web", 2))[1]


async def visit(toy: Toy) -> str:
    """Who answers at the port; a connection made while nobody serves waits for the next one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int((toy.home / "port").read_text()))
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


async def test_a_hangup_replaces_the_rolling_roles_one_after_the_other_and_no_other(toy: Toy) -> None:
    await toy.lines("rolling", 4)
    toy.process.send_signal(signal.SIGHUP)
    turns = (await toy.lines("rolling", 10))[4:]
    assert turns == [f"{name} {does}" for name in ("one", "two") for does in ("ends", "starts", "ready")]
    assert len(toy.diary("calm")) == 1
    assert not [line for line in toy.diary("said") if line.startswith(("one ended", "two ended"))]
