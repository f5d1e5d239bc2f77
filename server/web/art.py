"""The cut: our own flat pictures, parted per pale, lit from one side, standing on the page's rule.

Everything is turned on a lathe: a piece is a profile of (height, radius) pairs, mirrored, its right half in the darker
tone. Colours are classes of the style sheet, so that a picture wears the channel's brand.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from math import cos, pi, sin
from typing import Literal, NamedTuple

from markupsafe import Markup

Kind = Literal["pots", "pieces", "solids"]
Profile = tuple[tuple[float, float], ...]


class Turned(NamedTuple):
    """One turned piece: where its axis stands, its profile from the foot up, where its glaze begins, its dress."""

    axis: float
    profile: Profile
    glaze: float
    dress: str
    open: bool = True
    smooth: bool = True


POTS = (
    Turned(76, ((0, 44), (30, 62), (90, 70), (150, 60), (196, 44), (236, 54), (262, 66)), 96, "v1"),
    Turned(246, ((0, 38), (16, 42), (60, 43), (96, 41)), 34, "v2"),
    Turned(392, ((0, 40), (40, 68), (104, 82), (160, 76), (196, 50), (214, 38), (222, 46)), 108, "v3"),
    Turned(570, ((0, 36), (8, 34), (16, 26), (34, 62), (62, 84), (78, 88)), 34, "v1"),
    Turned(570, ((78, 18), (88, 20), (108, 34), (128, 39)), 92, "v2"),
    Turned(710, ((0, 32), (44, 49), (92, 46), (132, 24), (168, 15), (216, 14), (240, 20)), 132, "v3"),
)
PIECES = (
    Turned(
        70,
        ((0, 58), (14, 60), (26, 44), (60, 26), (140, 21), (186, 30), (196, 20), (214, 34), (244, 26), (262, 0)),
        190,
        "v1",
        open=False,
    ),
    Turned(
        232,
        ((0, 46), (12, 48), (24, 32), (60, 20), (96, 18), (110, 28), (118, 16), (140, 28), (164, 22), (174, 0)),
        112,
        "v2",
        open=False,
    ),
    Turned(392, ((0, 60), (14, 62), (28, 46), (60, 30), (150, 26), (166, 42), (204, 46), (226, 46)), 166, "v3"),
    Turned(
        552,
        ((0, 52), (12, 54), (26, 36), (70, 22), (130, 18), (146, 30), (156, 18), (178, 34), (206, 20), (222, 0)),
        148,
        "v1",
        open=False,
    ),
    Turned(
        696,
        ((0, 46), (12, 48), (24, 32), (60, 20), (96, 18), (110, 28), (118, 16), (140, 28), (164, 22), (174, 0)),
        112,
        "v3",
        open=False,
    ),
)
BALL = tuple((66 - 66 * cos(pi * step / 16), 66 * sin(pi * step / 16)) for step in range(17))
SOLIDS = (
    Turned(84, ((0, 78), (236, 1)), 120, "v1", open=False, smooth=False),
    Turned(252, BALL, 66, "v2", open=False),
    Turned(404, ((0, 56), (190, 56)), 96, "v3", smooth=False),
    Turned(566, ((0, 70), (60, 70), (60, 44), (130, 44), (130, 22), (176, 22)), 60, "v1", smooth=False),
    Turned(706, ((0, 48), (64, 48), (64, 30), (150, 30), (216, 1)), 108, "v2", open=False, smooth=False),
)
SETS: dict[Kind, tuple[Turned, ...]] = {"pots": POTS, "pieces": PIECES, "solids": SOLIDS}
FLOOR = 300


@lru_cache(maxsize=8)
def shelf(kind: Kind) -> Markup:
    """The hero's picture: a set of turned things, standing on the rule under it."""
    things = Markup("").join(_piece(f"{kind}-{number}", piece) for number, piece in enumerate(SETS[kind]))
    return Markup('<svg class="art shelf" viewBox="0 0 760 300" aria-hidden="true">{}</svg>').format(things)


