"""Documents as PDF: one method, spoken by a headless Chromium."""

import importlib
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from providers.pdf.errors import PrinterDown, PrintRefused

__all__ = ["PdfPrinter", "PrintRefused", "PrinterDown", "choose"]


class PdfPrinter(Protocol):
    """Turns one HTML document into one PDF."""

    async def print(self, html: str, *, dated: datetime, must_contain: Sequence[str] = ()) -> bytes:
        """A tagged PDF of `html` with its fonts inside, the same bytes for the same `html` and `dated`.

        Raises PrintRefused when a text of `must_contain` is not in it, PrinterDown when no browser works.
        """

    async def close(self) -> None:
        """End every process behind the printer; the next print starts them again."""


def choose(setting: str = "auto") -> PdfPrinter:
    """The printer for CHROMIUM: `auto`, or the path of a Chromium or its headless shell. Starts nothing yet."""
    return LoadedWhenNeeded(setting)


class LoadedWhenNeeded:
    """A PdfPrinter that costs nothing until it prints: the browser's driver is 36 MB that most processes never use."""

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._printer: PdfPrinter | None = None

    async def print(self, html: str, *, dated: datetime, must_contain: Sequence[str] = ()) -> bytes:
        """As PdfPrinter says."""
        if self._printer is None:
            self._printer = importlib.import_module("providers.pdf.printer").ChromiumPrinter(self._setting)
        return await self._printer.print(html, dated=dated, must_contain=must_contain)

    async def close(self) -> None:
        """As PdfPrinter says."""
        if self._printer is not None:
            await self._printer.close()
