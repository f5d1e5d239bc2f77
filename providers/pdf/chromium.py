"""Which Chromium runs here, with which fonts, and how it starts without rights over the machine."""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from providers.pdf.errors import PrinterDown

ENGINE = Path(__file__).parent / "engine" / "built"
SYSTEM = ("chromium-headless-shell", "chromium", "chromium-browser")
AS_NOBODY = Path(__file__).parent / "as_nobody.sh"
CURE = "Run `make run` again to unpack the one that comes with Guildhall, or set CHROMIUM to the path of a Chromium."
INHERITED = ("HOME", "PATH", "TMPDIR", "LANG", "LC_ALL")
NO_WAY_OUT = ("--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>")


@dataclass(frozen=True)
class Chromium:
    """One browser that can be started: where it came from, and whether its own sandbox can work on this machine.

    Where an ordinary user may make no namespaces, it runs as that user without the inner sandbox; `doctor` says so.
    """

    executable: Path
    origin: str
    sandboxed: bool

    def launch_options(self, *args: str) -> dict[str, Any]:
        """Keyword arguments for Playwright's `chromium.launch`, sync or async, `args` added to the command line."""
        as_root = os.geteuid() == 0 and self.sandboxed
        return {
            "executable_path": AS_NOBODY if as_root else self.executable,
            "args": list(args),
            "env": environment(self),
            "chromium_sandbox": self.sandboxed,
        }


def find(setting: str = "auto") -> Chromium:
    """The first of: the path in `setting`, the system's, the one in our package, Playwright's own.

    Raises PrinterDown with the cure when there is none, when its fonts were never unpacked, or when we are root on a
    machine that has no user namespaces.
    """
    if not (ENGINE / "fonts.conf").is_file():
        raise PrinterDown("The fonts to print with are not unpacked. Run `make run` again, which does it.")
    executable, origin = named(setting) if setting not in {"", "auto"} else located()
    sandboxed = namespaces_work()
    if os.geteuid() == 0 and not sandboxed:
        raise PrinterDown(
            "Chromium is not started as root on a machine without user namespaces: it would have every right. "
            "Run Guildhall as an ordinary user."
        )
    return Chromium(executable, origin, sandboxed or origin == "system")


def named(setting: str) -> tuple[Path, str]:
    """The executable that CHROMIUM names, by path or by a name on PATH."""
    found = shutil.which(setting)
    if found is None:
        raise PrinterDown(f"CHROMIUM is {setting!r}, and that is no program that runs. Set it to `auto`, or mend it.")
    return Path(found), "CHROMIUM"


def located() -> tuple[Path, str]:
    """The best Chromium that nobody named: the system's is kept patched, ours is always there after the build."""
    for name in SYSTEM:
        found = shutil.which(name)
        if found:
            return Path(found), "system"
    if (ENGINE / "chromium").is_file():
        return ENGINE / "chromium", "package"
    downloaded = sorted(playwright_folder().glob("chromium_headless_shell-*/chrome-*/*headless*shell"))
    if downloaded:
        return downloaded[-1], "playwright"
    raise PrinterDown(f"There is no Chromium on this machine. {CURE}")


def playwright_folder() -> Path:
    """Where `playwright install` puts its browsers."""
    return Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")


def environment(browser: Chromium) -> dict[str, str]:
    """What the browser may know of ours (no secrets), our fonts, and for our own package its libraries."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    fonts = {"FONTCONFIG_FILE": str(ENGINE / "fonts.conf"), "XDG_CACHE_HOME": str(ENGINE)}
    libraries = {"LD_LIBRARY_PATH": str(ENGINE / "lib")} if browser.executable.parent == ENGINE else {}
    return {**kept, **fonts, **libraries, "GUILDHALL_CHROMIUM": str(browser.executable)}


@functools.cache
def namespaces_work() -> bool:
    """Whether Chromium can build its sandbox here, found by doing what it does: some systems allow only half of it."""
    try:
        probe = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "true"]
        return subprocess.run(probe, capture_output=True, check=False, timeout=5).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
