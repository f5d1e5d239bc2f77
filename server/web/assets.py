"""The built front end: which hashed file stands for which source, and the tags that name it."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

DIST = Path(__file__).parent / "static" / "dist"
BASE = "/static/dist/"
HOUSE = "styles/house.css"
FONTS = (
    "node_modules/@fontsource-variable/vollkorn/files/vollkorn-latin-wght-normal.woff2",
    "node_modules/@fontsource-variable/commissioner/files/commissioner-latin-wght-normal.woff2",
)


class NotBuilt(RuntimeError):
    """The front end was never built, or does not hold what a page asks for; the message says what to run."""


class Assets:
    """Reads one Vite manifest; entries are named by their page kind (`public`, `room`, `lesson`, `studio`, `sheet`)."""

    def __init__(self, manifest: Mapping[str, Any], base: str = BASE, folder: Path = DIST) -> None:
        self._manifest = manifest
        self._folder = folder
        self._base = base

    @classmethod
    def load(cls, folder: Path = DIST) -> "Assets":
        """The assets built into `folder`; raises NotBuilt when there are none."""
        path = folder / ".vite" / "manifest.json"
        try:
            return cls(json.loads(path.read_text("utf-8")), folder=folder)
        except FileNotFoundError:
            raise NotBuilt("The front end is not built. Run `uv sync --reinstall-package guildhall`.") from None

    def head(self, entry: str, *, script: bool = True, nonce: str = "") -> Markup:
        """Every tag a page of this kind needs in its head: fonts, styles (the house's first), modules.

        Modules come after what is read: pages are whole without them, and on a slow line they would share it with the
        styles that the first paint waits for.
        """
        tags = [self._font(key) for key in FONTS]
        tags += [Markup('<link rel="stylesheet" href="{}"{}>').format(url, _nonce(nonce)) for url in self.styles(entry)]
        if script:
            tags += [
                Markup('<link rel="modulepreload" fetchpriority="low" href="{}"{}>').format(url, _nonce(nonce))
                for url in self.preloads(entry)
            ]
            module = Markup('<script type="module" fetchpriority="low" src="{}"{}></script>')
            tags.append(module.format(self.script(entry), _nonce(nonce)))
        return Markup("\n").join(tags)

    def styles(self, entry: str) -> tuple[str, ...]:
        """The style sheets of `entry` in the order they must stand in."""
        chunks = [self._chunk(_source(entry)), *self._imports(entry)]
        own = [self._base + file for chunk in chunks for file in chunk.get("css", ())]
        return tuple(dict.fromkeys([self.url(HOUSE), *own]))

    def script(self, entry: str) -> str:
        """The module of `entry`."""
        return self.url(_source(entry))

    def preloads(self, entry: str) -> tuple[str, ...]:
        """The modules that the module of `entry` imports, near and far."""
        return tuple(dict.fromkeys(self._base + chunk["file"] for chunk in self._imports(entry)))

    @cached_property
    def icons(self) -> str:
        """The sprite: `{icons}#{name}` is one lucide icon."""
        return self.url("icons.svg")

    def url(self, key: str) -> str:
        """Where the built form of the source `key` is served, hashed and good for ever."""
        return f"{self._base}{self._chunk(key)['file']}"

    def source(self, entry: str) -> bytes:
        """The built module of `entry`, for what has to be served from elsewhere."""
        path: Path = self._folder / self._chunk(_source(entry))["file"]
        return path.read_bytes()

    def _chunk(self, key: str) -> Mapping[str, Any]:
        try:
            chunk: Mapping[str, Any] = self._manifest[key]
        except KeyError:
            raise NotBuilt(f"The front end holds no {key}. Run `uv sync --reinstall-package guildhall`.") from None
        return chunk

    def _imports(self, entry: str) -> list[Mapping[str, Any]]:
        keys: dict[str, None] = {}
        waiting = list(self._chunk(_source(entry)).get("imports", ()))
        while waiting:
            key = waiting.pop(0)
            if key not in keys:
                keys[key] = None
                waiting += self._chunk(key).get("imports", ())
        return [self._chunk(key) for key in keys]

    def _font(self, key: str) -> Markup:
        return Markup('<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>').format(self.url(key))


def _source(entry: str) -> str:
    return f"src/entries/{entry}.ts"


def _nonce(nonce: str) -> Markup:
    return Markup(' nonce="{}"').format(nonce) if nonce else Markup("")
