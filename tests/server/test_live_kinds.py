"""What is particular to one kind of live connection: Zoom's handshake and registrations, a plain link, credentials."""

from pathlib import Path

from providers.embedded import EmbeddedValkey
from providers.live import bigbluebutton_events as bbb_events
from tenants.live import classes
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.server.hosting import connect, hosted
from tests.standins import bigbluebutton as bbb
from tests.standins import zoom
from tests.tenants.live_school import make_class, make_held
from tests.webapp import Web
from tests.world import World


async def test_zoom_is_answered_what_proves_the_endpoint_and_nothing_else_is_signed(
    tenancy: Tenancy, world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    async with hosted("zoom", tenancy, world, database, valkey.redis_url, tmp_path) as at:
        ask = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}
        proof = await at.deliver(zoom.webhook(ask))
        assert proof.status == 200
        assert b'"plainToken":"qgg8vlvZRS6UYooatFL8Aw"' in proof.body.replace(b" ", b"")
        _, headers, raw = zoom.webhook(ask)
        assert (await at.deliver(("", {**headers, "x-zm-signature": "v0=0"}, raw))).status == 401
        oracle = {"event": "endpoint.url_validation", "payload": {"plainToken": 'v0:1700000000:{"event":"x"}'}}
        assert (await at.deliver(zoom.webhook(oracle))).status == 400


async def test_a_zoom_student_who_comes_often_keeps_the_first_link(
    tenancy: Tenancy, world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    async with hosted("zoom", tenancy, world, database, valkey.redis_url, tmp_path) as at:
        answers = [await at.join(at.school.sam) for _ in range(6)]
        assert len({answer.headers["Location"] for answer in answers}) == 1
        assert len(at.far.tokens) == 1
        at.far.tokens.append("zoom dropped the old one")
        assert (await at.join(at.school.ben)).status == 303


async def test_a_plain_link_leads_everybody_to_one_address(web: Web, tenancy: Tenancy, world: World) -> None:
    url = "https://meet.example/our-room?pwd=1"
    connection = await connect(web, world.pottery, "link", {"url": url})
    held = await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)
    class_id = await make_class(tenancy, world.pottery, world.pottery.ana, held.batch, connection_id=connection)
    door = await web.get(f"/c/{world.pottery.slug}/classes/{class_id}", headers=world.pottery.sam.bearer)
    assert (door.status, door.headers["Location"]) == (303, url)
    async with web.session.post(f"{web.url}/webhooks/live/{connection}", data=b"{}") as answer:
        assert answer.status == 401


async def test_credentials_are_never_shown_and_wrong_ones_are_named(web: Web, world: World) -> None:
    at, token = f"/channels/{world.pottery.slug}/live-connections", world.pottery.ana.token
    secret = "the-api-secret-nobody-may-see"
    good = {"url": "wss://a.example", "key_id": "APIx", "secret": secret}
    made = await web.call("POST", at, {"name": "x", "provider": "livekit", "credentials": good}, token=token)
    assert (made.status, made.json["secret"]) == (201, None)
    shown = await web.call("GET", at, token=token)
    page = await web.get(f"/c/{world.pottery.slug}/studio/classes", headers=world.pottery.ana.bearer)
    assert secret.encode() not in made.body + shown.body + page.body
    for given, field in (({"url": "ftp://x"}, "url"), ({"secret": ""}, "secret"), ({"colour": "red"}, "colour")):
        body = {"name": "x", "provider": "livekit", "credentials": {**good, **given}}
        refused = await web.call("POST", at, body, token=token)
        pointers = [error["pointer"] for error in refused.json["errors"]]
        assert (refused.status, pointers) == (422, [f"/credentials/{field}"])


async def test_a_meeting_that_was_held_twice_ended_the_second_time(
    tenancy: Tenancy, world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    async with hosted("bigbluebutton", tenancy, world, database, valkey.redis_url, tmp_path) as at:
        ends = []
        for sitting in ("1", "2"):
            marked = bbb_events.marked("https://x/", "ended", at.ref, sitting, bbb.SECRET)
            for _ in range(2):
                assert (await at.deliver(bbb.ended(marked, at.ref))).status == 200
            async with tenancy.scope(at.school.id, acting_system("test")) as scope:
                ends.append((await classes.read(scope, at.id))["ended_at"])
        assert ends[0] < ends[1]
