"""The figures of jobs, outbox, queues, sockets and connections, as Prometheus reads them."""

from pathlib import Path
from uuid import uuid4

from redis import Redis
from rq import SimpleWorker

from providers.embedded import EmbeddedValkey
from tenants.ids import LessonId, new_id
from tenants.jobs import SendMail
from tenants.notices import recording_ready
from tenants.permissions import acting_system
from tests.databases import Databases, bare
from tests.realtime.clients import connected
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Web, serving, settings_for
from tests.world import make_world
from workers.queues import Queues


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


def told_of(figures: str, name: str) -> float:
    (line,) = (line for line in figures.splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


async def test_what_the_wire_and_the_index_have_not_heard_is_counted_with_its_age(
    fresh: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    tenancy = Databases.tenancy(fresh)
    world = await make_world(tenancy)
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        before = await figures(web)
        assert told_of(before, "index_changes_waiting") == told_of(before, "index_changes_oldest_seconds") == 0
        async with tenancy.scope(world.pottery.id, acting_system("test")) as scope:
            scope.reindex("message", new_id())
            scope.announce(recording_ready(world.pottery.sam.person_id, LessonId(new_id()), "Bowls", "/x"))
        async with bare(tenancy.relay) as connection:
            await connection.execute("select pg_sleep(0.2)")
        told = await figures(web)
        assert told_of(told, "index_changes_waiting") == told_of(told, "notices_waiting") == 1
        assert 0.1 < told_of(told, "index_changes_oldest_seconds") < 60
        assert 0.1 < told_of(told, "notices_oldest_seconds") < 60
    await tenancy.close()


async def test_tickets_and_workers_are_counted_by_queue(fresh: str, valkey: EmbeddedValkey, tmp_path: Path) -> None:
    redis = Redis.from_url(valkey.redis_url)
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        deployment = settings_for(fresh, valkey.redis_url, tmp_path, 1).deployment
        queues = Queues(redis, deployment, b"secret")
        queue, worker = queues.queue("media"), SimpleWorker([queues.queue("media")], connection=redis)
        queue.empty()  # type: ignore[no-untyped-call]
        queues.send("media", "a-ticket", ["job"])
        worker.register_birth()  # type: ignore[no-untyped-call]
        told = await figures(web)
        assert 'queue_tickets{queue="media"} 1.0' in told
        assert 'queue_workers{queue="media"} 1.0' in told
        assert 'queue_workers{queue="render"} 0.0' in told
        worker.register_death()  # type: ignore[no-untyped-call]
        queue.empty()  # type: ignore[no-untyped-call]
    redis.close()


async def test_sockets_and_lent_connections_of_a_process_are_counted(
    fresh: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        wire = web.session.ws_connect(f"{web.url}/socket.io/?EIO=4&transport=websocket")
        async with wire, web.house.tenancy.app.connection():
            told = await figures(web)
        assert told_of(told, "sockets_open") == 1
        assert told_of(told, "wire_fallback") == 0
        assert 'database_connections_in_use{role="app"} 1.0' in told
        assert 'database_connections_most{role="app"} 6.0' in told
        assert 'database_connections_in_use{role="app"} 0.0' in await figures(web)


async def test_what_the_wire_does_is_counted(fresh: str, valkey: EmbeddedValkey, tmp_path: Path) -> None:
    async with serving(fresh, valkey.redis_url, tmp_path, metrics_token="the-token") as web:
        pottery = (await make_world(web.house.tenancy)).pottery
        room = await make_room(web, pottery)
        async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
            await sam.ok("room.join", room=room)
            await sam.hears("presence.changed")
            await sam.post(room)
            await sam.ok("read", room=room, seq=1)
            await sam.hears("read")
            await sam.code("typing", room=str(uuid4()))
            await sam.code("no.such.event")
            told = await figures(web)
            assert told_of(told, "wire_rooms") == 1
            assert 0 < told_of(told, "bus_lag_seconds") < 60
            for line in (
                'wire_answer_seconds_count{event="message.post"} 1.0',
                'wire_answer_seconds_count{event="unknown"} 1.0',
                'wire_refused_total{code="not_joined",event="typing"} 1.0',
                'wire_refused_total{code="unknown_event",event="unknown"} 1.0',
                'wire_presence_total{kind="told"} 1.0',
                'wire_reading_total{kind="marks"} 1.0',
            ):
                assert line in told, line
            await web.call("POST", "/auth/sign-out", token=pottery.zoe.token)

            async def ended() -> bool:
                return bool(zoe.ended)

            await until(ended)
        told = await figures(web)
        assert 'wire_sent_away_total{reason="session_ended"} 1.0' in told
        assert 'wire_ended_total{reason="' in told
