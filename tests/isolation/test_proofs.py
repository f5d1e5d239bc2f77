"""The proofs of `guildhall isolation`, shorter, over the schema, statements, routes and events as they are now."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from cli.isolation.attacks import attack_database, attack_installation, disarm, lint_predicates
from cli.isolation.mutations import BOTH, MUTATIONS, PREDICATES, check_mutations, hold_by_predicates_alone
from cli.isolation.plan_lint import lint_plans
from cli.isolation.proofs import judge, read_live
from cli.isolation.residue import do_jobs
from cli.isolation.scratch import Ground, connected, copied, prepare
from cli.isolation.tally import Tally
from cli.stop import Stop
from providers.embedded import EmbeddedValkey
from settings import Settings
from tenants.statements import Scoped
from tests.cli.test_commands import guildhall
from tests.databases import Databases, as_role
from tests.standins.elasticsearch import Node
from tests.webapp import settings_for

SEED = 7


@pytest.fixture(scope="module")
async def settings(databases: Databases, valkey: EmbeddedValkey, home: Path) -> AsyncIterator[Settings]:
    url = await databases.make()
    folder = Path(tempfile.mkdtemp(prefix="isolation-", dir=home))
    yield settings_for(
        url, valkey.redis_url, folder, 8000, database_url_backup=as_role(url, "guildhall_backup"),
        storage=f"disk:{folder / 'files'}", mail=f"folder:{folder / 'mail'}",
    )  # fmt: skip
    await databases.drop(url)


@pytest.fixture(scope="module")
async def ground(settings: Settings) -> Ground:
    return await prepare(settings)


async def test_every_table_is_filled_from_its_catalog_alone(ground: Ground) -> None:
    assert ground.other.unfilled == []
    assert {"owner", "admin", "teacher", "moderator", "student"} <= set(ground.other.tokens)


async def test_the_schema_and_every_plan_keep_channels_apart(settings: Settings, ground: Ground) -> None:
    for tally in await read_live(settings):
        assert tally.found == []
        assert tally.attempts > 100


async def test_each_statement_names_its_channel_even_where_no_policy_helps(ground: Ground) -> None:
    tally = await lint_predicates(ground.settings)
    assert tally.found == []
    assert tally.attempts > 100


async def test_a_statement_without_its_channel_is_seen(ground: Ground) -> None:
    loose = {"here": Scoped("select id from messages where room_id = $1::uuid", ("room",), {})}
    async with copied(ground.settings) as bare:
        await disarm(bare)
        async with connected(bare, "guildhall_app") as app:
            (sentence,) = (await lint_plans(app, loose)).found
    assert sentence.startswith("here scans messages without its channel")


@pytest.mark.timeout(180)
async def test_each_wall_that_is_taken_down_is_missed(ground: Ground) -> None:
    tally = await check_mutations(ground, 1500, 450, SEED)
    assert tally.found == []
    assert {mutation.name for mutation in MUTATIONS} | {BOTH, PREDICATES} == set(tally.tried)


async def test_predicates_alone_keep_channels_apart(ground: Ground) -> None:
    assert (await hold_by_predicates_alone(ground, 700, SEED)).found == []


async def test_hostile_sql_shows_and_changes_nothing_of_the_other_channel(ground: Ground) -> None:
    tally = await attack_database(ground, 3000, SEED)
    assert tally.found == []


async def test_nothing_of_the_other_channel_comes_out_of_any_route_event_or_job(ground: Ground) -> None:
    http, *others = await attack_installation(ground, 1500, 6, SEED)
    assert len(others) == 5
    for tally in (http, *others):
        assert tally.found == []
        assert tally.attempts > 0
    assert http.outcomes["200"] > 100, "the attackers reached their own channel"
    assert http.outcomes["429"] == 0, "no limit stood in the way"


async def test_a_leak_ends_the_command_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("Example")
    judge([tally])
    tally.leak("rooms showed a row")
    with pytest.raises(Stop, match="not kept apart"):
        judge([tally])
    assert "rooms showed a row" in capsys.readouterr().out


def test_the_command_says_what_to_do_where_there_is_no_schema() -> None:
    with tempfile.TemporaryDirectory(prefix="gh-") as empty:
        done = guildhall(Path(empty), "isolation")
    assert done.returncode == 1
    assert done.stderr == "✘ The database has no schema yet: run `guildhall migrate` first.\n"


async def test_rows_that_were_changed_are_missed(databases: Databases, settings: Settings, ground: Ground) -> None:
    async with copied(settings) as copy:
        moved = Ground(copy, ground.shapes, ground.own, ground.other, ground.rows)
        before = await moved.changed()
        owner = await asyncpg.connect(copy.database_url)
        await owner.execute("update courses set title = 'Mine' where channel_id = $1", ground.other.channel_id)
        await owner.close()
        assert set(await moved.changed()) - set(before) == {"courses"}


async def test_jobs_of_the_attacker_bring_nothing_of_the_other_into_a_second_engine(
    ground: Ground, elasticsearch: Node
) -> None:
    there = ground.settings.model_copy(update={"elasticsearch_url": elasticsearch.url})
    tally = await do_jobs(replace(ground, settings=there))
    assert tally.found == []
    assert tally.tried["index changes"] > 0
