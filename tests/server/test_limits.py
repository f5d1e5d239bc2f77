"""Rate limits: counted by all processes together, told in headers, and never a reason to wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from providers.embedded import EmbeddedValkey
from server.counters import Counters
from server.limits import (
    API,
    API_ANONYMOUS,
    POSTING,
    SIGN_IN_FAILURES,
    VERIFY,
    Limiter,
    Policy,
    check_sign_in_pause,
    limit_headers,
    note_failed_sign_in,
    note_good_sign_in,
)
from tenants.errors import TooFast
from tests.server.toy import ANA, toy_house

SUBJECTS = iter(f"203.0.113.{number}" for number in range(1, 250))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A Valkey of this module's own, for it will be killed."""
    valkey = EmbeddedValkey(tmp_path_factory.mktemp("kv"))
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
async def counters(server: EmbeddedValkey) -> AsyncIterator[Counters]:
    shared = Counters(server.redis_url, patience=2.0)
    yield shared
    await shared.close()


async def spent(limiter: Limiter, policy: Policy, subject: str, times: int) -> int:
    """How many of `times` attempts were admitted."""
    return sum([not (await limiter.spend(policy, subject)).refused for _ in range(times)])


async def test_two_processes_count_together(server: EmbeddedValkey, counters: Counters) -> None:
    other_counters = Counters(server.redis_url, patience=2.0)
    one, other, subject = Limiter(counters), Limiter(other_counters), next(SUBJECTS)
    admitted = await spent(one, POSTING, subject, 20) + await spent(other, POSTING, subject, 20)
    assert admitted == POSTING.amount
    await other_counters.close()


async def test_blocks_taken_by_two_processes_never_exceed_the_limit(server: EmbeddedValkey, counters: Counters) -> None:
    other_counters = Counters(server.redis_url, patience=2.0)
    one, other, subject = Limiter(counters), Limiter(other_counters), next(SUBJECTS)
    admitted = sum([await spent(limiter, API, subject, 30) for limiter in [one, other] * 15])
    assert API.amount - API.block <= admitted <= API.amount
    await other_counters.close()


async def test_one_process_alone_admits_exactly_the_limit(counters: Counters) -> None:
    assert await spent(Limiter(counters), API, next(SUBJECTS), 700) == API.amount


async def test_a_block_larger_than_what_is_left_takes_what_is_left(counters: Counters) -> None:
    assert await spent(Limiter(counters), Policy("odd", 10, 60, block=4), next(SUBJECTS), 20) == 10


async def test_subjects_do_not_share(counters: Counters) -> None:
    limiter = Limiter(counters)
    assert await spent(limiter, POSTING, next(SUBJECTS), 40) == await spent(limiter, POSTING, next(SUBJECTS), 40) == 30


async def test_relaxed_is_a_hundred_times_wider_but_not_for_what_is_fixed(counters: Counters) -> None:
    limiter, subject = Limiter(counters, "relaxed"), next(SUBJECTS)
    assert await spent(limiter, POSTING, subject, 100) == 100
    assert (await limiter.spend(POSTING, subject)).policy.amount == 3000
    assert await spent(limiter, VERIFY, subject, 40) == 30


async def test_a_cost_of_ten_counts_ten(counters: Counters) -> None:
    limiter, subject = Limiter(counters), next(SUBJECTS)
    standings = [await limiter.spend(VERIFY, subject, cost=10) for _ in range(4)]
    assert [each.refused for each in standings] == [False, False, False, True]


async def test_five_failed_sign_ins_pause_an_email_even_when_relaxed(counters: Counters) -> None:
    limiter, email = Limiter(counters, "relaxed"), "ana@guildhall.example"
    for _ in range(4):
        await note_failed_sign_in(limiter, email)
    await check_sign_in_pause(limiter, email)
    await note_failed_sign_in(limiter, email)
    with pytest.raises(TooFast) as refusal:
        await check_sign_in_pause(limiter, email)
    assert 590 < refusal.value.retry_after <= 600


