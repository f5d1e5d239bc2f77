"""How a key is written: a prefix that scanners of secrets find, random letters, and a checksum that catches typos.

`guildkey_` and 40 letters of base 62 (238 bits), then 6 letters of their CRC-32: as others write theirs, so that a
leaked one is known for what it is without asking anybody.
"""

import re
import secrets
import string
import zlib

from tenants.errors import SignInNeeded

PREFIX = "guildkey_"
LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM, CHECK = 40, 6
PATTERN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM + CHECK}}}", re.ASCII)


def make() -> str:
    """A new key."""
    random = "".join(secrets.choice(LETTERS) for _ in range(RANDOM))
    return f"{PREFIX}{random}{_checksum(random)}"


def is_key(token: str) -> bool:
    """Whether a token means to be a key, rightly written or not."""
    return token.startswith(PREFIX)


def check(token: str) -> None:
    """Pass when a key is written as keys are; SignInNeeded `key_mistyped` when a letter of it is wrong or missing."""
    rest = token.removeprefix(PREFIX)
    if not PATTERN.fullmatch(token) or _checksum(rest[:RANDOM]) != rest[RANDOM:]:
        raise SignInNeeded("This key was not copied whole, or a letter of it is wrong. Copy it again.", "key_mistyped")


def _checksum(random: str) -> str:
    rest, letters = zlib.crc32(random.encode()), ""
    for _ in range(CHECK):
        rest, place = divmod(rest, len(LETTERS))
        letters = LETTERS[place] + letters
    return letters
