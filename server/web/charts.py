"""Small charts as SVG: a line that rises or falls, or bars whose last one stands out. Colours come from the page."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, FOOT = 240, 56, 55
INSET = 3


def line(values: Sequence[float], label: str) -> Markup:
    """A curve over its ground, with a point at the end; `label` is the chart as a sentence."""
    heights = _heights(values)
    step = (WIDTH - 2 * INSET) / max(len(heights) - 1, 1)
    points = "L".join(f"{INSET + step * at:.1f} {y:.1f}" for at, y in enumerate(heights))
    end = INSET + step * (len(heights) - 1)
    drawn = Markup(
        '<path class="ar" d="M{} {}L{}V{}z"/><path class="ln" d="M{}"/>'
        '<circle class="dt" cx="{:.1f}" cy="{:.1f}" r="4"/>'
    ).format(INSET, FOOT, points, FOOT, points, end, heights[-1] if heights else FOOT)
    return _framed(drawn if heights else Markup(""), label)


def bars(values: Sequence[float], label: str) -> Markup:
    """One bar a value, the last in the strong colour; `label` is the chart as a sentence."""
    heights = _heights(values)
    step = WIDTH / max(len(heights), 1)
    drawn = Markup("").join(
        Markup('<path class="{}" d="M{:.1f} {:.1f}h{:.1f}V{}h-{:.1f}z"/>').format(
            "b1" if at == len(heights) - 1 else "b0", step * at + 2, y, step - 5, FOOT, step - 5
        )
        for at, y in enumerate(heights)
    )
    return _framed(drawn, label)


def _heights(values: Sequence[float]) -> list[float]:
    """Where each value ends, from the top; the greatest keeps a little air."""
    top = max([*values, 0]) or 1
    return [FOOT - (FOOT - 8) * max(value, 0) / top for value in values]


def _framed(drawn: Markup, label: str) -> Markup:
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><path class="ax" d="M0 {}h{}"/>{}</svg>'
    ).format(WIDTH, HEIGHT, label, FOOT, WIDTH, drawn)
