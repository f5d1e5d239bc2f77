"""`guildhall jobs` and `guildhall reindex`, as the shell meets them."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

import search
from providers.embedded import EmbeddedValkey
from search.followed import FollowedSearch
from tenants.jobs import SendMail
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.cli.test_commands import guildhall
from tests.databases import as_role, bare
from tests.search.library import found, make_room, say
from tests.standins.elasticsearch import Node
from tests.webapp import settings_for
from tests.workers.shop import SECRET
from tests.world import World

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(fresh: str, valkey: EmbeddedValkey, tmp_path: Path) -> Run:
    """Runs the command over this test's own database: exit code and all that was said."""

    def asked(*words: str, **more: str) -> tuple[int, str]:
        done = guildhall(
            tmp_path,
            *words,
            DATABASE_URL=fresh,
            DATABASE_URL_APP=as_role(fresh, "guildhall_app"),
            DATABASE_URL_RELAY=as_role(fresh, "guildhall_relay"),
            REDIS_URL=valkey.redis_url,
            **more,
        )
        return done.returncode, done.stdout + done.stderr

    return asked


async def test_the_operator_sees_a_failed_job_and_has_it_done_again(own: Tenancy, here: World, run: Run) -> None:
    async with own.scope(here.pottery.id, acting_system("test")) as scope:
        job_id = scope.enqueue(SendMail("nonsense", here.pottery.ana.person_id))
    async with bare(own.relay) as connection:
        await connection.execute("update jobs set state = 'failed', error = 'no such [bold]mail' where id = $1", job_id)
    code, said = run("jobs", "list")
    assert code == 0
    assert str(job_id) in said
    assert "[bold]mail" in said
    assert "0 wait; 1 failed" in said
    code, said = run("jobs", "show", str(job_id))
    assert (code, "SendMail" in said, "failed" in said) == (0, True, True)
    assert run("jobs", "run-again", str(job_id)) == (0, "It is waiting again.\n")
    code, said = run("jobs", "run-again", str(job_id))
    assert (code, said) == (1, "✘ No failed job has this id. See `guildhall jobs list`.\n")
    code, said = run("jobs", "show", str(uuid4()))
    assert (code, "There is no such job" in said) == (1, True)
    assert run("jobs", "show", "seven")[0] == 2


async def test_the_index_is_made_anew_from_the_rows(own: Tenancy, here: World, run: Run) -> None:
    for school in (here.pottery, here.chess):
        who = next(iter(school.people.values()))
        await say(own, school, who, await make_room(own, school, who), "gambit")
    code, said = run("reindex", here.pottery.slug)
    assert (code, f"{here.pottery.slug} is indexed" in said, "1 rows" in said) == (0, True, True)
    assert len(await found(own, here.pottery, here.pottery.ana, "gambit")) == 1
    assert not await found(own, here.chess, here.chess.otto, "gambit")
    assert run("reindex")[0] == 0
    assert len(await found(own, here.chess, here.chess.otto, "gambit")) == 1
    code, said = run("reindex", "nowhere")
    assert (code, "There is no channel at /c/nowhere" in said) == (1, True)


async def test_a_killed_reindex_is_cleared_away_by_the_next_which_swaps_its_own_in(
    own: Tenancy, here: World, run: Run, elasticsearch: Node, fresh: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    school = here.pottery
    said = await say(own, school, school.ana, await make_room(own, school, school.ana), "gambit")
    more = {"ELASTICSEARCH_URL": elasticsearch.url, "SECRET_KEY": SECRET}
    code, words = run("reindex", school.slug, **more)
    assert (code, "Run `guildhall reindex`" in words) == (1, True)
    assert run("reindex", **more)[0] == 0
    engine = search.choose(elasticsearch.url, settings_for(fresh, valkey.redis_url, tmp_path, 8000).deployment)
    assert isinstance(engine, FollowedSearch)
    try:
        (before,) = await engine.follower.indexes.targets()
        await engine.follower.indexes.create()
        assert len(await engine.follower.indexes.targets()) == 2
        assert run("reindex", **more)[0] == 0
        (after,) = await engine.follower.indexes.targets()
        assert after != before
        async with own.scope(school.id, acting_system("test")) as scope:
            assert await engine.follower.listed(scope, None, 10) == [("message", said)]
        code, words = run("reindex", school.slug, **more)
        assert (code, "1 rows were looked at." in words) == (0, True)
    finally:
        await engine.follower.indexes.drop()
        await engine.close()
