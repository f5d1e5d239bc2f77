"""Certificate codes: twelve random characters and one that catches typing errors.

The alphabet is Crockford's base 32: no I, L, O, U. A character is an element of GF(2^5), modulo x^5 + x^2 + 1; α = x.
Numbered from 0 at the left, all thirteen satisfy Σ cᵢ·αⁱ = 0. Powers of α differ for 31 places, so no single wrong
character and no swap of two neighbours leaves the sum at zero.
"""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
FORGIVEN = str.maketrans("OIL", "011")
SHAPE = re.compile(f"[{ALPHABET}]{{{LENGTH + 1}}}")
LONGEST_TYPED = 100


def make() -> str:
    """A new code of 60 random bits, without its groups."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return body + check_character(body)


def normalise(typed: str) -> str | None:
    """The code that a person meant by `typed` (any case, any groups, O for 0, I and L for 1); None when it is none."""
    if len(typed) > LONGEST_TYPED:
        return None
    code = re.sub(r"[\s\u2010-\u2015_.-]", "", typed).upper().translate(FORGIVEN)
    return code if valid(code) else None


def valid(code: str) -> bool:
    """Whether `code`, as `make` writes it, can have been issued."""
    return SHAPE.fullmatch(code) is not None and weigh(code) == 0


def show(code: str) -> str:
    """`code` in groups of four with its check character apart, as in `7K4M-Q2XD-9FTA-5`."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def check_character(body: str) -> str:
    """The character that brings the sum of `body` to zero."""
    return next(sign for sign in ALPHABET if weigh(body + sign) == 0)


def weigh(code: str) -> int:
    """Σ cᵢ·αⁱ over GF(2^5), by Horner's rule from the right."""
    total = 0
    for sign in reversed(code):
        total = times_alpha(total) ^ ALPHABET.index(sign)
    return total


def times_alpha(element: int) -> int:
    """`element`·x modulo x^5 + x^2 + 1."""
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled
