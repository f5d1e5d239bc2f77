"""Which files a page names."""

import gzip
import json
from pathlib import Path

import pytest

from server.web.assets import DIST, Assets, NotBuilt

MANIFEST = {
    "styles/house.css": {"file": "assets/house-1.css"},
    "src/entries/room.ts": {"file": "assets/room-2.js", "css": ["assets/room-3.css"], "imports": ["_wire.js"]},
    "_wire.js": {"file": "assets/wire-4.js", "css": ["assets/wire-5.css"], "imports": ["_far.js"]},
    "_far.js": {"file": "assets/far-6.js", "imports": ["_wire.js"]},
}


def test_the_house_stands_before_a_pages_own_styles() -> None:
    styles = Assets(MANIFEST).styles("room")
    assert styles == tuple(f"/static/dist/assets/{name}.css" for name in ("house-1", "room-3", "wire-5"))


def test_modules_are_preloaded_near_and_far_once() -> None:
    assert Assets(MANIFEST).preloads("room") == ("/static/dist/assets/wire-4.js", "/static/dist/assets/far-6.js")


def test_a_page_without_script_names_no_module() -> None:
    head = Assets.load().head("public", script=False)
    assert "script" not in head
    assert "modulepreload" not in head


def test_a_nonce_stands_on_every_style_and_script() -> None:
    head = Assets.load().head("room", nonce="abc")
    tags = [line for line in head.splitlines() if "stylesheet" in line or "module" in line]
    assert len(tags) >= 3
    assert all('nonce="abc"' in tag for tag in tags)


def test_an_unbuilt_front_end_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="uv sync"):
        Assets.load(tmp_path)
    with pytest.raises(NotBuilt, match="nothing"):
        Assets(MANIFEST).styles("nothing")


def test_every_built_text_file_has_compressed_siblings_of_the_same_bytes() -> None:
    files = [path for path in DIST.rglob("*") if path.suffix in {".js", ".css"} and ".vite" not in path.parts]
    assert files
    for path in files:
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes()
        assert path.with_name(f"{path.name}.br").is_file()


def test_every_entry_of_the_manifest_is_on_disk() -> None:
    manifest = json.loads((DIST / ".vite" / "manifest.json").read_text())
    assert all((DIST / chunk["file"]).is_file() for chunk in manifest.values())
