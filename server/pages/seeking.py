"""What people write to find somebody by name, brought to the form in which names are kept."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from tenants.members.members import NAME_LENGTH
from tenants.texts import CONTROL


@dataclass(frozen=True, slots=True)
class Sought:
    """What was `asked` for, to be shown again, and the `start` of a name to look for; empty: nobody is looked for.

    `unfound` says why nobody can be called so: it is `long`er than any name, or holds a `control` character.
    """

    asked: str
    start: str = ""
    unfound: Literal["", "long", "control"] = ""


def sought(typed: str) -> Sought:
    """What to look for; blanks around and between words do not matter, for they are often pasted along."""
    if CONTROL.search(typed):
        return Sought(CONTROL.sub("", typed).strip(), unfound="control")
    start = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(start) > NAME_LENGTH:
        return Sought(typed.strip(), unfound="long")
    return Sought(start, start)