async def test_a_good_sign_in_forgets_the_failures(counters: Counters) -> None:
    limiter, email = Limiter(counters), "ben@guildhall.example"
    for _ in range(4):
        await note_failed_sign_in(limiter, email)
    await note_good_sign_in(limiter, email)
    await note_failed_sign_in(limiter, email)
    await check_sign_in_pause(limiter, email)
    assert (await limiter.look(SIGN_IN_FAILURES, email)).remaining == 4


async def test_without_redis_each_process_counts_for_itself_and_nobody_waits(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "kv")
    valkey.start()
    counters = Counters(valkey.redis_url, patience=0.2, peace=60)
    limiter, subject = Limiter(counters), next(SUBJECTS)
    assert await spent(limiter, POSTING, subject, 10) == 10
    valkey.stop()
    assert await spent(limiter, POSTING, subject, 40) == POSTING.amount
    assert not counters.shared
    await counters.close()


async def test_a_redis_that_hangs_is_left_in_peace_after_one_short_wait() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    counters = Counters(f"redis://127.0.0.1:{port}", patience=0.2, peace=60)
    started = time.monotonic()
    assert await spent(Limiter(counters), POSTING, next(SUBJECTS), 40) == POSTING.amount
    assert time.monotonic() - started < 5
    await counters.close()
    silent.close()


async def test_redis_is_asked_again_when_it_is_back(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "kv")
    counters = Counters(valkey.redis_url, patience=2.0, peace=0.0)
    limiter, subject = Limiter(counters), next(SUBJECTS)
    assert await spent(limiter, POSTING, subject, 30) == 30
    valkey.start()
    assert await spent(limiter, POSTING, subject, 1) == 1
    await counters.close()
    valkey.stop()


async def test_every_api_answer_tells_the_limit(counters: Counters) -> None:
    async with toy_house(limiter=Limiter(Counters())) as house, aiohttp.ClientSession(house.url) as client:
        for path, left in [("/api/v1/bowls", 59), ("/api/v1/nowhere", 58), ("/api/v1/bowls/nonsense", 57)]:
            async with client.get(path) as answer:
                assert answer.headers["RateLimit-Policy"] == '"api-anonymous";q=60;w=60'
                assert answer.headers["RateLimit"] == f'"api-anonymous";r={left};t=60'
        async with client.get("/api/v1/bowls", headers=ANA) as answer:
            assert answer.headers["RateLimit"] == '"api";r=599;t=60'
        async with client.post("/api/v1/say") as answer:
            assert answer.headers["RateLimit-Policy"] == '"api-anonymous";q=60;w=60, "posting";q=30;w=10'


async def test_beyond_the_limit_is_429_with_the_time_to_wait() -> None:
    async with toy_house(limiter=Limiter(Counters())) as house, aiohttp.ClientSession(house.url) as client:
        statuses = []
        for _ in range(70):
            async with client.get("/api/v1/nowhere") as answer:
                statuses.append(answer.status)
        assert statuses == [404] * 60 + [429] * 10
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["RateLimit"].startswith('"api-anonymous";r=0;')
        async with client.get("/api/v1/bowls", headers=ANA) as signed_in:
            assert signed_in.status == 200


async def test_failing_to_sign_in_spends_as_the_address(counters: Counters) -> None:
    async with toy_house(limiter=Limiter(Counters())) as house, aiohttp.ClientSession(house.url) as client:
        for number in range(61):
            async with client.get("/api/v1/bowls", headers={"Authorization": f"Bearer wrong-{number}"}) as answer:
                assert answer.status == (401 if number < 60 else 429)


def test_headers_are_structured_fields() -> None:
    assert limit_headers([]) == {"RateLimit-Policy": "", "RateLimit": ""}
    assert API_ANONYMOUS.amount == 60
