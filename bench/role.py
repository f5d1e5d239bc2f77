"""A role of the product in a process of its own: `python -m bench.role (index|steward) DATABASE REDIS ENGINE HOME`."""

import sys
from pathlib import Path

from settings import Settings
from tests.webapp import settings_for
from workers.__main__ import run, run_steward


def settings_of(database: str, redis_url: str, engine: str, home: str) -> Settings:
    """The settings that all processes of one measurement share."""
    return settings_for(database, redis_url, Path(home), 1, elasticsearch_url=engine)


def main(role: str, *place: str) -> None:
    """Be that role until SIGTERM."""
    settings = settings_of(*place)
    if role == "steward":
        run_steward(settings)
    else:
        run(settings, role)


if __name__ == "__main__":
    main(*sys.argv[1:])
