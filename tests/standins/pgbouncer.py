"""A PgBouncer in transaction mode in front of a test's PostgreSQL: few connections of the server, lent to many."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.embedded.child import Child, best_mode
from tests.waiting import until

BUILT = Path(__file__).parents[2] / ".boot" / "pgbouncer"
USERS = ("guildhall_owner", "guildhall_app", "guildhall_relay", "guildhall_backup")
CONFIGURATION = """
[databases]
* = host={folder}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 300
max_prepared_statements = {prepared}
"""


@asynccontextmanager
async def pooling(database_url: str, folder: Path, size: int = 3, prepared: int = 300) -> AsyncIterator[int]:
    """The port of a PgBouncer that lends `size` connections of each role; skipped without one, but never in CI."""
    program = str(BUILT) if BUILT.exists() else shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if not _carries_statements(program):
        why_not = os.environ.get("NO_PGBOUNCER")
        assert why_not or not os.environ.get("CI"), "CI has to have PgBouncer: .ci/pgbouncer"
        pytest.skip(why_not or "no PgBouncer 1.21 or newer here: .ci/pgbouncer makes one")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    users, configuration = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text("".join(f'"{user}" ""\n' for user in USERS))
    (server,) = parse_qs(urlsplit(database_url).query)["host"]
    configuration.write_text(CONFIGURATION.format(folder=server, port=port, users=users, size=size, prepared=prepared))
    child = Child([str(program), "-q", str(configuration)], best_mode(), folder / "log" / "pgbouncer.log")
    try:
        await until(lambda: _listens(port))
        yield port
    finally:
        child.stop(((signal.SIGINT, 3.0),))


def pooled(url: str, role: str, port: int) -> str:
    """The database at `url` as a role reaches it through the PgBouncer at `port`."""
    return f"postgresql://{role}@127.0.0.1:{port}{urlsplit(url).path}"


def _carries_statements(program: str | None) -> bool:
    if program is None:
        return False
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = said.split()[1].split(".")[:2]
    return (int(major), int(minor)) >= (1, 21)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
