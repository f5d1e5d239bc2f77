"""PostgreSQL and Redis elsewhere: by TCP and TLS, with an authority to trust and a user of few rights."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from redis import Redis

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.standins.certificates import make_certificate
from tests.standins.tls import tls_postgres, tls_redis

USER, PASSWORD = "guildhall-far", "a pass:word@"


@asynccontextmanager
async def far_servers(
    database: str, postgres: EmbeddedPostgres, valkey: EmbeddedValkey, folder: Path
) -> AsyncIterator[dict[str, str]]:
    """The settings that lead to a database and a Redis there; their certificate lies in `folder`."""
    authority, context = make_certificate(folder, "localhost")
    with Redis.from_url(valkey.redis_url) as redis:
        rights = ("+@all", "~rq:*", "~guildhall*", "&rq:*", "&guildhall*")
        redis.execute_command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", *rights)
    sockets = Path(urlsplit(postgres.database_url).query.removeprefix("host="))
    async with tls_postgres(sockets / ".s.PGSQL.5432", context) as pg, tls_redis(valkey.socket, context) as kv:
        owner = f"postgresql://guildhall_owner@localhost:{pg}{urlsplit(database).path}"
        yield {
            "DATABASE_URL": f"{owner}?sslmode=verify-full&sslrootcert={authority}",
            "REDIS_URL": f"rediss://{USER}:{quote(PASSWORD, safe='')}@localhost:{kv}?ssl_ca_certs={authority}",
        }
