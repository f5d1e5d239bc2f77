"""A channel with a million messages beside one with a thousand: the newest page, jumps and searches over HTTP."""

import http.client
import itertools
import os
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from bench import peers
from bench.cpu import cores
from bench.report import Report, platform_facts
from bench.routes import API
from bench.stage import Stage, furnished, staged
from tests.databases import Databases, as_role
from tests.world import CAST, School, make_school

FEW, MANY, ASKED, WARM_UP, STEP = 1_000, 1_000_000, 300, 30, 50_000
GOAL = 1.3
DAY, CHANCE = 2880, random.Random(7)
# One word in twenty messages, however many there are, one in every 400th and one in every tenth; the others of five
# thousand, twelve to a message.
RARE, MONTHLY, DAILY, BEGUN = "celadon", "raku", "stoneware", "clay77"
_SAY = f"""insert into messages (channel_id, id, room_id, member_id, client_id, seq, body, html, created_at)
select $1, uuidv7(($6 - n) * interval '-30 s'), $2, $3, gen_random_uuid(), n, said.words,
       '<p>' || said.words || '</p>', now() - ($6 - n) * interval '30 s'
from generate_series($4::int, $5::int) n cross join lateral (
  select string_agg('clay' || floor(random() * 5000)::int, ' ')
         || case when n <= {FEW} and n % {FEW // 20} = 0 then ' {RARE}' else '' end
         || case when n % 400 = 0 then ' {MONTHLY}' else '' end
         || case when n % 10 = 0 then ' {DAILY}' else '' end as words from generate_series(1, 12) g where n > 0) said"""
_INDEX = """insert into search_documents
  (channel_id, id, kind, visibility, place, seq, title, body, title_words, body_words, number)
select channel_id, id, 'message', 'room:' || room_id, 'room', seq, '', body, '', body, seq
from messages where channel_id = $1 and room_id = $2 and seq between $3 and $4"""
_COUNT = "update rooms set head_seq = $3 where channel_id = $1 and id = $2"


@dataclass(frozen=True, slots=True)
class Talked:
    """A channel in which so much was said in one room."""

    school: School
    room: UUID
    many: int


async def main() -> Report:
    """Ask the same of both in turn, so that what else the machine does falls on both; PostgreSQL searches."""
    app_core, rest = cores()
    os.sched_setaffinity(0, {rest})
    async with staged() as stage:
        short, long = await _second(stage), Talked(stage.world.pottery, stage.write_rooms[0], MANY)
        for talked in (short, long):
            await _fill(stage, talked)
        await _settle(stage)
        with peers.ours(stage, app_core) as side:
            taken = {name: _ask(side.port, short, long, path) for name, path in PATHS.items()}
    rows = [_row(name, *each) for name, each in taken.items()]
    columns = ["in turn", f"p50 ms, {FEW:,} messages", f"p50 ms, {MANY:,}", "ratio", "goal"]
    raw = {name: {str(FEW): sorted(few), str(MANY): sorted(many)} for name, (few, many) in taken.items()}
    return Report("history", columns, rows, platform_facts(), raw)


async def _second(stage: Stage) -> Talked:
    """A channel like the stage's own, with a room for a thousand messages."""
    tenancy = Databases.tenancy(stage.database_url)
    school = await make_school(tenancy, "meadow", CAST["pottery"])
    room = (await furnished(tenancy, school))[1]
    await tenancy.close()
    return Talked(school, room, FEW)


async def _fill(stage: Stage, talked: Talked) -> None:
    school, room = talked.school, talked.room
    app = await asyncpg.connect(as_role(stage.database_url, "guildhall_app"))
    await app.execute("select set_config('app.channel_id', $1, false)", str(school.id))
    for start in range(1, talked.many + 1, STEP):
        end = min(talked.many, start + STEP - 1)
        await app.execute(_SAY, school.id, room, school.ana.member_id, start, end, talked.many)
        await app.execute(_INDEX, school.id, room, start, end)
    await app.execute(_COUNT, school.id, room, talked.many)
    await app.close()


async def _settle(stage: Stage) -> None:
    owner = await asyncpg.connect(stage.database_url)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()


def _somewhere(talked: Talked) -> int:
    return CHANCE.randrange(100, talked.many)


def _some_day(talked: Talked) -> str:
    then = time.gmtime(time.time() - CHANCE.randrange(max(1, talked.many // DAY)) * 86_400)
    return time.strftime("%Y-%m-%d", then)


PATHS: dict[str, Callable[[Talked], str]] = {
    "the newest 50": lambda at: f"/rooms/{at.room}/messages",
    "50 before a place": lambda at: f"/rooms/{at.room}/messages?before={_somewhere(at)}",
    "50 around a message": lambda at: f"/rooms/{at.room}/messages?around={_somewhere(at)}",
    "50 about the first of a day": lambda at: f"/rooms/{at.room}/messages?on={_some_day(at)}",
    "search for a word of 20 messages": lambda _: f"/search?q={RARE}",
    "search for two of a word of every 400th": lambda _: f"/search?q=%22{MONTHLY}%22&limit=2",
    "search for words of every 40th, by their beginning": lambda _: f"/search?q={BEGUN}",
    "search for a word of every 10th": lambda _: f"/search?q=%22{DAILY}%22",
    "search for it by its beginning": lambda _: f"/search?q={DAILY[:5]}",
    "search for it, misspelt": lambda _: "/search?q=stonewear",
    "search for the word of 20 messages, misspelt": lambda _: "/search?q=celadno",
    "search for the word of 20 and one begun, of all": lambda _: f"/search?q={RARE}+clay",
}
"""What is asked for, each time at another place of the room."""


def _ask(port: int, short: Talked, long: Talked, path: Callable[[Talked], str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each request to the one and to the other, over one connection."""
    tokens = {
        at.many: itertools.cycle(somebody.token for somebody in at.school.people.values()) for at in (short, long)
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[int, list[float]] = {short.many: [], long.many: []}
    for _ in range(WARM_UP + ASKED):
        for at in (short, long):
            headers = {"Authorization": f"Bearer {next(tokens[at.many])}", "X-Forwarded-For": "10.0.0.7"}
            began = time.perf_counter()
            connection.request("GET", f"{API}/channels/{at.school.slug}{path(at)}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            taken[at.many].append((time.perf_counter() - began) * 1000)
            if answer.status != 200 or b'"items":[{' not in body.replace(b" ", b""):
                raise RuntimeError(f"{path(at)} says {answer.status} {body[:300]!r}")
    connection.close()
    return taken[short.many][WARM_UP:], taken[long.many][WARM_UP:]


def _row(name: str, few: list[float], many: list[float]) -> list[str]:
    short, long = statistics.median(few), statistics.median(many)
    return [name, f"{short:.2f}", f"{long:.2f}", f"{long / short:.2f} x", f"≤ {GOAL} x"]
