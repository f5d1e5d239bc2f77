"""Schema steps: numbered Alembic revisions that emit tables, keys, row-level security, roles and functions."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config

from tenants.migrations import roles

HERE = Path(__file__).parent


def upgrade(database_url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles with their passwords, then bring the schema of the owner's database to its newest revision."""
    asyncio.run(roles.ensure(database_url, passwords))
    command.upgrade(_config(database_url), "heads")


def downgrade(database_url: str, revision: str) -> None:
    """Take the schema back to `revision`."""
    command.downgrade(_config(database_url), revision)


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["database_url"] = database_url
    return config
