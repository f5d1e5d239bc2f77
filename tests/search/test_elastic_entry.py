"""Elasticsearch behind TLS and a sign-in, as hosted ones are: the real engine, with a stand-in's door before it."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from providers import ProviderDown, Unusable
from search import KINDS, PUBLIC, Question
from search.elastic import ElasticSearch
from search.query import parse
from settings import SettingsFault, load_settings
from tenants.ids import new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.search.test_engines import message
from tests.standins.certificates import make_certificate
from tests.standins.elasticsearch import Node
from tests.standins.elasticsearch.way import Way, way_to
from tests.world import World

SYSTEM = acting_system("test")
NAME, PASSWORD, KEY = "guildhall", "p@ss/word", "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAy+AxYTNteG/=="
BASIC = "Basic " + base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
SIGNED = f"{NAME}:{quote(PASSWORD, safe='')}"


@asynccontextmanager
async def hosted(node: Node, folder: Path, hours: float = 1) -> AsyncIterator[tuple[Way, str, Path]]:
    """The way to the engine by TLS, for those who sign in; its address without `https://`, its authority."""
    authority, context = make_certificate(folder, "localhost", hours)
    async with way_to(node.url, context) as (way, url):
        way.entries = (BASIC, f"ApiKey {KEY}")
        yield way, url.removeprefix("https://"), authority


def engine_at(url: str) -> ElasticSearch:
    return ElasticSearch(url, f"test-{new_id().hex}")


@pytest.mark.parametrize("way_in", ["a name and a password", "an API key"])
async def test_behind_tls_and_a_sign_in_all_is_as_without(
    elasticsearch: Node, tenancy: Tenancy, world: World, tmp_path: Path, way_in: str
) -> None:
    async with hosted(elasticsearch, tmp_path) as (_, at, authority):
        by_key = f"https://{at}?api_key={KEY}&ca={authority}"
        engine = engine_at(by_key if way_in == "an API key" else f"https://{SIGNED}@{at}?ca={authority}")
        await engine.indexes.swap(await engine.indexes.create())
        await engine.probe()
        async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
            await engine.index(scope, [written := message("The kiln is hot.")])
        await engine.refresh()
        phrases, prefix = parse("kiln")
        async with tenancy.scope(world.pottery.id, SYSTEM, readonly=True) as scope:
            found = await engine.search(scope, Question(phrases, prefix, KINDS, (PUBLIC,), 20))
        assert [hit.id for hit in found.hits] == [written.id]
        await engine.indexes.drop()
        await engine.close()


@pytest.mark.parametrize("entry", ["guildhall:wrong@{at}?ca={ca}", "{at}?api_key=wrong&ca={ca}", "{at}?ca={ca}"])
async def test_who_may_not_in_is_told_how_to_write_the_address(elasticsearch: Node, tmp_path: Path, entry: str) -> None:
    async with hosted(elasticsearch, tmp_path) as (_, at, authority):
        engine = engine_at("https://" + entry.format(at=at, ca=authority))
        with pytest.raises(Unusable, match=r"ELASTICSEARCH_URL should be like .* or .*api_key="):
            await engine.probe()
        await engine.close()


@pytest.mark.parametrize(
    ("hours", "trusted", "reason"), [(-1, True, "certificate has expired"), (1, False, "self-signed certificate")]
)
async def test_a_certificate_that_does_not_hold_is_told_with_the_reason_and_the_setting(
    elasticsearch: Node, tmp_path: Path, hours: float, trusted: bool, reason: str
) -> None:
    async with hosted(elasticsearch, tmp_path, hours) as (_, at, authority):
        engine = engine_at(f"https://{SIGNED}@{at}" + (f"?ca={authority}" if trusted else ""))
        with pytest.raises(ProviderDown, match=rf"not trusted \({reason}\).*ELASTICSEARCH_URL.*\?ca=file"):
            await engine.probe()
        await engine.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://host:9200?ca=/no/such.pem", "ca=, which cannot be used: No such file"),
        ("https://host:9200?ca=" + __file__, "no certificate is in it"),
        ("http://host:9200?ca=/a.pem", "take https"),
        ("https://host:9200?key=x", r"api_key=… or ca=file"),
        ("https://ana:x@host:9200?api_key=x", r"api_key=… or ca=file"),
        ("https://host:9200?nonsense", "cannot be read"),
    ],
)
def test_an_address_that_names_what_is_not_there_is_refused_at_the_start(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=rf"ELASTICSEARCH_URL.*{words}"):
        engine_at(url)


def test_the_setting_takes_such_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", f"https://host:9200?api_key={KEY}&ca=/a.pem")
    assert load_settings().elasticsearch_url.endswith("/a.pem")
    assert KEY not in repr(load_settings())
    monkeypatch.setenv("ELASTICSEARCH_URL", "host:9200")
    with pytest.raises(SettingsFault, match="ELASTICSEARCH_URL is wrong"):
        load_settings()
