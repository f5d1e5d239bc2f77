"""The figures of the jobs, as Prometheus reads them."""

from pathlib import Path

from providers.embedded import EmbeddedValkey
from tenants.jobs import SendMail
from tenants.permissions import acting_system
from tests.databases import Databases, bare
from tests.webapp import Web, serving
from tests.world import make_world


async def test_waiting_and_failed_jobs_are_counted_by_queue(fresh: str, valkey: EmbeddedValkey, tmp_path: Path) -> None:
    tenancy = Databases.tenancy(fresh)
    world = await make_world(tenancy)
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        assert "jobs_waiting{" not in await figures(web)
        async with tenancy.scope(world.pottery.id, acting_system("test")) as scope:
            for _ in range(3):
                job_id = scope.enqueue(SendMail("welcome", world.pottery.ana.person_id))
        async with bare(tenancy.relay) as connection:
            await connection.execute("update jobs set state = 'failed' where id = $1", job_id)
        told = await figures(web)
        assert 'jobs_waiting{queue="default"} 2.0' in told
        assert 'jobs_failed{queue="default"} 1.0' in told
    await tenancy.close()


async def figures(web: Web) -> str:
    answer = await web.get("/metrics", headers={"Authorization": "Bearer the-token"})
    assert answer.status == 200
    return answer.body.decode()