@lru_cache(maxsize=64)
def night(kind: Kind, key: str) -> Markup:
    """A tall picture beside a form: things on a sill, by night, under stars that are the channel's own."""
    large, small = SETS[kind][0]._replace(axis=122), SETS[kind][2]._replace(axis=312)
    stars = Markup("").join(
        Markup('<path class="mo" d="M{} {}l4-9 4 9 9 4-9 4-4 9-4-9-9-4z"/>').format(*place) for place in _sky(key)
    )
    return Markup(
        '<svg class="art" viewBox="0 0 560 900" preserveAspectRatio="xMidYMax slice" aria-hidden="true">'
        '<path class="k0" d="M0 0h560v900H0z"/>{}<circle class="mo" cx="420" cy="190" r="74"/>'
        '<circle class="k0" cx="388" cy="176" r="66"/><path class="kw" d="M0 760h560v140H0z"/>'
        '<path class="kd" d="M280 760h280v140H280z"/><g transform="translate(0 370) scale(1.3)">{}{}</g></svg>'
    ).format(stars, _piece("night-0", large), _piece("night-1", small))


def _sky(key: str) -> list[tuple[int, int]]:
    """Where the stars of `key` stand: seven, none in the moon, none on another."""
    digest = sha256(key.encode()).digest()
    places = [(44 + i * 74 + digest[i] % 30, 90 + digest[i + 8] % 9 * 26) for i in range(7)]
    return [(x, y + 210 if x > 300 else y) for x, y in places]


def portrait(key: object) -> Markup:
    """A person's picture until there is one, from their id: skin, hair and its shape; the apron wears the brand."""
    digest = sha256(str(key).encode()).digest()
    hair = HAIR[digest[2] % len(HAIR)]
    return Markup(
        '<svg class="art portrait s{} m{}" viewBox="0 0 240 280" aria-hidden="true">'
        '<path class="bg" d="M0 0h240v280H0z"/><path class="bg2" d="M120 0h120v280H120z"/>'
        '<path class="hair" d="{}"/><path class="sk" d="M102 140h18v55c-8 0-16-6-18-19z"/>'
        '<path class="sk2" d="M138 140h-18v55c8 0 16-6 18-19z"/>'
        '<path class="sk" d="M120 68c-24 0-36 16-36 40 0 28 16 52 36 52z"/>'
        '<path class="sk2" d="M120 68c24 0 36 16 36 40 0 28-16 52-36 52z"/><path class="hair" d="{}"/>'
        '<path class="sh" d="M120 280H22c0-60 24-88 62-98l18-6c2 12 9 20 18 20z"/>'
        '<path class="sh2" d="M120 280h98c0-60-24-88-62-98l-18-6c-2 12-9 20-18 20z"/>'
        '<path class="ap" d="M120 280H76v-72h44z"/><path class="ap2" d="M120 280h44v-72h-44z"/>'
        '<path class="st" d="M84 210v-30M156 210v-30"/></svg>'
    ).format(digest[0] % 4, digest[1] % 4, hair[0], hair[1])


HAIR = (
    (
        "M120 13a23 23 0 1 1 0 46a23 23 0 1 1 0-46z"
        "M74 108c0-38 18-58 46-58s46 20 46 58c0 22-4 38-12 48H86c-8-10-12-26-12-48z",
        "M80 106c0-30 14-46 40-46s40 16 40 46c-8-4-26-10-36-28-10 18-28 25-44 28z",
    ),
    (
        "M70 112c0-40 18-62 50-62s50 22 50 62v62c-16 8-84 8-100 0z",
        "M80 108c0-32 16-48 40-48s40 16 40 48c-14-2-20-14-22-26-12 14-34 22-58 26z",
    ),
    (
        "M78 112c0-38 14-60 42-60s42 22 42 60z",
        "M78 108c-2-36 16-52 42-52s44 16 42 52c-6-10-8-18-8-24-20 4-48 4-68 0 0 6-2 14-8 24z",
    ),
)


