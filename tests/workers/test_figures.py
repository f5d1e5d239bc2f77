"""What a worker tells of itself, as Prometheus reads it at a web process."""

from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from providers import ProviderDown
from providers.breaker import Breaker
from providers.embedded import EmbeddedValkey
from realtime import worker_figures
from realtime.worker_figures import Figures
from tests.databases import Databases
from tests.waiting import until
from tests.webapp import Web, serving, settings_for
from workers.figures import Telling


async def told(web: Web) -> str:
    answer = await web.get("/metrics", headers={"Authorization": "Bearer the-token"})
    assert answer.status == 200
    return answer.body.decode()


async def test_breakers_and_pools_of_a_worker_are_told_while_it_lives(
    fresh: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    name = f"relay-{uuid4().hex[:6]}"
    relay = Breaker(name, failures=1)
    with relay.call():
        pass
    with pytest.raises(ProviderDown), relay.call():
        raise ProviderDown("away")
    tenancy = Databases.tenancy(fresh)
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        assert 'worker_processes{worker="media"}' not in await told(web)
        deployment = settings_for(fresh, valkey.redis_url, tmp_path, 1).deployment
        with Telling(valkey.redis_url, deployment, "media", tenancy):

            async def comes() -> bool:
                return 'worker_processes{worker="media"} 1.0' in await told(web)

            await until(comes, 10)
            figures = await told(web)
        gone = await told(web)
    assert f'worker_provider_breaker_open{{provider="{name}",worker="media"}} 1.0' in figures
    for outcome in ("ok", "down"):
        counted = f'worker_provider_calls_total{{outcome="{outcome}",provider="{name}",worker="media"}} 1.0'
        assert counted in figures
    most = tenancy.app.lent.size
    assert f'worker_database_connections_most{{role="app",worker="media"}} {float(most)}' in figures
    assert 'worker_database_callers_waiting{role="relay",worker="media"} 0.0' in figures
    assert 'worker="media"' not in gone
    await tenancy.close()


async def test_those_of_one_kind_are_added_up_and_one_that_was_killed_is_forgotten(
    fresh: str, valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = Redis.from_url(valkey.redis_url)
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        deployment = settings_for(fresh, valkey.redis_url, tmp_path, 1).deployment
        for place, is_open in (("a 1", False), ("b 1", True)):
            pools = {"app": {"in_use": 1, "size": 2, "waiting": 0, "waits": 3, "waited_seconds": 0.5}}
            write = Figures("index", {"Elasticsearch": {"ok": 2}}, {"Elasticsearch": is_open}, pools)
            worker_figures.write(redis, deployment, place, write)
        figures = await told(web)
        assert 'worker_provider_calls_total{outcome="ok",provider="Elasticsearch",worker="index"} 4.0' in figures
        assert 'worker_provider_breaker_open{provider="Elasticsearch",worker="index"} 1.0' in figures
        assert 'worker_database_wait_seconds_total{role="app",worker="index"} 1.0' in figures
        monkeypatch.setattr(worker_figures, "OLD_SECONDS", -1.0)
        assert 'worker="index"' not in await told(web)
        assert redis.hlen(f"{deployment}:figures") == 0
    redis.close()
