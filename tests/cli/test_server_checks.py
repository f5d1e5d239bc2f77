"""Given servers are looked at before anything starts: what is wrong with one is a sentence with its cure."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
import pytest
from redis import Redis

from cli.server_checks import check_given, postgres_problem, redis_problem
from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from settings import Settings
from tests.cli.test_commands import free_port
from tests.standins.certificates import make_certificate
from tests.standins.tls import tls_postgres, tls_redis

USER, PASSWORD = "guildhall-test", "a pass:word@"


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path, "localhost")


@pytest.fixture
async def far_postgres(
    fresh: str, postgres: EmbeddedPostgres, trusted: tuple[Path, ssl.SSLContext]
) -> AsyncIterator[str]:
    """The URL of a PostgreSQL that is reached by TLS only."""
    folder = Path(urlsplit(postgres.database_url).query.removeprefix("host="))
    async with tls_postgres(folder / ".s.PGSQL.5432", trusted[1]) as port:
        yield f"postgresql://guildhall_owner@localhost:{port}{urlsplit(fresh).path}"


@pytest.fixture
async def far_redis(valkey: EmbeddedValkey, trusted: tuple[Path, ssl.SSLContext]) -> AsyncIterator[str]:
    """The address of a Redis that is reached by TLS only."""
    async with tls_redis(valkey.socket, trusted[1]) as port:
        yield f"localhost:{port}"


@pytest.fixture
def limited_user(valkey: EmbeddedValkey) -> Iterator[str]:
    """A user of Redis with the rights that the documentation names; `user:password` as a URL has it."""
    with Redis.from_url(valkey.redis_url) as redis:
        rights = ("+@all", "~rq:*", "~guildhall*", "&rq:*", "&guildhall*")
        redis.execute_command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", *rights)
        yield f"{USER}:{quote(PASSWORD, safe='')}"
        redis.execute_command("ACL", "DELUSER", USER)


def given(tmp_path: Path, **urls: str) -> Settings:
    return Settings.model_validate({"guildhall_home": tmp_path / "var", **urls})


async def asked(settings: Settings) -> tuple[str, str]:
    """What is said of both servers, asked in a thread as a command would."""
    return await asyncio.to_thread(lambda: (postgres_problem(settings), redis_problem(settings)))


async def test_servers_by_tls_with_an_authority_of_their_own_will_do(
    far_postgres: str, far_redis: str, limited_user: str, trusted: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    database = f"{far_postgres}?sslmode=verify-full&sslrootcert={trusted[0]}"
    redis = f"rediss://{limited_user}@{far_redis}?ssl_ca_certs={trusted[0]}"
    assert await asked(given(tmp_path, database_url=database, redis_url=redis)) == ("", "")


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    far_postgres: str, far_redis: str, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    authority, _ = make_certificate(stranger, "localhost")
    database = f"{far_postgres}?sslmode=verify-full&sslrootcert={authority}"
    settings = given(tmp_path, database_url=database, redis_url=f"rediss://{far_redis}?ssl_ca_certs={authority}")
    said = await asked(settings)
    assert "its certificate does not hold" in said[0]
    assert "sslrootcert" in said[0]
    assert "certificate" in said[1].lower()


async def test_of_several_hosts_the_one_that_answers_serves_if_it_is_what_was_asked_for(
    far_postgres: str, trusted: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    several = far_postgres.replace("@localhost", f"@localhost:{free_port()},localhost")
    options = f"?sslmode=verify-full&sslrootcert={trusted[0]}&target_session_attrs="
    primary = given(tmp_path, database_url=f"{several}{options}primary")
    assert await asyncio.to_thread(postgres_problem, primary) == ""
    standby = given(tmp_path, database_url=f"{far_postgres}{options}standby")
    assert "name the primary as well" in await asyncio.to_thread(postgres_problem, standby)


@pytest.mark.parametrize(
    ("mend", "words"),
    [
        (lambda url: url.replace("guildhall_owner", "nobody_knows"), "check user and password in DATABASE_URL"),
        (lambda url: url.replace("/t_", "/nowhere_"), "mend the name in DATABASE_URL"),
    ],
)
async def test_a_database_that_is_not_there_or_lets_nobody_in(
    mend: Callable[[str], str], words: str, fresh: str, tmp_path: Path
) -> None:
    settings = given(tmp_path, database_url=mend(fresh))
    assert words in await asyncio.to_thread(postgres_problem, settings)
    assert (await asyncio.to_thread(check_given, settings)).startswith("PostgreSQL: ")


async def test_an_owner_who_may_not_make_roles_is_told(fresh: str, tmp_path: Path) -> None:
    owner = await asyncpg.connect(fresh)
    try:
        await owner.execute("CREATE ROLE poor_owner LOGIN")
        poor = fresh.replace("guildhall_owner", "poor_owner")
        assert await asyncio.to_thread(postgres_problem, given(tmp_path, database_url=poor)) == ""
        await owner.execute("ALTER ROLE guildhall_backup RENAME TO guildhall_backup_away")
        said = await asyncio.to_thread(postgres_problem, given(tmp_path, database_url=poor))
        assert said == (
            "poor_owner may not make the role guildhall_backup: as a superuser, ALTER ROLE poor_owner CREATEROLE."
        )
    finally:
        await owner.execute("ALTER ROLE guildhall_backup_away RENAME TO guildhall_backup")
        await owner.execute("DROP ROLE poor_owner")
        await owner.close()


async def test_a_redis_that_may_lose_jobs_or_lets_us_do_too_little_is_told(
    valkey: EmbeddedValkey, limited_user: str, tmp_path: Path
) -> None:
    settings = given(tmp_path, redis_url=valkey.redis_url)
    with Redis.from_url(valkey.redis_url) as redis:
        for name, wrong, right, words in (
            ("maxmemory-policy", "allkeys-lru", "noeviction", "set maxmemory-policy to noeviction"),
            ("appendonly", "no", "yes", "set appendonly to yes"),
        ):
            redis.config_set(name, wrong)
            assert words in redis_problem(settings)
            redis.config_set(name, right)
        assert redis_problem(settings) == ""
        as_user = valkey.redis_url.replace("unix://", f"unix://{limited_user}@")
        redis.execute_command("ACL", "SETUSER", USER, "-eval")
        assert "ACL SETUSER" in redis_problem(given(tmp_path, redis_url=as_user))
    wrong = as_user.replace("word", "guess")
    assert "check user and password in REDIS_URL" in redis_problem(given(tmp_path, redis_url=wrong))