def _piece(name: str, piece: Turned) -> Markup:
    left, right = _half(piece, -1), _half(piece, 1)
    top, bottom = max(h for h, _ in piece.profile), min(h for h, _ in piece.profile)
    widest = max(r for _, r in piece.profile)
    clip = Markup('<clipPath id="cut-{}"><path d="M{} {}H{}V{}H{}z"/></clipPath>').format(
        name,
        piece.axis - widest - 9,
        FLOOR - top - 9,
        piece.axis + widest + 9,
        FLOOR - piece.glaze,
        piece.axis - widest - 9,
    )
    glaze = Markup('<g clip-path="url(#cut-{})"><path class="gl" d="{}"/><path class="gd" d="{}"/></g>').format(
        name, left, right
    )
    body = Markup('<path class="cl" d="{}"/><path class="cd" d="{}"/>').format(left, right)
    handle = _handle(piece) if piece.dress == "v2" and piece.open and not bottom else Markup("")
    return Markup('<g class="{}">{}{}{}{}{}{}</g>').format(
        piece.dress,
        clip,
        handle,
        body,
        glaze,
        _rings(piece) if piece.open and piece.smooth else Markup(""),
        _rim(piece) if piece.open else Markup(""),
    )


def _half(piece: Turned, side: Literal[-1, 1]) -> str:
    """One half of a piece as a closed path: up the profile, smooth or straight, and down the axis."""
    points = [(piece.axis + side * radius, FLOOR - height) for height, radius in piece.profile]
    arc = _cubic if piece.smooth else _straight
    outline = "".join(arc(points, index) for index in range(len(points) - 1))
    axis, foot, top = _n(piece.axis), points[0], points[-1]
    return f"M{axis} {_n(foot[1])}L{_n(foot[0])} {_n(foot[1])}{outline}L{axis} {_n(top[1])}z"


def _straight(points: Sequence[tuple[float, float]], index: int) -> str:
    return f"L{_n(points[index + 1][0])} {_n(points[index + 1][1])}"


def _cubic(points: Sequence[tuple[float, float]], index: int) -> str:
    """The Catmull-Rom arc from one point to the next, as a Bezier."""
    before, start, end = points[max(index - 1, 0)], points[index], points[index + 1]
    after = points[min(index + 2, len(points) - 1)]
    first = start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6
    second = end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6
    return "C" + " ".join(_n(value) for value in (*first, *second, *end))


def _rim(piece: Turned) -> Markup:
    height, radius = piece.profile[-1]
    return Markup('<ellipse class="rim" cx="{}" cy="{}" rx="{}" ry="{}"/>').format(
        _n(piece.axis), _n(FLOOR - height), _n(radius), _n(max(2.5, radius * 0.09))
    )


def _rings(piece: Turned) -> Markup:
    """The lines that fingers leave on the turned wall."""
    low, high = piece.profile[0][0], piece.profile[-1][0]
    heights = [low + (high - low) * part for part in (0.22, 0.4, 0.58, 0.76)]
    return Markup("").join(_ring(piece, height) for height in heights)


def _ring(piece: Turned, height: float) -> Markup:
    radius = _radius(piece.profile, height) - 1
    return Markup('<path class="tr" d="M{} {}q{} {} {} 0"/>').format(
        _n(piece.axis - radius), _n(FLOOR - height), _n(radius), _n(radius * 0.12), _n(2 * radius)
    )


def _radius(profile: Profile, height: float) -> float:
    for (low, inner), (high, outer) in pairwise(profile):
        if low <= height <= high and high > low:
            return inner + (outer - inner) * (height - low) / (high - low)
    return profile[-1][1]


def _handle(piece: Turned) -> Markup:
    edge, top = piece.axis + 40, FLOOR - piece.profile[-1][0] + 20
    return Markup('<path class="hd" d="M{} {}c34-6 36 46 0 44"/>').format(_n(edge), _n(top))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
