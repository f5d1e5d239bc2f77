"""The big list of naughty strings, as npm's `blns` brings it: what has broken the programs of others."""

import json
from pathlib import Path

from tests.standins.node import installed

HERE = Path(__file__).parent / "naughty"


def naughty_strings() -> list[str]:
    """All of them; NoNode with a sentence where they cannot be had."""
    strings: list[str] = json.loads((installed(HERE) / "node_modules/blns/resources/blns.json").read_text("utf-8"))
    return strings
