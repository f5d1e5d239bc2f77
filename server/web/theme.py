"""A channel's tokens as the one style element of its pages, with the hash that the policy lets in."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from markupsafe import Markup

from tenants.channels.brand import Brand, Pair, derive


@dataclass(frozen=True, slots=True)
class Theme:
    """`css` for a style element; `source` is its CSP source expression."""

    css: str
    source: str

    def tag(self, nonce: str = "") -> Markup:
        """The style element; nothing for a page without a brand."""
        if not self.css:
            return Markup("")
        attribute = Markup(' nonce="{}"').format(nonce) if nonce else Markup("")
        return Markup("<style{}>{}</style>").format(attribute, self.css)


@lru_cache(maxsize=1024)
def theme(colour: str | None) -> Theme:
    """The theme of a channel's colour (`#rrggbb`), or paper and ink without one; raises Invalid for no colour."""
    return _sealed(rules(derive(colour)) if colour else "")


def several(colours: Mapping[str, str]) -> Theme:
    """Several brands on one page, each under its own class: `{class: colour}`."""
    return _sealed("".join(rules(derive(colour), f".{name}") for name, colour in colours.items()))


def _sealed(css: str) -> Theme:
    return Theme(css, f"sha256-{b64encode(sha256(css.encode()).digest()).decode()}")


def rules(brand: Brand, selector: str = ":root") -> str:
    """The custom properties of `brand` for `selector`."""
    return f"{selector}{{{';'.join(f'--{name}:{value}' for name, value in _tokens(brand).items())}}}"


def _tokens(brand: Brand) -> dict[str, str]:
    return {
        "brand": brand.brand,
        "on-brand": brand.on_brand,
        "brand-2": brand.second,
        "edge": _both(brand.edge),
        "mark": _both(brand.mark),
        "link": _both(brand.link),
        "tint": _both(brand.tint),
        "tint-line": _both(brand.tint_line),
    }


def _both(pair: Pair) -> str:
    return f"light-dark({pair.light}, {pair.dark})"
