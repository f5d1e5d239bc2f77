"""A search through our API beside the same question put to Elasticsearch: what the asking process spends on each."""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp

from bench import peers
from bench.cpu import cores, cpu_seconds
from bench.engine import engine_for
from bench.indexing import post
from bench.role import settings_of
from bench.routes import API, addresses
from bench.stage import Stage
from bench.texts import questions
from bench.wire import load, request
from search import KINDS, PUBLIC, Question, documents, elastic_query
from search.query import parse
from settings import Settings
from workers import indexing
from workers.__main__ import make_shop

DOCUMENTS, QUESTIONS, HITS = 3000, 200, 20
ROUNDS, SECONDS, WARM_UP_SECONDS, RAW_CALLS = 3, 4.0, 1.0, 600


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU milliseconds of the web process a search, and of a bare client a call, one of each a round."""

    ours: list[float]
    raw: list[float]

    @property
    def more(self) -> float:
        """What a search costs more than the call in it."""
        return statistics.median(self.ours) - statistics.median(self.raw)


async def measure(stage: Stage, engine_url: str) -> Figures:
    """Both in turn, over the same messages in an index of their own."""
    settings = settings_of(stage.database_url, stage.redis_url, engine_url, str(stage.home / "searching"))
    asked = questions(QUESTIONS)
    async with engine_for(settings) as engine:
        await _fill(stage, settings)
        await engine.refresh()
        raw = [engine_url, engine.indexes.searched, str(stage.world.pottery.id)]
        with peers.ours(stage, cores()[0], elasticsearch_url=engine_url) as web:
            rounds = [(await _ours(web, stage, asked), await _raw(raw, stage, asked)) for _ in range(ROUNDS)]
    return Figures([each[0] for each in rounds], [each[1] for each in rounds])


async def _fill(stage: Stage, settings: Settings) -> None:
    shop = make_shop(settings)
    await post(shop.tenancy, stage, DOCUMENTS)
    await indexing.drain(shop, stage.world.pottery.id)
    await shop.search.close()
    await shop.tenancy.close()


async def _ours(web: peers.Side, stage: Stage, asked: list[str]) -> float:
    requests = _requests(stage, asked)
    await load(web.port, requests, 200, WARM_UP_SECONDS)
    before = cpu_seconds(web.pid)
    tally = await load(web.port, requests, 200, SECONDS)
    if tally.other:
        raise RuntimeError(f"searches were answered with {tally.other}")
    return (cpu_seconds(web.pid) - before) * 1000 / tally.good


def _requests(stage: Stage, asked: list[str]) -> Iterator[bytes]:
    """Students who look for something."""
    school = stage.world.pottery
    students = itertools.cycle([school.sam, school.zoe])
    for text, address in zip(itertools.cycle(asked), addresses(), strict=False):
        path = f"{API}/channels/{school.slug}/search?q={quote(text)}"
        yield request("GET", path, X_Forwarded_For=address, Authorization=f"Bearer {next(students).token}")


async def _raw(place: list[str], stage: Stage, asked: list[str]) -> float:
    rooms = [documents.room(each) for each in (*stage.read_rooms, *stage.write_rooms)]
    bodies = [_body(place[2], text, (PUBLIC, *rooms)) for text in asked]
    words = [sys.executable, "-m", "bench.searching", *place[:2], place[2]]
    done = await asyncio.to_thread(
        subprocess.run, words, input=json.dumps(bodies), stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def _body(channel: str, text: str, seen: tuple[str, ...]) -> str:
    """What our engine sends for it."""
    question = Question(*parse(text), KINDS, seen, HITS + 1)
    return elastic_query.body(channel, elastic_query.found(question, elastic_query.exact(question))).decode()


async def call(url: str, index: str, channel: str) -> None:
    """Put each question to Elasticsearch and read the answer; prints CPU milliseconds a call."""
    bodies = [each.encode() for each in json.load(sys.stdin)]
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        for number, body in enumerate(itertools.islice(itertools.cycle(bodies), RAW_CALLS + len(bodies))):
            if number == len(bodies):
                began = time.process_time()
            async with session.post(f"/{index}/_search?routing={channel}&preference={channel}", data=body) as answer:
                answer.raise_for_status()
                await answer.read()
    print((time.process_time() - began) * 1000 / RAW_CALLS)


if __name__ == "__main__":
    asyncio.run(call(*sys.argv[1:]))
