"""The servers that a command needs: those that the settings name, else embedded ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from settings import Settings


def embedded(settings: Settings) -> list[EmbeddedPostgres | EmbeddedValkey]:
    """The servers that no setting names, not yet started."""
    servers: list[EmbeddedPostgres | EmbeddedValkey] = []
    if not settings.database_url:
        servers.append(EmbeddedPostgres(settings.home))
    if not settings.redis_url:
        servers.append(EmbeddedValkey(settings.home))
    return servers


def addressed(settings: Settings) -> Settings:
    """The settings with the addresses of the embedded servers where none were set."""
    urls = {}
    for server in embedded(settings):
        if isinstance(server, EmbeddedPostgres):
            urls["database_url"] = server.database_url
        else:
            urls["redis_url"] = server.redis_url
    return settings.model_copy(update=urls)


@contextmanager
def running_servers(settings: Settings) -> Iterator[Settings]:
    """The settings with addresses of servers that run: beside `guildhall up` its own, else started until the end."""
    started = []
    try:
        for server in embedded(settings):
            if not server.taken:
                server.start()
                started.append(server)
        yield addressed(settings)
    finally:
        for server in started:
            server.stop()
