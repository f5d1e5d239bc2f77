"""Figures of this process alone: its open sockets, and its connections to the database."""

from collections.abc import Iterator
from dataclasses import asdict

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from realtime.server import Wire
from tenants.scope import Tenancy


class ProcessFigures(Collector):
    """`sockets_open`, `wire_…`, `bus_…`, and by `role` how the pools stand: `database_…`."""

    def __init__(self, tenancy: Tenancy, wire: Wire) -> None:
        self._pools = {"app": tenancy.app, "relay": tenancy.relay}
        self._wire = wire

    def collect(self) -> Iterator[Metric]:
        """Read what is there now."""
        yield from self._of_wire()
        yield from self._of_pools()

    def _of_wire(self) -> Iterator[Metric]:
        sio = self._wire.sio
        yield GaugeMetricFamily("sockets_open", "Open sessions of the live wire", len(sio.eio.sockets))
        yield GaugeMetricFamily("wire_connections", "Members connected to the live wire", len(self._wire.connections))
        slow = "Whether sockets stay with aiohttp, which costs memory: its private parts are not as expected"
        yield GaugeMetricFamily("wire_fallback", slow, bool(sio.fallback))
        if (figures := self._wire.bus.figures) is not None:
            told = asdict(figures)
            yield GaugeMetricFamily("bus_waiting", "What Redis has not taken yet", told.pop("waiting"))
            kinds = CounterMetricFamily("bus_events", "What the line between processes has done", labels=("kind",))
            for kind, count in told.items():
                kinds.add_metric((kind,), count)
            yield kinds

    def _of_pools(self) -> Iterator[Metric]:
        role = ("role",)
        in_use = GaugeMetricFamily("database_connections_in_use", "Connections lent now", labels=role)
        most = GaugeMetricFamily("database_connections_most", "The most that may be lent", labels=role)
        waiting = GaugeMetricFamily("database_callers_waiting", "Callers that wait for a connection", labels=role)
        waits = CounterMetricFamily("database_waits", "Times that a connection was waited for", labels=role)
        seconds = CounterMetricFamily("database_wait_seconds", "Seconds waited for connections", labels=role)
        for name, pool in self._pools.items():
            lent = pool.lent
            for family, value in (
                (in_use, lent.in_use), (most, lent.size), (waiting, lent.waiting), (waits, lent.waits),
                (seconds, lent.waited_seconds),
            ):  # fmt: skip
                family.add_metric((name,), value)
        yield from (in_use, most, waiting, waits, seconds)
