"""What a certificate looks like: one A4 page, landscape, in the channel's dress, set by a sandboxed template."""

import base64
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import segno
from babel.dates import format_date
from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from tenants.certificates import codes
from tenants.channels import brand

TEMPLATES = Path(__file__).parent / "templates" / "certificate"
INK = "#1d222c"
LINE_WIDTH_PT = 545


@dataclass(frozen=True)
class CertificateView:
    """What the page says. `colour` is the channel's `#rrggbb`, `logo` a PNG or None, `code` without its groups."""

    code: str
    verify_url: str
    holder: str
    title: str
    channel: str
    channel_url: str
    teacher: str
    colour: str
    issued_on: date
    expires_on: date | None = None
    facts: tuple[tuple[str, str], ...] = ()
    logo: bytes | None = None
    language: str = "en"


def html(view: CertificateView) -> str:
    """The page of `view` as one HTML document that needs nothing from outside."""
    colours = brand.derive(view.colour)
    return template().render(
        view=view,
        brand=colours.brand,
        second=colours.second,
        edge=colours.edge.light,
        mark=colours.mark.light,
        ink=INK,
        code=codes.show(view.code),
        facts=facts(view),
        logo=picture(view.logo),
        qr=qr(view.verify_url),
        address=urlsplit(view.verify_url).netloc + "/verify",
        holder_pt=fitting(view.holder, largest=58, smallest=15),
        title_pt=fitting(view.title, largest=25, smallest=13),
    )


def must_contain(view: CertificateView) -> list[str]:
    """The words without which the PDF of `view` may not be published."""
    return [view.holder, view.title, view.channel, codes.show(view.code)]


def facts(view: CertificateView) -> list[tuple[str, str]]:
    """The facts under the title: what the channel adds, and the dates in words."""
    dates = [("Issued", written(view.issued_on, view.language))]
    if view.expires_on:
        dates.append(("Valid until", written(view.expires_on, view.language)))
    return [*view.facts, *dates]


def written(day: date, language: str) -> str:
    """`day` in words, as `language` writes it."""
    return format_date(day, "long", locale=language.replace("-", "_"))


def qr(url: str) -> Markup:
    """`url` as a QR code, drawn as one SVG path."""
    drawing = segno.make(url, error="m", micro=False).svg_inline(scale=1, border=0, dark=INK, omitsize=True)
    return Markup(drawing)  # noqa: S704 - drawn here, nobody's words in it


def picture(png: bytes | None) -> str | None:
    """A PNG as a data: address."""
    return "data:image/png;base64," + base64.b64encode(png).decode() if png else None


def fitting(words: str, *, largest: float, smallest: float) -> float:
    """The size in points at which `words` take one line, or two or three when they are long; at least `smallest`."""
    width = max(sum(em(sign) for sign in words), 1)
    for lines, least, most in ((1, 0.6, 1.0), (2, 0.42, 0.6), (3, 0.0, 0.42)):
        size = LINE_WIDTH_PT * (lines if lines == 1 else lines * 0.85) / width
        if size >= largest * least:
            return round(min(max(size, smallest), largest * most), 1)
    return smallest


def em(sign: str) -> float:
    """How wide `sign` is drawn, in ems, rather too wide than too narrow: marks have no width, ideographs are square."""
    kind = unicodedata.category(sign)
    if kind in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.02
    if unicodedata.bidirectional(sign) == "AL":
        return 0.48 * len(unicodedata.normalize("NFKD", sign))
    return 0.76 if sign.isupper() or kind == "Mc" else 0.58


@cache
def template() -> Template:
    """The classic design, compiled once."""
    world = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return world.get_template("classic.html")
