"""Elasticsearch itself, on loopback: built once into the checkout by Maven, one node per test worker."""

import fcntl
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

HERE = Path(__file__).parent
BUILT = HERE.parents[2] / ".boot" / "elasticsearch"
SECONDS = 90


class NoEngine(Exception):
    """Elasticsearch cannot be built here; the sentence says what is lacking."""


class Node:
    """A node with its data in `home`; it can be killed, and started again at the same address."""

    def __init__(self, home: Path) -> None:
        self._home, self._classes = home, built()
        self._ports = [str(_free()), str(_free())]
        self.url = f"http://127.0.0.1:{self._ports[0]}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self._home / "config").mkdir(parents=True, exist_ok=True)
        classes = f"{self._classes / 'classes'}:{self._classes / 'lib'}/*"
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["java", "-Xmx384m", "-XX:+UseSerialGC", "-Des.path.home=" + str(self._home), "-cp", classes,
                 "guildhall.Engine", str(self._home), *self._ports], stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError((self._home / "log").read_text()[-2000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def build_beside() -> Callable[[], None]:
    """Begin to build in a process of its own, for which `built` waits; what it returns is to be called at the end."""
    building = subprocess.Popen(
        [sys.executable, "-c", "from tests.standins.elasticsearch import built; built()"],
        cwd=HERE.parents[2], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip

    def end() -> None:
        building.wait()

    return end


def built() -> Path:
    """The folder with the node's classes; NoEngine where Java or Maven is absent."""
    sources = sorted(
        path for path in HERE.rglob("*") if path.is_file() and path.suffix in {".java", ".xml", ".properties"}
    )
    whole = BUILT / sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    if missing := [each for each in ("java", "javac", "mvn") if shutil.which(each) is None]:
        raise NoEngine(f"{' and '.join(missing)} not installed, so Elasticsearch cannot be built")
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            _build(whole)
    return whole


def _build(whole: Path) -> None:
    fresh = BUILT / "build"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(HERE / "src" / "main" / "resources", fresh / "classes")
    copied = ("dependency:copy-dependencies", f"-DoutputDirectory={fresh / 'lib'}")
    _run("mvn", "-q", "-B", "-f", HERE / "pom.xml", *copied)
    java = sorted((HERE / "src" / "main" / "java").rglob("*.java"))
    _run("javac", "-nowarn", "-d", fresh / "classes", "-cp", f"{fresh / 'lib'}/*", *java)
    fresh.rename(whole)


def _run(*words: str | Path) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise NoEngine(f"{words[0]} failed: {(done.stderr or done.stdout)[-800:]}")


def _free() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
