"""A room with a million messages beside one with a thousand: the newest page, jumps and searches over HTTP."""

import http.client
import itertools
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import asyncpg

from bench import peers
from bench.cpu import cores
from bench.report import Report, platform_facts
from bench.routes import API
from bench.stage import Stage, staged
from tests.databases import as_role

FEW, MANY, ASKED, WARM_UP, STEP = 1_000, 1_000_000, 300, 30, 50_000
GOAL = 1.3
# One word in twenty messages, however many there are, and one in every tenth; the others of five thousand, twelve to a
# message.
RARE, FREQUENT, DAILY = "celadon", "clay77", "stoneware"
_SAY = f"""insert into messages (channel_id, id, room_id, member_id, client_id, seq, body, html, created_at)
select $1, uuidv7(({MANY} - n) * interval '-30 s'), $2, $3, gen_random_uuid(), n, said.words,
       '<p>' || said.words || '</p>', now() - ({MANY} - n) * interval '30 s'
from generate_series($4::int, $5::int) n cross join lateral (
  select string_agg('clay' || floor(random() * 5000)::int, ' ')
         || case when n <= {FEW} and n % {FEW // 20} = 0 then ' {RARE}' else '' end
         || case when n % 10 = 0 then ' {DAILY}' else '' end as words from generate_series(1, 12) g where n > 0) said"""
_INDEX = """insert into search_documents
  (channel_id, id, kind, visibility, place, seq, title, body, title_words, body_words, number)
select channel_id, id, 'message', 'room:' || room_id, 'room', seq, '', body, '', body, seq
from messages where channel_id = $1 and room_id = $2 and seq between $3 and $4"""
_COUNT = "update rooms set head_seq = $3 where channel_id = $1 and id = $2"


async def main() -> Report:
    """Ask the same of one room when it is short and when it is long; the search engine is PostgreSQL."""
    app_core, rest = cores()
    os.sched_setaffinity(0, {rest})
    taken: dict[int, dict[str, list[float]]] = {}
    async with staged() as stage:
        room, said = stage.write_rooms[0], 0
        with peers.ours(stage, app_core) as side:
            for many in (FEW, MANY):
                await _fill(stage, room, said + 1, many)
                said = many
                taken[many] = {name: _ask(stage, side.port, path) for name, path in _paths(room, many).items()}
    rows = [_row(name, taken[FEW][name], taken[MANY][name]) for name in taken[FEW]]
    columns = ["one request after another", f"p50 ms, {FEW:,} messages", f"p50 ms, {MANY:,}", "ratio", "goal"]
    raw = {str(many): {name: sorted(ms) for name, ms in each.items()} for many, each in taken.items()}
    return Report("history", columns, rows, platform_facts(), raw)


async def _fill(stage: Stage, room: UUID, first: int, last: int) -> None:
    school = stage.world.pottery
    app = await asyncpg.connect(as_role(stage.database_url, "guildhall_app"))
    await app.execute("select set_config('app.channel_id', $1, false)", str(school.id))
    for start in range(first, last + 1, STEP):
        end = min(last, start + STEP - 1)
        await app.execute(_SAY, school.id, room, school.ana.member_id, start, end)
        await app.execute(_INDEX, school.id, room, start, end)
    await app.execute(_COUNT, school.id, room, last)
    await app.close()
    owner = await asyncpg.connect(stage.database_url)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()


def _paths(room: UUID, many: int) -> dict[str, Callable[[], str]]:
    """What is asked for, each time at another place of the room."""
    chance = random.Random(7)
    messages = f"/rooms/{room}/messages"
    days = max(1, many // 2880)

    def day() -> str:
        then = time.gmtime(time.time() - chance.randrange(days) * 86_400)
        return time.strftime("%Y-%m-%d", then)

    return {
        "the newest 50": lambda: messages,
        "50 before a place": lambda: f"{messages}?before={chance.randrange(100, many)}",
        "50 around a message": lambda: f"{messages}?around={chance.randrange(1, many)}",
        "50 about the first of a day": lambda: f"{messages}?on={day()}",
        "search for a word of 20 messages": lambda: f"/search?q={RARE}",
        "search for a word of every 400th": lambda: f"/search?q=%22{FREQUENT}%22",
        "search for words of every 40th, by their beginning": lambda: f"/search?q={FREQUENT}",
        "search for a word of every 10th": lambda: f"/search?q=%22{DAILY}%22",
        "search for it by its beginning": lambda: f"/search?q={DAILY[:5]}",
        "search for it, misspelt": lambda: "/search?q=stonewear",
        "search for the word of 20 messages, misspelt": lambda: "/search?q=celadno",
        "search for the word of 20 and one begun, of all": lambda: f"/search?q={RARE}+clay",
    }


def _ask(stage: Stage, port: int, path: Callable[[], str]) -> list[float]:
    """Milliseconds of each request, over one connection."""
    school = stage.world.pottery
    tokens: Iterator[str] = itertools.cycle(somebody.token for somebody in school.people.values())
    connection, taken = http.client.HTTPConnection("127.0.0.1", port, timeout=30), []
    for _ in range(WARM_UP + ASKED):
        headers = {"Authorization": f"Bearer {next(tokens)}", "X-Forwarded-For": "10.0.0.7"}
        began = time.perf_counter()
        connection.request("GET", f"{API}/channels/{school.slug}{path()}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != 200 or b'"items":[{' not in body.replace(b" ", b""):
            raise RuntimeError(f"{path()} says {answer.status} {body[:300]!r}")
    connection.close()
    return taken[WARM_UP:]


def _row(name: str, few: list[float], many: list[float]) -> list[str]:
    short, long = statistics.median(few), statistics.median(many)
    return [name, f"{short:.2f}", f"{long:.2f}", f"{long / short:.2f} x", f"≤ {GOAL} x"]
