"""A real nginx, unprivileged, on ports and in a folder of its own, that serves the written site."""

import contextlib
import io
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from cli import nginx
from cli.nginx import Front
from settings import Settings
from tests.nginx.authority import Authority
from tests.slices.installation import free_port
from tests.webapp import Reply

HOST = "guildhall.test"
NOBODY = 65534
START_SECONDS = 10.0
MAIN = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/guildhall.conf;
}}
"""


def program() -> str:
    """The nginx of this machine; where there is none CI fails, and elsewhere the test is skipped."""
    found = find()
    if found is None and os.environ.get("CI"):
        pytest.fail("There is no nginx here: `.ci/run` installs it (on Debian and Ubuntu: apt install nginx-light).")
    if found is None:
        pytest.skip("there is no nginx here (on Debian and Ubuntu: apt install nginx-light)")
    return found


def find() -> str | None:
    """Where nginx is, if anywhere: Debian keeps it out of the PATH of ordinary users."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens."""

    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        """What people type."""
        return f"https://{HOST}:{self.https}"


@dataclass(frozen=True, slots=True)
class Running:
    """A running nginx, and a client that finds every host at it and trusts its certificates alone."""

    ports: Ports
    folder: Path
    authority: Authority
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """The origin of the installation."""
        return self.ports.origin

    async def get(self, path: str, *, host: str = HOST, **headers: str) -> Reply:
        """One page, over TLS."""
        return await self.ask("GET", path, host=host, **headers)

    async def ask(self, method: str, path: str, *, host: str = HOST, body: Any = None, **headers: str) -> Reply:
        """One request, over TLS."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"https://{host}:{self.ports.https}{path}"
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        async with self.session.request(method, url, data=data, headers=sent, allow_redirects=False) as answer:
            return Reply(answer.status, answer.headers, await answer.read(), None)

    @property
    def log(self) -> str:
        """Its log of requests."""
        return (self.folder / "requests.log").read_text()


class Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Loopback."""
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


@contextlib.asynccontextmanager
async def fronting(settings: Settings, ports: Ports, folder: Path, *hosts: str) -> AsyncIterator[Running]:
    """nginx before the web process of `settings`, with certificates for `hosts` too, until the block ends."""
    authority = Authority()
    for host in (HOST, *hosts):
        authority.certify(folder / "certificates" / host, host, f"*.{host}")
    front = Front(
        upstream="", certificates=folder / "certificates", cache=folder / "cache", log=folder / "requests.log",
        challenges=folder / "challenges", http=ports.http, https=ports.https, ipv6=False,
    )  # fmt: skip
    nginx.write(settings, front, folder)
    connector = aiohttp.TCPConnector(resolver=Here(), ssl=authority.trusting(), use_dns_cache=False)
    with running(folder, ports):
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Running(ports, folder, authority, session)


@contextlib.contextmanager
def running(folder: Path, ports: Ports) -> Iterator[int]:
    """The program over the site in `folder`, until the block ends, by its number; it may write nowhere else."""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    account: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    if account:
        give(folder, NOBODY)
    words = [program(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **account)
    try:
        _await_port(process, ports.https, folder)
        yield process.pid
    finally:
        process.terminate()
        process.communicate(timeout=10)


def give(folder: Path, account: int) -> None:
    """Let all below `folder` belong to `account`."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account, account)


def _await_port(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nginx did not start: {(folder / 'error.log').read_text()[-2000:]}")


def handshake(
    running: Running, host: str, *protocols: str, version: ssl.TLSVersion | None = None
) -> tuple[str | None, str | None]:
    """The version and protocol that one handshake as `host` agrees on; ssl.SSLError when it is refused."""
    context = running.authority.trusting()
    context.set_alpn_protocols(list(protocols))
    if version is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", running.ports.https), 5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.version(), secure.selected_alpn_protocol()
