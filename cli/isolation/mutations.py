"""The mutation check: each wall is taken down in a copy, and the proofs must see it; one that does not is a finding."""

import asyncio
import os
import sys
from dataclasses import dataclass

import asyncpg
import orjson

from cli.isolation.attacks import attack_weakened, disarm
from cli.isolation.plan_lint import lint_plans, statements
from cli.isolation.schema_lint import lint_schema
from cli.isolation.scratch import Ground, connected, copied
from cli.isolation.sql_fuzz import fuzz_sql
from cli.isolation.tally import Tally
from settings import DATABASE_ROLES, Settings

SCHEMA, PLANS, SQL, HTTP = "Schema lint", "Plan lint", "SQL fuzz", "HTTP fuzz"


@dataclass(frozen=True, slots=True)
class Mutation:
    """A wall taken down by SQL, and the proofs that must each see it."""

    name: str
    sql: str
    seen_by: tuple[str, ...] = (SCHEMA,)


MUTATIONS = (
    Mutation("a policy is dropped", "DROP POLICY tenant ON messages"),
    Mutation("a policy lets all rows be read", "ALTER POLICY tenant ON messages USING (true)", (SCHEMA, SQL)),
    Mutation("a policy lets any row be written", "ALTER POLICY tenant ON lessons WITH CHECK (true)"),
    Mutation("row-level security is off", "ALTER TABLE lessons DISABLE ROW LEVEL SECURITY", (SCHEMA, SQL)),
    Mutation("row-level security is not forced", "ALTER TABLE rooms NO FORCE ROW LEVEL SECURITY"),
    Mutation(
        "a reference is dropped", "ALTER TABLE messages DROP CONSTRAINT messages_channel_id_room_id_fkey", (SCHEMA, SQL)
    ),
    Mutation(
        "a reference lacks its channel",
        "ALTER TABLE sections DROP CONSTRAINT sections_channel_id_course_id_fkey;"
        " ALTER TABLE courses ADD UNIQUE (id);"
        " ALTER TABLE sections ADD FOREIGN KEY (course_id) REFERENCES courses (id)",
        (SCHEMA, SQL),
    ),
    Mutation("a unique key lacks its channel", "CREATE UNIQUE INDEX ON rooms (slug)"),
    Mutation("an index lacks its channel", "CREATE INDEX ON messages (created_at)"),
    Mutation(
        "a table's keys are gone",
        "ALTER TABLE room_reads DROP CONSTRAINT room_reads_pkey;"
        " ALTER TABLE room_reads DROP CONSTRAINT room_reads_channel_id_member_id_room_id_key",
        (SCHEMA, PLANS),
    ),
    Mutation("a view runs as its owner", "CREATE VIEW seen AS SELECT * FROM messages"),
    Mutation(
        "a function runs as its owner",
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM messages'",
    ),
    Mutation("a listed function's search path is loose", "ALTER FUNCTION channel_at RESET search_path"),
    Mutation("the application may truncate", "GRANT TRUNCATE ON rooms TO guildhall_app"),
    Mutation("everybody may read", "GRANT SELECT ON rooms TO PUBLIC"),
    Mutation("a table has no owner", "CREATE TABLE strays (id uuid PRIMARY KEY)"),
)
BOTH = "predicates and policies are gone"
PREDICATES = "predicates are gone, where no policy helps"


async def check_mutations(ground: Ground, statements_tried: int, requests: int, seed: int) -> Tally:
    """Take each wall down in turn; the tally lists what was seen by which proof, and finds what was not."""
    tally = Tally("Mutation check")
    async with copied(ground.settings) as copy:
        for mutation in MUTATIONS:
            tally.tried[mutation.name] += 1
            _judge(tally, mutation.name, SCHEMA, found=await _is_seen_in_schema(copy, mutation))
    for mutation in MUTATIONS:
        if mutation.seen_by != (SCHEMA,):
            async with copied(ground.settings) as copy:
                for name, found in (await _look(ground, copy, mutation, statements_tried, seed)).items():
                    _judge(tally, mutation.name, name, found=found)
    for name, leaks in (await _without_predicates(ground, requests)).items():
        weakness = BOTH if name == HTTP else PREDICATES
        tally.tried[weakness] += 1
        _judge(tally, weakness, name, found=bool(leaks))
    return tally


def _judge(tally: Tally, mutation: str, proof: str, *, found: bool) -> None:
    if found:
        tally.notes.append(f"{mutation}: seen by the {proof}")
    else:
        tally.leak(f"{mutation}, and the {proof} did not see it")


async def _is_seen_in_schema(copy: Settings, mutation: Mutation) -> bool:
    """Whether the schema lint sees a mutation, which is taken back afterwards."""
    owner = await asyncpg.connect(copy.database_url)
    try:
        transaction = owner.transaction()
        await transaction.start()
        await owner.execute(mutation.sql)
        seen = bool((await lint_schema(owner)).found)
        await transaction.rollback()
        return seen
    finally:
        await owner.close()


async def _look(ground: Ground, copy: Settings, mutation: Mutation, many: int, seed: int) -> dict[str, bool]:
    """Which of the proofs that try statements see a mutation they must see."""
    owner = await asyncpg.connect(copy.database_url)
    try:
        await owner.execute(mutation.sql)
    finally:
        await owner.close()
    seen: dict[str, bool] = {}
    async with connected(copy, "guildhall_app") as app:
        if PLANS in mutation.seen_by:
            seen[PLANS] = bool((await lint_plans(app, statements())).found)
        if SQL in mutation.seen_by:
            seen[SQL] = bool((await fuzz_sql(app, ground.shapes, ground.own, ground.other, many, seed)).found)
    return seen


async def _without_predicates(ground: Ground, requests: int) -> dict[str, list[str]]:
    """What the proofs find in a process whose statements name no channel, over a database without policies."""
    async with copied(ground.settings) as bare:
        await disarm(bare)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.isolation.unscoped", str(requests),
            env=os.environ | environment(bare), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the house without predicates did not run: {errors.decode()[-2000:]}")
    return dict(orjson.loads(out.splitlines()[-1]))


async def hold_by_predicates_alone(ground: Ground, requests: int, seed: int) -> Tally:
    """The HTTP fuzz where every policy is off: each statement's own predicates must keep the channels apart."""
    async with copied(ground.settings) as bare:
        await disarm(bare)
        _, http = await attack_weakened(bare, requests, seed)
    http.name = "HTTP fuzz without policies"
    return http


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process of its own reads them."""
    urls = {
        f"DATABASE_URL_{role.removeprefix('guildhall_').upper()}": settings.role_url(role) for role in DATABASE_ROLES
    }
    return urls | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "GUILDHALL_HOME": str(settings.home),
        "GUILDHALL_DEMO": "1",
        "BIND": "127.0.0.1",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
    }
