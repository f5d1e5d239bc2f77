"""Elasticsearch itself for a measurement, with the indexes of the installation that is measured."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from search.elastic import ElasticSearch
from settings import Settings
from tests.standins.elasticsearch import Node


@contextlib.asynccontextmanager
async def engine_for(settings: Settings) -> AsyncIterator[ElasticSearch]:
    """The engine that these settings name, with an empty index that is searched; let go of when the block ends."""
    engine = ElasticSearch(settings.elasticsearch_url, settings.deployment)
    try:
        await engine.indexes.swap(await engine.indexes.create())
        yield engine
        await engine.indexes.drop()
    finally:
        await engine.close()


@contextlib.contextmanager
def running_engine() -> Iterator[Node]:
    """A node of its own until the block ends; NoEngine where there is no Java or no Maven."""
    with tempfile.TemporaryDirectory(prefix="ge-") as folder:
        node = Node(Path(folder))
        node.start()
        try:
            yield node
        finally:
            node.kill()
