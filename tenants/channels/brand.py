"""A channel's colour: from one hex, the tokens that pages, mails and certificates wear, readable whatever was picked.

The promise is WCAG 2.2 AA on both schemes: words 4.5:1, graphics 3:1, on every ground. Lightness moves; a darkened
yellow also leans to amber, because it would turn olive. Colour space: Oklch (Ottosson 2020), contrast: WCAG 2.2.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from math import atan2, cos, degrees, hypot, radians, sin
from typing import NamedTuple

from tenants.errors import Invalid

PAPER, LEAF, WELL = ("#fbfaf9", "#11141a"), ("#ffffff", "#191c23"), ("#f4f3f1", "#0c0e13")
HEX = re.compile(r"#[0-9a-f]{6}")


class Pair(NamedTuple):
    """One token by day and by night, each `#rrggbb`."""

    light: str
    dark: str


class Brand(NamedTuple):
    """What one colour becomes: button, its words, second tone, foot, graphics, words, and two quiet grounds."""

    brand: str
    on_brand: str
    second: str
    edge: Pair
    mark: Pair
    link: Pair
    tint: Pair
    tint_line: Pair


class Oklch(NamedTuple):
    """Lightness 0..1, chroma from 0, hue in degrees."""

    light: float
    chroma: float
    hue: float


def parse(colour: str) -> str:
    """`colour` as `#rrggbb`; raises Invalid when it is anything else."""
    tidy = colour.strip().lower()
    if not HEX.fullmatch(tidy):
        raise Invalid.field("/colour", "colour", "Write the colour as # and six digits 0-9 a-f, such as #1f6f72.")
    return tidy


@lru_cache(maxsize=1024)
def derive(colour: str) -> Brand:
    """The tokens of one colour (`#rrggbb`); raises Invalid when it is none."""
    colour = parse(colour)
    light, chroma, hue = to_oklch(colour)
    tint = Pair(
        to_hex(0.957, min(chroma * 0.28, 0.032), hue), to_hex(0.275, min(chroma * 0.4, 0.045), amber(hue, 0.35))
    )
    tint_line = Pair(
        to_hex(0.87, min(chroma * 0.5, 0.07), hue), to_hex(0.4, min(chroma * 0.55, 0.07), amber(hue, 0.35))
    )
    return Brand(
        brand=colour,
        on_brand="#ffffff" if contrast(colour, "#ffffff") >= 4.5 else "#000000",
        second=_second(light, chroma, hue),
        edge=_edge(light, chroma, hue),
        mark=_fitted_pair(colour, tint, 3.1),
        link=_fitted_pair(colour, tint, 4.7),
        tint=tint,
        tint_line=tint_line,
    )


def _second(light: float, chroma: float, hue: float) -> str:
    if light > 0.62:
        return to_hex(light - 0.2, max(chroma * 1.2, 0.03), amber(hue, 0.3))
    return to_hex(light + 0.2, chroma * 0.75, hue)


def _edge(light: float, chroma: float, hue: float) -> Pair:
    lean = amber(hue, 0.13)
    night = max(light - 0.13, 0.34) if light > 0.4 else light + 0.16
    return Pair(to_hex(light - 0.13, chroma, lean), to_hex(night, chroma, lean))


def _fitted_pair(colour: str, tint: Pair, least: float) -> Pair:
    grounds = [PAPER, LEAF, WELL, tint]
    return Pair(
        fitted(colour, [ground[0] for ground in grounds], least, -1),
        fitted(colour, [ground[1] for ground in grounds], least, 1),
    )


def fitted(colour: str, grounds: Iterable[str], least: float, towards: int) -> str:
    """The colour nearest to `colour` that stands out from every ground by `least`, going darker (-1) or lighter (1)."""
    light, chroma, hue = to_oklch(colour)
    against, top = list(grounds), light
    shade = to_hex(light, chroma, hue)
    end = 1 if towards > 0 else 0
    while min(contrast(shade, ground) for ground in against) < least and (end - light) * towards > 0:
        light += 0.005 * towards
        shade = to_hex(light, chroma, amber(hue, top - light))
    return shade


def amber(hue: float, fall: float) -> float:
    """The hue of a yellow that lost `fall` of its lightness, as a dyer would have it; other hues stay."""
    return hue - 62 * fall if 75 < hue < 120 and fall > 0 else hue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1..21 (WCAG 2.2)."""
    dark, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = map(_linear, _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> tuple[float, float, float]:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> int:
    channel = min(max(channel, 0.0), 1.0)
    return round(255 * (12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055))


def to_oklch(colour: str) -> Oklch:
    """`#rrggbb` in Oklch."""
    red, green, blue = map(_linear, _rgb(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    return Oklch(light, hypot(a, b), degrees(atan2(b, a)) % 360)


def to_hex(light: float, chroma: float, hue: float) -> str:
    """The nearest sRGB colour of that lightness and hue: chroma gives way, nothing else."""
    light = min(max(light, 0.0), 1.0)
    linear = _to_linear(light, chroma, hue)
    while chroma >= 0.001 and not all(-0.0005 <= channel <= 1.0005 for channel in linear):
        chroma *= 0.96
        linear = _to_linear(light, chroma, hue)
    return "#" + "".join(f"{_encoded(channel):02x}" for channel in linear)


def _to_linear(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
