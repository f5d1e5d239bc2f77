"""Documents as PDF: one method, spoken by a headless Chromium."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from providers.pdf.errors import PrinterDown, PrintRefused
from providers.pdf.printer import ChromiumPrinter

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
    return ChromiumPrinter(setting)
