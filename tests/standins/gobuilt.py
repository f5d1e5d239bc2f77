"""Vendors' own test servers that are written in Go: built once into the checkout where Go is present."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BUILT = Path(__file__).parents[2] / ".boot" / "go"
# Without optimising: what is built serves some hundred requests, and building it is most of what it costs.
QUICKLY = ("-gcflags=all=-N -l", "-ldflags=-s -w")


def built(module: str, version: str) -> Path:
    """The program of a Go module; the test is skipped where there is no Go, but never fails silently in CI."""
    program = BUILT / f"{Path(module).name}-{version}"
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None:
        pytest.skip(f"Go is not installed, so {module} cannot be built")
    fresh = BUILT / f"build-{os.getpid()}"
    done = subprocess.run(
        [go, "install", *QUICKLY, f"{module}@{version}"],
        env={**os.environ, "GOBIN": str(fresh), "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -modcacherw"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"{module} could not be built: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    (fresh / Path(module).name).rename(program)
    fresh.rmdir()
    return program
