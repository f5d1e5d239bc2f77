"""Makes `built/` from the npm packages: the headless Chromium, its libraries, fonts it can use, credential contexts.

Run by the build hook after `npm ci --ignore-scripts`, or by hand: `python build.py` with fonttools and brotli.
"""

import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
from fontTools.merge import Merger, Options
from fontTools.ttLib import woff2

LETTERS = ("vollkorn", "commissioner")
WEIGHTS = ("400", "600")
CONTEXTS = {
    "credentials-v2.json": "credentials-v2-context/contexts/credentials-v2.jsonld",
    "open-badges-3.0.3.json": "open-badges-context/js/contexts/context-3.0.3.js",
}
FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">guildhall-fonts</cachedir>
  <alias binding="same"><family>serif</family><prefer><family>Vollkorn</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>Commissioner</family></prefer></alias>
</fontconfig>
"""


def build(folder: Path) -> None:
    """Replace `folder`/built by a new one, whole or not at all; raises OSError or CalledProcessError with the cause."""
    fresh = Path(tempfile.mkdtemp(prefix=".built-", dir=folder))
    (fresh / "fonts").mkdir()
    try:
        work = [sys.executable, str(Path(__file__).resolve()), str(folder), str(fresh)]
        shares = [subprocess.Popen([*work, share]) for share in SHARES]
        failed = [share.args for share in shares if share.wait()]
        if failed:
            raise subprocess.CalledProcessError(1, str(failed[0]))
        fresh.chmod(0o755)
        shutil.rmtree(folder / "built", ignore_errors=True)
        fresh.rename(folder / "built")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def take_browser_and_letters(packages: Path, out: Path) -> None:
    """The browser, the two faces of the design, the fonts of the smaller scripts, and the contexts."""
    unpack_browser(packages / "@sparticuz/chromium/bin", out)
    (out / "fonts.conf").write_text(FONTCONFIG)
    for family in LETTERS:
        for weight in WEIGHTS:
            merge(
                sorted((packages / f"@fontsource/{family}/files").glob(f"*-{weight}-normal.woff2")), out, family, weight
            )
    convert((path for path in faces(packages) if not path.name.startswith(IDEOGRAPHS)), out)
    write_contexts(packages, out)


def take_ideographs(packages: Path, out: Path) -> None:
    """The fonts of Chinese, Japanese and Korean, each some hundred files by range."""
    convert((path for path in faces(packages) if path.name.startswith(IDEOGRAPHS)), out)


IDEOGRAPHS = tuple(f"noto-sans-{language}-" for language in ("jp", "kr", "sc", "tc"))
SHARES: dict[str, Callable[[Path, Path], None]] = {
    "browser": take_browser_and_letters,
    "ideographs": take_ideographs,
}


def unpack_browser(source: Path, out: Path) -> None:
    """The executable, and the libraries that a machine without a browser may lack."""
    (out / "chromium").write_bytes(brotli.decompress((source / "chromium.br").read_bytes()))
    (out / "chromium").chmod(0o755)
    libraries = io.BytesIO(brotli.decompress((source / "al2023.tar.br").read_bytes()))
    with tarfile.open(fileobj=libraries) as archive:
        # As a property, because the Python 3.11.2 of Debian 12 does not know it as an argument.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        for member in archive:
            archive.extract(member, out)


def faces(packages: Path) -> Iterator[Path]:
    """The upright variable face of each range of each Noto family, Latin only once."""
    for path in sorted((packages / "@fontsource-variable").glob("*/files/*-wght-normal.woff2")):
        family, part = path.parent.parent.name, path.name.removesuffix("-wght-normal.woff2")
        if family == "noto-sans" or part.removeprefix(f"{family}-") not in {"latin", "latin-ext", "vietnamese"}:
            yield path


def convert(sources: Iterator[Path], out: Path) -> None:
    """Each woff2 file as TrueType, which is all that the browser's font library reads."""
    for source in sources:
        woff2.decompress(source, out / "fonts" / f"{source.stem}.ttf")


def merge(parts: list[Path], out: Path, family: str, weight: str) -> None:
    """The ranges of one face as one font, so that a name in mixed letters is set from one hand."""
    with tempfile.TemporaryDirectory() as room:
        loose = [Path(room) / f"{part.stem}.ttf" for part in parts]
        for part, plain in zip(parts, loose, strict=True):
            woff2.decompress(part, plain)
        hints = Options(drop_tables=["fpgm", "prep", "cvt ", "gasp", "hdmx", "VDMX"])
        font = Merger(hints).merge([str(plain) for plain in loose])
    for name in (1, 16):
        font["name"].setName(family.title(), name, 3, 1, 0x409)
    font.save(out / "fonts" / f"{family}-{weight}.ttf")


def write_contexts(packages: Path, out: Path) -> None:
    """The JSON-LD contexts that credentials are signed under, as their authors publish them on npm."""
    (out / "contexts").mkdir()
    for name, source in CONTEXTS.items():
        text = (packages / "@digitalcredentials" / source).read_text()
        context = json.loads(text.rpartition("module.exports =")[2])
        (out / "contexts" / name).write_text(json.dumps(context, ensure_ascii=False))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        build(Path(__file__).parent)
    else:
        packages_of, into, share_name = sys.argv[1:]
        SHARES[share_name](Path(packages_of) / "node_modules", Path(into))
