"""The house without its channel predicates, in a process of its own: `python -m cli.isolation.unscoped REQUESTS`.

Statements are compiled when their modules are loaded, so the predicates are taken away before any of them is. Prints
what the plan lint and the HTTP fuzz then find; the settings come from the environment.
"""

import asyncio
import sys
from typing import Any

import orjson
from sqlalchemy import Delete, Update

from tenants import statements


def take_predicates_away() -> None:
    """From now on `scoped` and `within` add nothing to what they are given; inserts still name their channel."""
    kept, names = statements.scoped, vars(statements)

    def scoped(statement: Any) -> statements.Scoped:
        if isinstance(statement, Update | Delete):
            return statements.Scoped(*names["_compiled"](statement))
        return kept(statement)

    names["within"] = lambda select: select
    names["_is_within"] = lambda _select: True
    names["scoped"] = scoped


async def look(requests: int) -> dict[str, list[str]]:
    """What each proof finds in the database of the settings."""
    from cli.isolation import attacks  # noqa: PLC0415 - only after the predicates are gone
    from settings import load_settings  # noqa: PLC0415

    found = await attacks.attack_weakened(load_settings(), requests)
    return {tally.name: tally.found for tally in found}


if __name__ == "__main__":
    take_predicates_away()
    sys.stdout.buffer.write(orjson.dumps(asyncio.run(look(int(sys.argv[1])))))
