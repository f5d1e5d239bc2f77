"""Alive, ready, degraded; and the figures, for those who may see them."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import generate_latest

from providers import ProviderDown
from providers.breaker import Breaker
from server.health import Probe, Readiness
from server.provider_figures import ProviderFigures
from tests.server.toy import toy_house


class Leaned:
    """Something we lean on that can be told to be away."""

    def __init__(self) -> None:
        self.away = False
        self.hangs = False
        self.asked = 0

    async def ask(self) -> None:
        """Answer, fail or hang."""
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise ConnectionRefusedError("not there")


async def test_only_what_is_required_makes_us_unready() -> None:
    postgres, redis = Leaned(), Leaned()
    for pg_away, redis_away, expected in [
        (False, False, (True, {"status": "ready", "checks": {"postgresql": "ok", "redis": "ok"}})),
        (False, True, (True, {"status": "degraded", "checks": {"postgresql": "ok", "redis": "away"}})),
        (True, False, (False, {"status": "unready", "checks": {"postgresql": "away", "redis": "ok"}})),
    ]:
        postgres.away, redis.away = pg_away, redis_away
        readiness = Readiness([Probe("postgresql", postgres.ask, required=True), Probe("redis", redis.ask)])
        assert await readiness.report() == expected


async def test_a_probe_that_hangs_is_away() -> None:
    hanging = Leaned()
    hanging.hangs = True
    ready, report = await Readiness([Probe("postgresql", hanging.ask, required=True)]).report()
    assert (ready, report["checks"]) == (False, {"postgresql": "away"})


async def test_a_slow_vendor_keeps_nobody_waiting_and_goes_by_what_it_last_found() -> None:
    postgres, relay = Leaned(), Leaned()
    probes = [Probe("postgresql", postgres.ask, required=True), Probe("mail", relay.ask, fresh=0, seconds=60)]
    readiness = Readiness(probes)
    assert (await readiness.report())[1] == {"status": "ready", "checks": {"postgresql": "ok", "mail": "ok"}}
    relay.hangs = True
    async with asyncio.timeout(10):
        assert (await readiness.report())[1] == {"status": "ready", "checks": {"postgresql": "ok", "mail": "ok"}}
    assert relay.asked == 2
    await readiness.close()


async def test_what_was_never_answered_is_unknown() -> None:
    relay = Leaned()
    relay.hangs = True
    readiness = Readiness([Probe("mail", relay.ask, seconds=60)])
    assert await readiness.report() == (True, {"status": "ready", "checks": {"mail": "unknown"}})
    await readiness.close()


async def test_a_vendor_is_not_asked_again_while_its_answer_is_fresh() -> None:
    relay = Leaned()
    readiness = Readiness([Probe("mail", relay.ask, fresh=60)])
    for _ in range(3):
        await readiness.report()
    assert relay.asked == 1


async def test_however_many_ask_the_probes_are_asked_once_a_second() -> None:
    leaned = Leaned()
    readiness = Readiness([Probe("postgresql", leaned.ask, required=True)])
    await asyncio.gather(*(readiness.report() for _ in range(50)))
    assert leaned.asked == 1


async def test_livez_asks_nobody_and_readyz_says_what_is_away() -> None:
    leaned = Leaned()
    leaned.away = True
    readiness = Readiness([Probe("postgresql", leaned.ask, required=True)])
    async with toy_house(readiness=readiness) as house, aiohttp.ClientSession(house.url) as client:
        async with client.get("/livez") as answer:
            assert (answer.status, leaned.asked) == (200, 0)
        async with client.get("/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"status": "unready", "checks": {"postgresql": "away"}}


async def test_metrics_need_the_token() -> None:
    async with toy_house(metrics_token="the-token") as house, aiohttp.ClientSession(house.url) as client:
        for token, status in [("", 401), ("Bearer wrong", 401), ("Bearer the-token", 200)]:
            async with client.get("/metrics", headers={"Authorization": token} if token else {}) as answer:
                assert answer.status == status


async def test_metrics_are_off_without_a_token_but_for_our_own_processes(tmp_path: Path) -> None:
    path = str(tmp_path / "web.sock")
    async with toy_house(unix_path=path) as house:
        async with aiohttp.ClientSession(house.url) as client, client.get("/metrics") as answer:
            assert answer.status == 404
        unix = aiohttp.UnixConnector(path)
        async with aiohttp.ClientSession(connector=unix) as client, client.get("http://x/metrics") as answer:
            assert answer.status == 200


async def test_the_figures_tell_of_calls_to_providers_and_of_open_breakers() -> None:
    breaker = Breaker("A test's relay", failures=1)
    with breaker.call():
        pass
    with pytest.raises(ProviderDown), breaker.call():
        raise ProviderDown("no")
    text = generate_latest(ProviderFigures()).decode()
    assert 'provider_calls_total{outcome="ok",provider="A test\'s relay"} 1.0' in text
    assert 'provider_calls_total{outcome="down",provider="A test\'s relay"} 1.0' in text
    assert 'provider_breaker_open{provider="A test\'s relay"} 1.0' in text


async def test_requests_are_counted_by_route_template_never_by_what_was_asked() -> None:
    async with toy_house(metrics_token="t") as house, aiohttp.ClientSession(house.url) as client:
        for name in range(5):
            await (await client.get(f"/api/v1/bowls/secret-{name}")).read()
            await (await client.get(f"/nowhere-{name}")).read()
        await (await client.request("PROPFIND", "/livez")).read()
        async with client.get("/metrics", headers={"Authorization": "Bearer t"}) as answer:
            text = await answer.text()
    assert 'http_requests_total{method="GET",route="/api/v1/bowls/{bowl}",status="404"} 5.0' in text
    assert 'http_requests_total{method="GET",route="none",status="404"} 5.0' in text
    assert 'method="other"' in text
    assert "secret" not in text
    assert "http_request_seconds_bucket" in text
