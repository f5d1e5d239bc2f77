"""The door to Elasticsearch: one client, its time limits and breaker, and every failure as a sentence with its cure."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from elastic_transport import NodeConfig
from elastic_transport.client_utils import url_to_node_config
from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    ConnectionTimeout,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch import SSLError as TlsFault
from elasticsearch.serializer import OrjsonSerializer

from providers import ProviderDown, ProviderRefused, Unusable, certificates
from providers.breaker import Breaker

SEARCH_SECONDS, WRITE_SECONDS = 2.0, 20.0
REST_SECONDS = 10.0
OLDEST = (7, 17)
NO_INDEX = "Elasticsearch has no search index of this installation. Run `guildhall reindex`."
_DOWN = "Elasticsearch does not answer at ELASTICSEARCH_URL. Check that it runs, and that this machine may reach it."
_SLOW = "Elasticsearch at ELASTICSEARCH_URL did not answer in time. It may be overloaded."
_TLS = "The certificate of Elasticsearch is not trusted ({}). ELASTICSEARCH_URL may name an own authority by ?ca=file."
_FORM = "ELASTICSEARCH_URL should be like https://name:password@host:9200 or https://host:9200?api_key=…"
_AUTH = f"Elasticsearch does not accept the name and password, or the key. {_FORM}."
_RIGHTS = "The user in ELASTICSEARCH_URL may not do this. Give it the rights to manage indexes named after us."
_OTHER = "What answers at ELASTICSEARCH_URL is no Elasticsearch, or one older than 7.17. Use 7.17, 8 or 9."
_READ_ONLY = (
    "Elasticsearch has made the index read-only, mostly because its disk is full. Free some space there, and set "
    "index.blocks.read_only_allow_delete of the index to null."
)


class Door:
    """The client of the Elasticsearch at `url`; nothing is connected before the first call."""

    def __init__(self, url: str) -> None:
        self._node = _node(url)
        self._client: AsyncElasticsearch | None = None
        self._within: dict[float, AsyncElasticsearch] = {}
        self._breaker = Breaker("Elasticsearch", rest=REST_SECONDS)

    @contextmanager
    def call(self, seconds: float = WRITE_SECONDS) -> Iterator[AsyncElasticsearch]:
        """One call with its time limit; ProviderDown when it may succeed later, ProviderRefused when it cannot."""
        with self._breaker.call():
            if self._client is None:
                self._client = AsyncElasticsearch(
                    [self._node], max_retries=0, retry_on_timeout=False, serializer=OrjsonSerializer()
                )
            if seconds not in self._within:
                self._within[seconds] = self._client.options(request_timeout=seconds)
            try:
                yield self._within[seconds]
            except (TransportError, ApiError, UnsupportedProductError) as error:
                raise fault(error) from error

    async def probe(self) -> None:
        """Pass when an Elasticsearch that is new enough answers."""
        with self.call(SEARCH_SECONDS) as client:
            told = await client.info()
        if _version(str(told["version"]["number"])) < OLDEST:
            raise ProviderRefused(_OTHER, "too_old")

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        self._within.clear()
        if client is not None:
            await client.close()


def fault(error: Exception) -> ProviderDown | ProviderRefused:
    """What went wrong, in our words."""
    if isinstance(error, UnsupportedProductError):
        return ProviderRefused(_OTHER, "too_old")
    if isinstance(error, ApiError):
        kind = error.error if isinstance(error.error, str) else ""
        return answered(error.status_code, kind, str(error.message))
    if isinstance(error, TlsFault):
        return ProviderDown(_TLS.format(certificates.trouble(error) or "it cannot be checked"))
    if isinstance(error, SerializationError):
        return ProviderRefused(_OTHER, "not_elasticsearch")
    return ProviderDown(_SLOW if isinstance(error, ConnectionTimeout) else _DOWN)


def answered(status: int, kind: str, reason: str) -> ProviderDown | ProviderRefused:
    """The failure behind the status and the type of an error of Elasticsearch, of a request or of a bulk's item."""
    if "cluster_block" in kind or "cluster_block" in reason or "read-only" in reason:
        return ProviderDown(_READ_ONLY)
    if status == 404:
        return ProviderRefused(NO_INDEX, "no_index")
    if status in {401, 403}:
        return Unusable(_AUTH if status == 401 else _RIGHTS, "elasticsearch_rights")
    if status in {408, 429} or status >= 500:
        return ProviderDown(f"Elasticsearch at ELASTICSEARCH_URL is overloaded or not whole ({kind or status}).", 5)
    return ProviderRefused(f"Elasticsearch refused: {kind or status}: {reason[:300]}", "elasticsearch_refused")


def whole(answer: Any) -> Any:
    """The answer of a search, if every shard gave its part in time; ProviderDown otherwise, for a 200 may hide it."""
    shards = answer.get("_shards", {})
    if answer.get("timed_out") or shards.get("failed"):
        raise ProviderDown(f"Only a part of Elasticsearch answered ({shards.get('failed', 0)} shards failed).", 5)
    return answer


def _node(url: str) -> NodeConfig:
    """The node at the address; ValueError for one that is none, or that names what is not there."""
    try:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        node = url_to_node_config(urlunsplit(parts._replace(query="")), use_default_ports_for_scheme=True)
    except ValueError as wrong:
        raise ValueError(f"ELASTICSEARCH_URL cannot be read ({wrong}). {_FORM}.") from None
    if options.keys() - {"api_key", "ca"} or ("api_key" in options and parts.username):
        raise ValueError(f"{_FORM}; after a question mark, api_key=… or ca=file.")
    if key := options.get("api_key", "").replace(" ", "+"):
        node = node.replace(headers={"authorization": f"ApiKey {key}"})
    return node.replace(ssl_context=_trust(options.get("ca"))) if node.scheme == "https" else _plain(node, options)


def _plain(node: NodeConfig, options: Mapping[str, str]) -> NodeConfig:
    if "ca" in options:
        raise ValueError("ELASTICSEARCH_URL names an authority, but begins with http: take https.")
    return node


def _trust(authority: str | None) -> ssl.SSLContext:
    """The machine's authorities and, if one is named, that too."""
    context = ssl.create_default_context()
    try:
        if authority is not None:
            context.load_verify_locations(authority)
    except OSError as wrong:
        why = "no certificate is in it" if isinstance(wrong, ssl.SSLError) else wrong.strerror
        raise ValueError(f"ELASTICSEARCH_URL names {authority} by ca=, which cannot be used: {why}.") from None
    return context


def _version(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split(".")[:2] if part.isdecimal())
