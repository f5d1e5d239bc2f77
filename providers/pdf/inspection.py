"""Looks inside a PDF before it may be published, and makes its dates those of the document."""

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from providers.pdf.errors import PrintRefused

DATES = re.compile(rb"(?<=\(D:)\d{14}\+00'00'(?=\))")
WORDS = re.compile(
    rb"/ActualText\s*<FEFF(?P<actual>[0-9A-Fa-f]*)>|/(?P<font>\w+)\s+[\d.]+\s+Tf|<(?P<glyphs>[0-9A-Fa-f]+)>"
    rb"|(?P<part>/MCID)|(?P<close>\bEMC\b)|(?P<open>\b(?:BDC|BMC)\b)"
)
PAIRS = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
BLOCKS = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
RANGES = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
LINES = 6
UNSEEN = {"Cc", "Cf", "Zs", "Cn"}


def inspect(pdf: bytes, must_contain: Sequence[str]) -> None:
    """Raise PrintRefused unless `pdf` is tagged, carries all its fonts, and shows each text of `must_contain`.

    A text is there when its letters stand together within a few lines: scripts that join or turn letters are drawn in
    an order of their own.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        check_tags(reader.root)
        pages = list(leaves(reader.root["/Pages"]))
        check_fonts([font for page in pages for font in fonts_of(page).values()])
        lines = [line for page in pages for line in shown_lines(page)]
    except (PdfError, KeyError, ValueError) as fault:
        raise PrintRefused(f"What the browser printed cannot be read as a PDF: {fault}") from fault
    for text in must_contain:
        if not stands_in(letters(text), lines):
            raise PrintRefused(f"The PDF does not show {text!r}: letters are missing from the fonts or off the page")


def leaves(node: Any) -> Iterator[Any]:
    """The pages under `node` of the page tree, in order."""
    for at in range(len(node["/Kids"])):
        child = node["/Kids"][at]
        if child["/Type"] == "/Pages":
            yield from leaves(child)
        else:
            yield child


def fonts_of(page: Any) -> dict[str, Any]:
    """The fonts that `page` draws with, by the names it uses for them."""
    named = part(page["/Resources"], "/Font")
    return {name: named[name] for name in named}


def part(whole: Any, name: str) -> Any:
    """The dictionary under `name`, empty when there is none."""
    try:
        return whole[name]
    except KeyError:
        return {}


def check_tags(root: Any) -> None:
    """Refuse what a screen reader could not read."""
    if "/StructTreeRoot" not in root or "/Marked" not in part(root, "/MarkInfo"):
        raise PrintRefused("The PDF has no tags: a screen reader would find an empty page")


def check_fonts(fonts: Sequence[Any]) -> None:
    """Refuse fonts that are only named, and a document that has none at all."""
    if not fonts:
        raise PrintRefused("The PDF has no fonts: the browser found none to draw with")
    for font in fonts:
        if font["/Subtype"] == "/Type3":
            continue
        holder = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(part(holder, "/FontDescriptor")):
            raise PrintRefused(f"The PDF names the font {font.get('/BaseFont')} without carrying it")


def shown_lines(page: Any) -> Iterator[Counter[str]]:
    """The letters of each marked piece of the page, as the tags' readers and text search would get them."""
    maps = {name[1:].encode(): characters(font) for name, font in fonts_of(page).items()}
    line: Counter[str] = Counter()
    spans: list[bool] = []
    font: dict[int, str] = {}
    width = 2
    actual = None
    for word in WORDS.finditer(page["/Contents"].data):
        if word["part"]:
            yield line
            line = Counter()
        elif word["font"]:
            font, width = maps.get(word["font"], ({}, 2))
        elif word["actual"] is not None:
            actual = bytes.fromhex(word["actual"].decode()).decode("utf-16-be", "replace")
        elif word["open"]:
            spans.append(actual is not None)
            line += letters(actual or "")
            actual = None
        elif word["close"]:
            spans = spans[:-1]
        elif not any(spans):
            line += letters("".join(font.get(code, "") for code in codes(word["glyphs"], width)))
    yield line


def codes(hexadecimal: bytes, width: int) -> Iterator[int]:
    """The glyph numbers of one drawn string, `width` bytes each."""
    raw = bytes.fromhex(hexadecimal.decode())
    for at in range(0, len(raw), width):
        yield int.from_bytes(raw[at : at + width])


def characters(font: Any) -> tuple[dict[int, str], int]:
    """What each glyph of `font` stands for, from its ToUnicode map, and how many bytes name a glyph."""
    found: dict[int, str] = {}
    for kind, block in BLOCKS.findall(font["/ToUnicode"].data if "/ToUnicode" in font else b""):
        if kind == b"char":
            found |= {int(code, 16): text(value) for code, value in PAIRS.findall(block)}
        else:
            for first, last, value in RANGES.findall(block):
                start = int(value, 16)
                found |= {code: chr(start + code - int(first, 16)) for code in range(int(first, 16), int(last, 16) + 1)}
    return found, 1 if font["/Subtype"] == "/Type3" else 2


def text(hexadecimal: bytes) -> str:
    """UTF-16 written in hexadecimal."""
    return bytes.fromhex(hexadecimal.decode()).decode("utf-16-be", "replace")


def letters(words: str) -> Counter[str]:
    """What must be seen of `words`: no spaces, no marks that only steer, joined forms as plain letters."""
    plain = unicodedata.normalize("NFKD", words)
    return Counter(sign for sign in plain if unicodedata.category(sign) not in UNSEEN and sign != "\ufe0f")


def stands_in(wanted: Counter[str], lines: Sequence[Counter[str]]) -> bool:
    """Whether all letters of `wanted` are in a few neighbouring lines."""
    return any(wanted <= sum(lines[at : at + LINES], Counter()) for at in range(len(lines)))


def redate(pdf: bytes, when: datetime) -> bytes:
    """`pdf` with its creation and change dates set to `when`, every other byte and offset as it was."""
    return DATES.sub(when.astimezone(UTC).strftime("%Y%m%d%H%M%S+00'00'").encode(), pdf)
