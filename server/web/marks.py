"""Marks until there is a picture: a square field for a person, a swallow-tailed pennant for a channel.

Sixteen heraldic divisions, none of them a religious or political sign, by twelve pigments and two tones.
"""

from hashlib import sha256

from markupsafe import Markup

FIELDS = (
    "M12 0h12v24H12z",
    "M0 12h24v12H0z",
    "M0 0l24 24H0z",
    "M24 0v24H0z",
    "M0 24v-8L12 4l12 12v8L12 12z",
    "M12 0h12v12H12zM0 12h12v12H0z",
    "M12 2l10 10-10 10L2 12z",
    "M0 4h24v4H0zM0 12h24v4H0zM0 20h24v4H0z",
    "M4 0h4v24H4zM12 0h4v24h-4zM20 0h4v24h-4z",
    "M3 0h18l-9 22z",
    "M0 0h12v12zM24 0v12H12zM24 24H12V12zM0 24V12h12z",
    "M6 6h12v12H6z",
    "M12 5a7 7 0 1 1 0 14a7 7 0 0 1 0-14z",
    "M0 24L12 8l12 16z",
    "M0 12q6-7 12 0t12 0v12H0z",
    "M0 0h8v8H0zM16 0h8v8h-8zM8 8h8v8H8zM0 16h8v8H0zM16 16h8v8h-8z",
)
PIGMENTS = 12


def tile(key: object, size: str = "") -> Markup:
    """A person's mark by their id: which division, which pigment, which tone lies on which. Sizes: "", "s", "l"."""
    digest = sha256(str(key).encode()).digest()
    return field(digest[0] % len(FIELDS), digest[1] % PIGMENTS, swapped=not digest[2] & 1, size=size)


def field(division: int, pigment: int, *, swapped: bool = False, size: str = "") -> Markup:
    """One field of the set, by number."""
    ground, figure = ("b", "a") if swapped else ("a", "b")
    return Markup(
        '<svg class="tile h{}{}" viewBox="0 0 24 24" aria-hidden="true">'
        '<path class="{}" d="M0 0h24v24H0z"/><path class="{}" d="{}"/></svg>'
    ).format(pigment, f" {size}" if size else "", ground, figure, FIELDS[division])


def pennant(key: object, size: str = "") -> Markup:
    """A channel's mark by its id, in its own colour. Sizes: "", "l"."""
    division = FIELDS[sha256(str(key).encode()).digest()[0] % len(FIELDS)]
    return Markup(
        '<svg class="pennant{}" viewBox="0 0 24 30" aria-hidden="true"><path class="a" d="M0 0h24v30H0z"/>'
        '<path class="b" d="{}"/><path class="e" d="M.5.5h23v28.6L12 22.4.5 29.1z"/></svg>'
    ).format(f" {size}" if size else "", division)
