"""`guildhall live connect`: an address and a secret with which a provider is heard at once."""

import re
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson

from providers.embedded import EmbeddedValkey
from providers.standard_webhooks import sign
from tests.cli.test_commands import guildhall
from tests.webapp import Web, settings_for
from tests.world import World


async def test_a_connected_provider_is_heard(
    web: Web, world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    named = settings_for(database, valkey.redis_url, tmp_path, 8000)
    variables = {
        "SECRET_KEY": named.secret_key.get_secret_value(), "DATABASE_URL": database, "REDIS_URL": valkey.redis_url,
        "DATABASE_URL_APP": named.database_url_app, "DATABASE_URL_RELAY": named.database_url_relay,
        "BASE_URL": web.url, "COLUMNS": "200",
    }  # fmt: skip
    done = guildhall(tmp_path, "live", "connect", world.pottery.slug, "--provider", "generic", **variables)
    assert done.returncode == 0, done.stderr
    url = re.search(r"http://\S+/webhooks/live/\S+", done.stdout)
    secret = re.search(r"whsec_\S+", done.stdout)
    assert url
    assert secret
    raw = orjson.dumps({"type": "of.no.kind", "data": {}})
    headers = sign(secret.group(), "msg-1", datetime.now(UTC), raw)
    async with aiohttp.ClientSession() as session, session.post(url.group(), data=raw, headers=headers) as answer:
        assert answer.status == 200
    shown = await web.call("GET", f"/channels/{world.pottery.slug}/live-connections", token=world.pottery.ana.token)
    assert [each["url"] for each in shown.json["items"]] == [url.group()]
    assert b"whsec_" not in shown.body


def test_a_channel_that_is_not_there_is_one_sentence(database: str, valkey: EmbeddedValkey, tmp_path: Path) -> None:
    done = guildhall(tmp_path, "live", "connect", "nowhere", DATABASE_URL=database, REDIS_URL=valkey.redis_url)
    assert (done.returncode, done.stderr) == (1, "✘ There is no channel at this address.\n")
